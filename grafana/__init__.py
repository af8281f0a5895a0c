"""Grafana: the boards as code (`python -m grafana.build`), what they became, and how Grafana is provisioned."""
