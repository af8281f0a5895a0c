"""Grafana: the boards as code (`python -m grafana.build`), what they became, and how Grafana is provisioned."""

import warnings

# The SDK recommends the second form of boards, which Grafana's file provisioning does not read everywhere yet.
warnings.filterwarnings("ignore", message="Prefer using dashboardv2", category=DeprecationWarning)
