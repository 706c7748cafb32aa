# Two commands do everything: `make run` and `make test`.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
HOME_DIR ?= ./home
RUNS   := $(VENV)/.runs
READY  := $(VENV)/.ready
MUTANTS := .venvs/mutants
DOCS   := .venvs/docs
BROWSER := .venvs/browser
LOCKS  := build run dev mutants
PIP    := -m pip --disable-pip-version-check --quiet
LOCKED := install --require-hashes --no-deps
LOCK   := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url $(UPGRADE)

# The tests start hundreds of processes: without bytecode each of them compiles half a second's worth of modules.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test setup lint types unit test-newest test-pythons test-systemd test-browser bench demo-cluster hunt shifted mutants docs docs-serve lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(RUNS): pyproject.toml requirements/build.txt requirements/run.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "cronledger needs Python 3.11 or later; say which with: make PYTHON=python3.12 run" >&2; exit 2; }
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) $(LOCKED) -r requirements/build.txt
	@$(BIN)/python $(PIP) $(LOCKED) -r requirements/run.txt
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(READY): $(RUNS) requirements/dev.txt
	@$(BIN)/python $(PIP) $(LOCKED) -r requirements/dev.txt
	@touch $@

setup: $(READY) ## set up .venv with everything

run: $(RUNS) ## set up, make a starter home if there is none, start the scheduler and show runs as they happen
	@test -e $(HOME_DIR)/services/scheduler/config.yaml || $(BIN)/cronledger --home $(HOME_DIR) init
	@exec $(BIN)/cronledger --home $(HOME_DIR) serve

# The checks run beside the tests: together they keep both cores busy to the end.
test: $(READY) ## set up and run everything that CI runs
	@$(MAKE) --no-print-directory --jobs=3 lint types unit
	@echo "Not run: the units under a real systemd (make test-systemd)."
	@echo "Not run: the console in a real browser (make test-browser)."

lint: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

# One process more than there are cores: many tests wait, for schedulers, for instants, for a kill.
unit: $(READY)
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal

test-newest: ## run the tests with the newest of everything that the wheel allows, in an environment of its own
	@$(PYTHON) -m tests.environments newest $(TESTS)

test-pythons: ## run the tests on each supported Python that this machine has, each in an environment of its own
	@$(PYTHON) -m tests.environments pythons $(TESTS)

$(BROWSER)/.ready: requirements/browser.txt
	@$(PYTHON) -m venv --clear $(BROWSER)
	@$(BROWSER)/bin/python $(PIP) $(LOCKED) -r requirements/browser.txt
	@touch $@

test-browser: $(READY) $(BROWSER)/.ready ## every page of the console in headless Chromium: pictures, accessibility, keyboard, live
	@$(BROWSER)/bin/python -m tests.browser

test-systemd: $(READY) ## run the units under a real systemd, as the first process of namespaces of its own; needs root
	@$(BIN)/python -m tests.real_systemd $(TESTS)

hunt: $(READY) shifted ## the long hunts: simulation, crashes and kills from many seeds, and shifted dates
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal tests --hunt

shifted: $(READY) ## run the tests on other dates: next month, a leap day, clock changes, a year's end, 2037
	@$(BIN)/python -m tests.shifted_dates $(TESTS)

$(MUTANTS)/.ready: $(LOCKS:%=requirements/%.txt)
	@$(PYTHON) -m venv --clear $(MUTANTS)
	@for part in $(LOCKS); do $(MUTANTS)/bin/python $(PIP) $(LOCKED) -r requirements/$$part.txt || exit 1; done
	@touch $@

mutants: $(MUTANTS)/.ready ## which small changes of the code no test notices: SAMPLE=100 SEED=1 MODULES='eventstore/verify*'
	@nice $(MUTANTS)/bin/python -m tests.mutants $(SAMPLE:%=--sample %) $(SEED:%=--seed %) $(MODULES:%='%')

$(DOCS)/.ready: requirements/docs.txt
	@$(PYTHON) -m venv --clear $(DOCS)
	@$(DOCS)/bin/python $(PIP) $(LOCKED) -r requirements/docs.txt
	@touch $@

docs: $(DOCS)/.ready ## make the site of the documentation in site/; a link that leads nowhere fails it
	@for page in $$(cd docs && ls *.md decisions/*.md); do grep -q -- "- $$page$$" mkdocs.yml || \
		{ echo "mkdocs.yml has no place for docs/$$page" >&2; exit 1; }; done
	@$(DOCS)/bin/zensical build --clean --strict

docs-serve: $(DOCS)/.ready ## show it on http://localhost:8000, made anew with each edit
	@$(DOCS)/bin/zensical serve

bench: $(READY) ## measure against the peers (installs them into an environment of their own)
	@$(BIN)/python -m benchmarks

demo-cluster: $(READY) ## three nodes and a database on this machine, a leader that is killed, and what becomes of it
	@exec $(BIN)/python -m tests.cluster.demo

lock: ## write requirements/ anew from pyproject.toml; `make lock UPGRADE=--upgrade` takes the newest of everything
	@test -x .venvs/lock/bin/uv || { $(PYTHON) -m venv .venvs/lock && .venvs/lock/bin/python $(PIP) install uv; }
	@.venvs/lock/bin/$(LOCK) pyproject.toml --output-file requirements/run.txt
	@.venvs/lock/bin/$(LOCK) pyproject.toml --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
	@.venvs/lock/bin/$(LOCK) --group build --constraint requirements/dev.txt --output-file requirements/build.txt
	@.venvs/lock/bin/$(LOCK) --group mutants --constraint requirements/dev.txt --output-file requirements/mutants.txt
	@.venvs/lock/bin/$(LOCK) --group docs --output-file requirements/docs.txt
	@.venvs/lock/bin/$(LOCK) --group browser --output-file requirements/browser.txt

clean: ## remove the environments and caches, never a home
	@rm -rf $(VENV) .venvs site .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
