# Every command a person needs; each sets up what it stands on.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
UV := $(VENV)/uv/bin/uv

.DEFAULT_GOAL := help

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

setup: $(VENV)/ready  ## virtual environment with the locked packages

# uv installs the locked packages several times faster than pip and checks the same hashes.
$(VENV)/ready: requirements-dev.txt setup.cfg
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "Kopeck needs Python 3.11 or newer: make setup PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PYTHON) -m venv $(VENV)/uv
	$(VENV)/uv/bin/python -m pip install -q --disable-pip-version-check 'uv>=0.9'
	VIRTUAL_ENV=$(abspath $(VENV)) $(UV) pip install -q --require-hashes -r requirements-dev.txt
	VIRTUAL_ENV=$(abspath $(VENV)) $(UV) pip install -q --no-deps -e .
	touch $@

run: setup  ## a seeded demo marketplace, served
	$(BIN)/kopeck demo

test: setup  ## all tests
	$(BIN)/python -m pytest

lint: setup  ## style, types, the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup  ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## print the table of speeds (minutes; by hand)
	$(BIN)/python -m bench

SEEDS ?= 100
FIRST ?= 1
simulate: setup  ## payouts by chance, with faults: SEEDS=1000 FIRST=1 make simulate (--help: ARGS=--help)
	$(BIN)/python tests/simulation/simulate.py --seeds $(SEEDS) --first $(FIRST) $(ARGS)

LOCK := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links
lock: setup  ## lock the packages named in requirements*.in
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -c requirements.txt -o requirements-dev.txt

clean:  ## remove what setup and the tools made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

.PHONY: help setup run test lint format bench simulate lock clean
