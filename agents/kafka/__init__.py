"""The Faust extension: every private name of faust-streaming and aiokafka that Launchpulse uses lives in this folder.

The version is pinned (faust-streaming 0.15.3); `tests/contract/test_faust_contract.py` fails by name when one of
those names changes.
"""
