"""KPIs, defined once: plain entries from which the values, the metrics, the rules, the panels and docs/kpis.md come.

A new KPI is one entry in the file of its group (reach.py, engagement.py, sentiment.py, sales.py). A new group is a new
file and one line in registry.py.
"""
