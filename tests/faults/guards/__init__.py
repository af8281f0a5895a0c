"""The harness is tested itself: each guard of the service is switched off in turn, and the loss must be found.

`python -m tests.faults.guards` runs every case and prints which guard was caught by what.
"""
