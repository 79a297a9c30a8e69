# `make demo` and `make test` do all the set-up on a machine with Python 3.11 and a C/C++ compiler.
# What is installed lives in .venv; the stamps in it make a second run quick.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --constraint constraints.txt
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

.PHONY: demo test lint train bench clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	@$(BIN)/python examples/demo.py
	@$(BIN)/python examples/twelve_lines.py

test: lint debian-packages
	$(BIN)/python -m pytest -rs

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/mypy

# Some hours on two cores; what it reads is described in models/training.
train: $(VENV)/installed-dev
	$(BIN)/python -m scrubjay.models.training train
	$(BIN)/python -m scrubjay.models.training export

bench: $(VENV)/installed-dev
	for benchmark in benchmarks/*.py; do $(BIN)/python $$benchmark || exit 1; done

# What some tests need and pip does not bring. Where it may not be installed, pytest says what was skipped.
.PHONY: debian-packages
debian-packages:
	@missing=$$(sed 's/#.*//' tests/debian-packages.txt | while read -r package brings; do \
		[ -z "$$package" ] || command -v $$brings >/dev/null || ls $$brings >/dev/null 2>&1 || \
		echo "$$package"; done); \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing >/dev/null || \
		echo "Not installed: $$missing"; \
	fi

$(VENV)/created:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed (PYTHON=/path/to/python make ...)." >&2; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@mkdir -p $(VENV)/typing && ln -sfn ../.. $(VENV)/typing/scrubjay  # see [tool.mypy] in pyproject.toml
	@touch $@

$(VENV)/llama: $(VENV)/created models/build_llama.sh models/llama_build.cmake models/q4_rows.cpp
	@models/build_llama.sh $(BIN)/python
	@touch $@

$(VENV)/installed: $(VENV)/llama pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) --editable '.[dev,train]'  # train: the tests of training need torch
	@$(BIN)/python tests/vocabularies.py >/dev/null  # real vocabularies and chat templates, from llama.cpp's sources
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
