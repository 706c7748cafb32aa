# Two commands do everything: `make run` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HOME_DIR ?= ./home
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test setup lint types unit bench hunt clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "cronledger needs Python 3.11 or later; say which with: make PYTHON=python3.12 run" >&2; exit 2; }
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@

setup: $(READY) ## set up .venv with everything

run: $(READY) ## set up, make a starter home if there is none, start the scheduler and show runs as they happen
	@test -e $(HOME_DIR)/services/scheduler/config.yaml || $(BIN)/cronledger --home $(HOME_DIR) init
	@exec $(BIN)/cronledger --home $(HOME_DIR) serve

test: lint types unit ## set up and run everything that CI runs

lint: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy
	@$(BIN)/mypy tests benchmarks

unit: $(READY)
	@$(BIN)/python -m pytest -q -n 2

hunt: $(READY) ## the long hunts: simulation, crashes and kills from many seeds
	@$(BIN)/python -m pytest -q -n 2 tests --hunt

bench: $(READY) ## measure against the peers (installs them into an environment of their own)
	@$(BIN)/python -m benchmarks

clean: ## remove .venv and caches, never a home
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
