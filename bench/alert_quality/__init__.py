"""How good the campaigns' alerts are: simulated launches, judged by a real Prometheus on a simulated clock."""
