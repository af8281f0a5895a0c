"""`make bench`: this service beside what people use today, on real parts. `python -m bench --help` lists its ways.

Never a timed test: what CI checks are the bench's own rules (tests/bench). The figures are kept in
docs/figures/benchmarks.json and told in docs/benchmarks.md.
"""
