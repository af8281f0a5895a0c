"""What people use today, under the faults that our workers are put under, counted against the log in the same way.

`python -m tests.faults.peers` drives stock Faust and Quix Streams and prints what each lost and doubled.
"""
