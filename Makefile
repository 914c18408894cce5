# visavis: `make demo` shows it working, `make test` proves it. Everything lives in .venv and the model cache.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test models lint format types contracts docs pictures bench clean

help:  ## List the targets
	@echo "Usage: make TARGET [PYTHON=python3.12]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: models  ## Match real portraits; prints the answers, writes demo-output/
	@$(BIN)/python examples/demo.py

test: lint types models docs  ## Everything that must hold: style, types, docs, contracts, tests
	@$(BIN)/python -m pytest --cov

lint: $(VENV)/.dev  ## Check style and formatting
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .

format: $(VENV)/.dev  ## Format the code and repair what can be repaired
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

types: $(VENV)/.dev  ## Check types (mypy, strict)
	@$(BIN)/python -m mypy

contracts: $(VENV)/.dev  ## Check which room imports which (the tests do this too)
	@$(BIN)/lint-imports

docs: $(VENV)/.dev  ## Build the site into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build --strict

pictures: $(VENV)/.dev  ## Draw the synthetic people of docs/images/ again
	@$(BIN)/python docs/pictures.py

bench: $(VENV)/.dev models  ## Measure speed against the dlib pipeline, side by side
	@$(BIN)/python benchmarks/peers.py

clean:  ## Remove everything that make made here; the model cache stays
	rm -rf $(VENV) site demo-output dist htmlcov .coverage
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# Fetches, verifies and converts what is missing; costs a moment when nothing is.
models: $(VENV)/.demo
	@$(BIN)/visavis models pull

# One stamp per set of packages: a changed pyproject.toml installs again, an unchanged one costs nothing.
$(VENV)/.demo: pyproject.toml | $(VENV)/.made
	@echo "Installing visavis into $(VENV) ..."
	@$(PIP) install --editable ".[demo]"
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	@echo "Installing what the tests need, a minute or two ..."
	@$(PIP) install --editable ".[dev]"
	@touch $@

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "visavis needs Python 3.11 or newer, and '$(PYTHON)' was not found; name yours: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "visavis needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@
