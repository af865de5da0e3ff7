# Fresh machine to running server or tests: only Python 3.11+, make and the registries are needed.
PYTHON ?= python3
PORT ?= 8080
# Tests wait more than they work, so a few more than there are cores are worth it. Files go in their
# own order: by their number of tests, those that take longest would come last.
WORKERS ?= 4
# Hundreds of processes are started, and each would compile every source again.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: serve test check bench bench-check soak clean

serve: $(STAMP)
	@$(BIN)/toolyard serve calculator --port $(PORT) --new-token

test: $(STAMP)
	@$(BIN)/python tests/support/install.py
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(BIN)/python -m pytest -q tests/test_architecture.py

soak: $(STAMP)
	@$(BIN)/python -m pytest -q -s soak

# SAVE=1 keeps the run as the one that docs/performance.md shows and bench-check compares with.
bench: $(STAMP)
	@$(BIN)/python -m benchmarks $(if $(SAVE),--save) $(BENCH)

bench-check: $(STAMP)
	@$(BIN)/python -m benchmarks --check

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "toolyard needs Python 3.11 or newer: make PYTHON=python3.12")'
	@echo "Setting up .venv (once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --editable ".[all,dbos]" --group test --group check
	@touch $@

clean:
	rm -rf .venv .tools .pytest_cache .ruff_cache .hypothesis
