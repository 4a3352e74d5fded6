# Set-up is part of every target: each works on a fresh machine with Python ≥ 3.11 and make.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
OUT ?= demo
CONSTRAINTS := $(if $(filter true,$(CI)),--constraint constraints.txt)

.PHONY: demo test torture lint docs calibrate claims bench clean
demo: $(VENV)/.user
	$(BIN)/interbrain demo $(OUT)

# Kernels are compiled once, before two processes would compile them twice; a file's tests share what they set up.
test: $(VENV)/.dev lint docs
	$(BIN)/interbrain warmup > /dev/null
	$(BIN)/python -m pytest -n 2 --dist loadfile

torture: $(VENV)/.dev
	$(BIN)/python -m pytest -m torture

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -q -W -b html docs docs/_build/html

calibrate: $(VENV)/.dev
	$(BIN)/python -m calibrate

claims: $(VENV)/.user
	$(BIN)/python -m claims

bench: $(VENV)/.user
	$(BIN)/python -m bench

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "interbrain needs Python 3.11 or newer; none was found on the PATH."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.user: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet $(CONSTRAINTS) --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
