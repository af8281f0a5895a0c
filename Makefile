# Everything a person or CI types; `make` alone lists it. ARGS is passed on: make demo ARGS="--seconds 30"
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo launch-room test check faults drill bench sentiment alert-quality secrets docs lock clean runtime dev

# Any Python 3 can set up; it looks for 3.11-3.13 itself.
SETUP_PYTHON := $(shell command -v python3 || command -v python3.13 || command -v python3.12 || command -v python3.11 || command -v python)
PYTHON := .venv/bin/python
ARGS ?=

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

runtime: ## Make or repair .venv with what the service needs
	@test -n "$(SETUP_PYTHON)" || { echo "setup: needs Python 3.11, 3.12 or 3.13 on the path; on Debian or Ubuntu type: apt-get install python3 python3-venv" >&2; exit 1; }
	@"$(SETUP_PYTHON)" deploy/setup_env.py runtime

dev: ## The same, with the tools for tests and checks
	@test -n "$(SETUP_PYTHON)" || { echo "setup: needs Python 3.11, 3.12 or 3.13 on the path; on Debian or Ubuntu type: apt-get install python3 python3-venv" >&2; exit 1; }
	@"$(SETUP_PYTHON)" deploy/setup_env.py dev

demo: runtime ## A simulated launch with its live KPIs in the terminal (ARGS="--seconds 30" ends by itself)
	@exec $(PYTHON) -m agents.cli.main demo $(ARGS)

launch-room: runtime ## The demo with Prometheus and Alertmanager beside it, and Grafana where it is installed
	@exec $(PYTHON) -m agents.cli.main demo --room $(ARGS)

test: dev ## All tests, with a real Kafka and a real Redis (ARGS="tests/unit -k late")
	$(PYTHON) -m tests.support.install
	$(PYTHON) -m pytest $(ARGS)

check: dev ## Style, types, import rules, generated files, alert rules
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) deploy/generate.py --check
	sh deploy/check_rules.sh

faults: dev ## Faults under load on real parts, and the recount: docs/reliability.md (ARGS=--short, ARGS=--resume, ARGS="--form power --seed 105")
	$(PYTHON) -m tests.support.install
	$(PYTHON) -m tests.faults $(ARGS)

drill: dev ## A quarter of an hour: an engagement drop and a killed worker, live, and who is told of them (docs/alerts.md)
	$(PYTHON) -m tests.support.install
	$(PYTHON) -m tests.drill

bench: dev ## Throughput beside its peers, latency, memory, recovery, scaling (ARGS=--quick, ARGS="latency")
	$(PYTHON) -m tests.support.install
	$(PYTHON) -m bench $(ARGS)

sentiment: dev ## How well the lexicon reads labelled posts, beside others: docs/sentiment.md (ARGS=--without-peers)
	$(PYTHON) -m bench.sentiment $(ARGS)

alert-quality: dev ## How often alerts are false, and how soon drops are told: docs/alerts.md (ARGS=--short, ARGS="--launches 50")
	$(PYTHON) -m bench.alert_quality $(ARGS)

secrets: ## Make the secret files that docker-compose.yml reads
	@sh deploy/make_secrets.sh

docs: dev ## Write all generated files anew
	$(PYTHON) deploy/generate.py

lock: dev ## Write requirements/*.txt anew from pyproject.toml
	sh deploy/lock.sh

clean: ## Remove what is not in the repository, but keep downloaded parts
	rm -rf .venv .venv-peers .faults build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
