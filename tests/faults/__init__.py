"""Real workers on a real Kafka and Redis, faults, and an independent recount that must agree to the event.

`python -m tests.faults` is the long plan, `--short` one run of a minute or two. `forms.py` says which faults each run
has, `kinds.py` what each fault does, `run.py` what a run is, `verdict.py` what is compared, `watcher.py` what stands
still. `Deployment` (deployment.py) is also what the tests of exactness in tests/kafka are made of.
"""
