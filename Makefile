# `make demo` and `make test` build the environment they need in .venv and then do everything;
# `make test-engines` does so in .venv-engines, which has Ray, Milvus and PostgreSQL too.
# PYTHON picks the interpreter, IMAGES a folder of photos for the demo.

VENV := .venv
ENGINES := .venv-engines
CHECK := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

.PHONY: env demo test test-slow test-engines docs lint bench

env: $(VENV)/.ready

$(VENV)/.ready: EXTRAS := dev
$(ENGINES)/.ready: EXTRAS := dev,engines

$(VENV)/.ready $(ENGINES)/.ready: setup.cfg setup.py pyproject.toml
	@set -eu; \
	for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	    if "$$python" -c "$(CHECK)" >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	    echo "No Python 3.11, 3.12 or 3.13 with venv and ensurepip was found." >&2; \
	    echo "Install one (Debian: apt install python3-venv), or run make PYTHON=/path/to/python3." >&2; \
	    exit 2; \
	fi; \
	echo "Building $(@D) with $$("$$found" --version); this downloads 1 GB once."; \
	"$$found" -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --editable ".[$(EXTRAS)]"
	@touch $@

demo: env
	$(VENV)/bin/keras-hashing demo $(if $(IMAGES),--images "$(IMAGES)")

test: env
	$(VENV)/bin/python -m pytest -n 2

test-slow: env
	$(VENV)/bin/python -m pytest -n 2 -m "slow and not data and not gpu and not engines"

test-engines: $(ENGINES)/.ready
	$(ENGINES)/bin/python -m pytest -m "engines and not slow and not data and not gpu"

# The site lies in site/ then; site/index.html needs no server, its search does.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/python -m mkdocs build --strict

$(VENV)/.docs: $(VENV)/.ready
	$(VENV)/bin/python -m pip install --editable ".[docs]"
	@touch $@

lint: env
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: env
	@set -eu; for file in benchmarks/[a-z]*.py; do \
	    name=$$(basename "$$file" .py); echo "== $$name"; $(VENV)/bin/python -m "benchmarks.$$name"; \
	done
