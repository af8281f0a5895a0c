"""The contenders: each a program of its own that reads the log, counts, and writes what it counted and how fast.

Those that are not this service import nothing of it: they run in `.venv-peers`, as scripts.
"""
