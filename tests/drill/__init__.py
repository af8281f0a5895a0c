"""The alerts' drill: a simulated launch on real parts, an engagement drop or a killed worker, and what people are told.

`python -m tests.drill` is the long form, with everything as committed; test_drill.py is the short one.
"""
