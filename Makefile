# Two commands do everything on a fresh machine with Python >= 3.11, pip and make:
#   make run    the dashboard on your own data (make demo: a look at generated data)
#   make test   every test
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=

.PHONY: run demo test check lint types imports bench e2e pictures docs build clean

run: $(STAMP) ## the dashboard on your own data
	$(BIN)/pf-tui $(ARGS)

demo: $(STAMP) ## the dashboard on generated data that lives
	$(BIN)/pf-tui --demo $(ARGS)

test: $(STAMP) ## every test; ARGS="-k name" narrows
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

check: lint types imports ## what CI checks beside the tests

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

bench: $(STAMP) ## timings against a baseline in the same run
	$(BIN)/python -m tests.bench $(ARGS)

docs: $(STAMP) ## rewrite the generated reference pages
	$(BIN)/python -m docs.generate

build: $(STAMP) ## wheel and sdist into dist/
	$(BIN)/python -m build --no-isolation

clean:
	rm -rf $(VENV) dist build

# The virtual environment, made anew when what it must hold changes.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade "pip>=25.1"
	$(PIP) install --quiet --constraint constraints.txt --editable . --group dev
	touch $(STAMP)
