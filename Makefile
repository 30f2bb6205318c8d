# Everything runs in .venv, which is made once; `make clean` throws it away.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Modules are compiled when they are first imported; most of what TensorFlow brings never is.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --prefer-binary --no-compile
# uv takes a sixth of pip's time; pip stands in where uv, or a package by it, cannot be had.
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python $(WHAT) || $(PIP) $(WHAT)

export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help demo test check docs notebooks matrix bench format clean

help:
	@echo "make demo    installs into .venv and finds a lottery ticket on the digits data"
	@echo "make test    installs into .venv and runs formatter, linter, type checker and tests"
	@echo "make check   the same without the tests"
	@echo "make docs    builds the site into docs/_build/html"
	@echo "make notebooks  runs the notebooks whose code has changed, and keeps what they show"
	@echo "make matrix  runs the fast tests under many versions of TensorFlow, Keras and Python"
	@echo "make bench   lists the benchmarks; make bench NAME=lottery_ticket runs one"
	@echo "make format  formats the code"
	@echo "make clean   removes .venv, .matrix and what the tools left behind"

demo: $(VENV)/.installed
	$(BIN)/python -m tfticket demo

# LONG=1 runs the tests that are marked long too.
test: check
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(if $(LONG),--long)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(VENV)/.installed-docs
	$(BIN)/python docs/build.py

# NAMES=03_gradual_pruning runs that one whatever has changed, ALL=1 runs all.
notebooks: $(VENV)/.installed-dev
	$(BIN)/python docs/run_notebooks.py $(NAMES) $(if $(ALL),--all)

# ROWS="--row colab" runs one row; see benchmarks/versions/README.md.
matrix: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/versions/run.py $(ROWS)

# NAME=structured/latency ARGS="--rounds 50" runs another script of a benchmark, with arguments.
bench: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks $(if $(NAME),run $(NAME) $(ARGS),list)

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .matrix docs/_build build dist *.egg-info .pytest_cache .ruff_cache .hypothesis

# The stamp files remember what is installed, so that a second run installs nothing.
$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	-@$(PIP) uv
	@touch $@

$(VENV)/.installed: WHAT := --editable ".[cli,config,plots,report,export]"
$(VENV)/.installed: $(VENV)/.created setup.py
	@echo "Installing tfticket and TensorFlow into $(VENV); this takes a minute or two."
	$(INSTALL)
	@touch $@

$(VENV)/.installed-dev: WHAT := --editable ".[dev]"
$(VENV)/.installed-dev: $(VENV)/.created setup.py
	@echo "Installing tfticket and its tools into $(VENV); this takes a minute or two."
	$(INSTALL)
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: WHAT := --editable ".[docs]"
$(VENV)/.installed-docs: $(VENV)/.installed-dev
	$(INSTALL)
	@touch $@
