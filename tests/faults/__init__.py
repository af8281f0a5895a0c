"""Real workers on a real Kafka and Redis, faults, and an independent recount that must agree to the event.

`python -m tests.faults --short` runs a few random faults and prints what each cost and what was lost or doubled.
"""
