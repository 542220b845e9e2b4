PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help

.PHONY: help setup demo test test-long chaos check bench generate lock clean

help:  ## List the tasks
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

$(VENV)/ready: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Relance needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(VENV)/ready  ## Create .venv with everything, local stack included

demo: setup  ## Play recorded shop sessions through the whole system, with a live table
	$(BIN)/relance demo

test: setup check  ## Run every check, and every test but the long ones, on the real parts
	$(BIN)/python -m pytest

test-long: setup  ## Run the tests that take minutes
	$(BIN)/python -m pytest -m long

chaos: setup  ## Let 20 seeds of things go wrong for 90 s each, and print what became of it (two hours; nothing else should run)
	$(BIN)/python -m tests.chaos table --seeds 1-20 --seconds 90

check: setup  ## Run the static checks alone: format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

generate: setup  ## Write what is derived: JSON Schemas, and the tables of the README
	$(BIN)/python -m schemas.publish
	$(BIN)/python -m tests.contracts.readme

bench: setup  ## Measure everything, and hold it against what is required (half an hour; nothing else should run)
	$(BIN)/python -m tests.benchmarks all

lock: setup  ## Write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--all-extras --output-file requirements.lock pyproject.toml

clean:  ## Remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info build dist
