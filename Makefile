# Two commands do everything on a fresh machine with Python >= 3.11, pip and make:
#   make run    the dashboard on your own data (make demo: a look at generated data)
#   make test   every test
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=
# The agents that the end-to-end tests drive; where they are missing those tests are skipped, with that reason.
AGENTS := @anthropic-ai/claude-code@2.1.330 opencode-ai@1.18.33 @openai/codex@0.169.0 @modelcontextprotocol/inspector@0.22.0
export PF_TUI_CLIENTS ?= $(CURDIR)/.clients/node_modules/.bin

.PHONY: run demo test check lint types imports bench clients pictures docs build clean

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

clients: ## the real agents from npm into .clients/, for the end-to-end tests
	npm install --prefix .clients --no-audit --no-fund --loglevel error $(AGENTS)

pictures: $(STAMP) ## draw the screenshots and the recording of docs/ anew
	$(BIN)/python -m docs.pictures $(ARGS)

docs: $(STAMP) ## rewrite the generated reference pages
	$(BIN)/python -m docs.generate

build: $(STAMP) ## wheel and sdist into dist/
	$(BIN)/python -m build --no-isolation

clean:
	rm -rf $(VENV) .clients dist build

# The virtual environment, made anew when what it must hold changes.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade "pip>=25.1"
	$(PIP) install --quiet --constraint constraints.txt --editable . --group dev
	touch $(STAMP)
