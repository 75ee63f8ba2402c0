# `make demo` and `make test` build the environment they need in .venv and then do everything.
# PYTHON picks the interpreter, IMAGES a folder of photos for the demo.

VENV := .venv
READY := $(VENV)/.ready
CHECK := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

.PHONY: env demo test test-slow lint bench

env: $(READY)

$(READY): setup.cfg setup.py pyproject.toml
	@set -eu; \
	for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	    if "$$python" -c "$(CHECK)" >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	    echo "No Python 3.11, 3.12 or 3.13 with venv and ensurepip was found." >&2; \
	    echo "Install one (Debian: apt install python3-venv), or run make PYTHON=/path/to/python3." >&2; \
	    exit 2; \
	fi; \
	echo "Building $(VENV) with $$("$$found" --version); this downloads about 800 MB once."; \
	"$$found" -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --editable ".[dev]"
	@touch $@

demo: env
	$(VENV)/bin/keras-hashing demo $(if $(IMAGES),--images "$(IMAGES)")

test: env
	$(VENV)/bin/python -m pytest -n 2

test-slow: env
	$(VENV)/bin/python -m pytest -n 2 -m "slow and not data and not gpu"

lint: env
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: env
	@set -eu; for file in benchmarks/[a-z]*.py; do \
	    name=$$(basename "$$file" .py); echo "== $$name"; $(VENV)/bin/python -m "benchmarks.$$name"; \
	done
