# Two commands set up everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SET_UP := $(VENV)/.set-up

.PHONY: demo test types all-tests test-real build docs verify lectures nightly matrix benchmark system clean

# A minute or two of grading; ALL=1 grades classes of ten in all labs.
demo: $(SET_UP)
	$(BIN)/autograder demo --output demo $(if $(ALL),--all)

# mypy keeps one core busy for half a minute, so the tests run beside it.
test: $(SET_UP) system
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(MAKE) --no-print-directory -j 2 types all-tests

types: $(SET_UP)
	$(BIN)/mypy

# Three processes for two cores: many tests wait for a clock or for other processes.
all-tests: $(SET_UP)
	$(BIN)/python -m pytest -n 3 --dist worksteal --durations 40

# What differs on the real data sets, for those who have them: COURSEKIT_MIRROR says where they lie.
test-real: $(SET_UP)
	@[ -n "$$COURSEKIT_MIRROR" ] || { echo "set COURSEKIT_MIRROR to the folder or address that holds the data sets, laid out as <data set>/<file>"; exit 2; }
	$(BIN)/python -m pytest -n 2 --dist worksteal --durations 20 -m real_data

build: $(SET_UP)
	$(BIN)/autograder build

# docs/cli.md, from the commands themselves.
docs: $(SET_UP)
	$(BIN)/python -m autograder.cli.reference > docs/cli.md

# Every lab with every known answer. What did not change since the last time is not run again; rm -r .verified draws anew.
verify: $(SET_UP)
	$(BIN)/autograder verify --kept .verified

# Every lecture from top to bottom at its full budget: seconds and size of each, and what went wrong.
lectures: $(SET_UP)
	$(BIN)/autograder run-lectures

# Everything at full effort: both budgets on drawn data, and on the real data where they can be had. Hostile twins of answers do the
# same on every kind of data.
nightly: $(SET_UP)
	$(BIN)/autograder verify --data drawn --mutants
	$(BIN)/autograder verify --data drawn --full --twins none
	$(BIN)/autograder verify --twins none
	$(BIN)/autograder verify --full --twins none
	EVERY_STUDENT=1 $(BIN)/python -m pytest tests/labs tests/browser tests/attacks tests/foreign tests/coursekit/test_backbones.py tests/autograder/grading tests/autograder/gradescope

# The course with every supported set of versions (tests/matrix/sets.toml), each in an environment of its own, as one table in
# docs/platforms.md. SETS="oldest colab" and LABS="lab02_mlp" choose; `$(BIN)/python -m tests.matrix --help` names the rest.
matrix: $(SET_UP)
	$(BIN)/python -m tests.matrix $(SETS) $(LABS:%=--lab %) --write docs/platforms.md

benchmark: $(SET_UP)
	$(BIN)/python -m tests.benchmarks.loading
	$(BIN)/python -m tests.benchmarks.training
	$(BIN)/python -m tests.benchmarks.regression
	$(BIN)/python -m tests.benchmarks.grading
	$(BIN)/python -m tests.benchmarks.stock
	$(BIN)/python -m tests.benchmarks.playground
	$(BIN)/python -m tests.benchmarks.student

# Made again whenever the declared or pinned versions change. pip reads registries from its own settings.
$(SET_UP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 10) <= v <= (3, 13) or sys.exit(f"Python 3.10 to 3.13 is needed, {sys.executable} is {v[0]}.{v[1]}; choose another with make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
	-$(BIN)/python -m compileall -q -q -j 0 $(VENV)/lib # on all cores; pip compiles on one
	touch $@

# Debian packages for the tests with a browser and with a database server, where this user may install them; elsewhere those tests
# skip and say why.
system:
	@missing=; command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing=chromium; \
	command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  apt-get update -qq >/dev/null 2>&1; \
	  for package in $$missing; do \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$package >/dev/null 2>&1 \
	      || echo "$$package could not be installed: the tests that need it will skip"; done; \
	elif [ -n "$$missing" ]; then echo "not installed: $$missing; the tests that need them will skip"; fi

clean:
	rm -rf $(VENV) .matrix demo build dist
