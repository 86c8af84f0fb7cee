# `make test` and `make demo` do all their own set-up: they need Python 3.11 or newer, and make (GNU make 3.81 is enough).
SHELL := /bin/sh
VENV := .venv
DEMO_VENV := .cache/demo-venv
WHEELS := .cache/wheels
LOCKS := requirements/runtime.txt requirements/build.txt

.PHONY: help test demo setup format lock docs bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

test: $(VENV)/.ready ## everything: format, lint, types, import contracts, docs, tests with coverage
	@scripts/setup-servers.sh
	@scripts/check.sh

demo: $(DEMO_VENV)/.ready ## the gate on real images: one passes, one fails, one cannot be judged
	@$(DEMO_VENV)/bin/python -I examples/demo/run.py

setup: $(VENV)/.ready ## the development environment in .venv
	@scripts/setup-servers.sh

$(VENV)/.ready: requirements/dev.txt pyproject.toml scripts/setup-venv.sh
	@echo "Setting up $(VENV) (once; from the lock file, with hashes) …"
	@scripts/setup-venv.sh $(VENV) $(WHEELS) requirements/dev.txt
	@touch $@

$(DEMO_VENV)/.ready: $(LOCKS) pyproject.toml scripts/setup-venv.sh
	@echo "Setting up $(DEMO_VENV) (once; from the lock file, with hashes) …"
	@mkdir -p .cache
	@scripts/setup-venv.sh $(DEMO_VENV) $(WHEELS) $(LOCKS)
	@touch $@

format: $(VENV)/.ready ## format the code and repair what the linter can repair
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

docs: $(VENV)/.ready ## write what is generated again: docs/reasons/, docs/commands.md, the rule file schema
	@$(VENV)/bin/python scripts/reasons.py
	@$(VENV)/bin/python scripts/commands.py
	@$(VENV)/bin/python scripts/packs.py
	@$(VENV)/bin/gate rules schema > docs/rule-file.schema.json.new && mv docs/rule-file.schema.json.new docs/rule-file.schema.json

lock: ## write requirements/*.txt again from pyproject.toml (needs uv)
	@scripts/lock.sh

bench: $(VENV)/.ready ## measure start-up, a registry check and a large report
	@set -e; for file in bench/*.py; do echo "== $$file"; $(VENV)/bin/python $$file; done

clean: ## remove everything that was made here
	rm -rf $(VENV) .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
