# Two commands do everything on a fresh machine with Python >= 3.11, pip and make:
#   make run    the dashboard on your own data (make demo: a look at generated data)
#   make test   every test
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
DEV := $(VENV)/.dev
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=
# The agents that the end-to-end tests drive; where they are missing those tests are skipped, with that reason.
AGENTS := @anthropic-ai/claude-code@2.1.330 opencode-ai@1.18.33 @openai/codex@0.169.0 @modelcontextprotocol/inspector@0.22.0
NEWER := @anthropic-ai/claude-code@2.1.332 @openai/codex@0.171.0
# Several folders, each a set of versions: every end-to-end test runs once for each, and its id says which.
export PF_TUI_CLIENTS ?= $(CURDIR)/.clients/node_modules/.bin:$(CURDIR)/.clients/newer/node_modules/.bin
# What builds the checkout itself; pinned with hashes like what runs, so that nothing unpinned is fetched for it.
BUILD := "hatchling>=1.27" "pyyaml>=6.0.2" "editables>=0.5"

.PHONY: run demo test load check lint types imports dependencies bench cells clients pictures recording docs build requirements clean

run: $(RUNS) ## the dashboard on your own data
	$(BIN)/pf-tui $(ARGS)

demo: $(RUNS) ## the dashboard on generated data that lives
	$(BIN)/pf-tui --demo $(ARGS)

test: $(DEV) ## every test; ARGS="-k name" narrows
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

load: $(DEV) ## every test while two busy loops run on each processor
	$(BIN)/python -m tests.load $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

check: lint types imports dependencies ## what CI checks beside the tests

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

imports: $(DEV)
	$(BIN)/lint-imports

dependencies: $(DEV) ## declared = imported
	$(BIN)/python -m tests.dependencies

bench: $(DEV) ## timings against a baseline in the same run
	$(BIN)/python -m tests.bench $(ARGS)

cells: $(DEV) ## each agent's protocol on each provider, at strict stand-ins
	$(BIN)/python -m tests.cells

clients: ## the real agents from npm into .clients/, for the end-to-end tests
	npm install --prefix .clients --no-audit --no-fund --no-package-lock --loglevel error $(AGENTS)
	npm install --prefix .clients/newer --no-audit --no-fund --no-package-lock --loglevel error $(NEWER)

pictures: $(DEV) ## draw the screenshots and the recording of docs/ anew
	$(BIN)/python -m docs.pictures $(ARGS)

recording: $(DEV) ## three real agents (make clients), one hits its limit, moves and returns: docs/pictures/*.cast
	$(BIN)/python -m tests.e2e.three_agents docs/pictures/three-agents.cast

docs: $(DEV) ## rewrite the generated reference pages
	$(BIN)/python -m docs.generate

build: $(DEV) ## wheel and sdist into dist/
	$(BIN)/python -m build --no-isolation

requirements: ## pin what runs with hashes anew, after pyproject.toml or constraints.txt changed (needs uv)
	printf '%s\n' $(BUILD) | uv pip compile pyproject.toml - --constraint constraints.txt --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --output-file requirements.txt

clean:
	rm -rf $(VENV) .clients dist build

# What runs, each file checked against its hash, then the checkout without dependencies. The list is complete, so
# nothing is resolved, and Python compiles what it imports. The pip of the list comes first: the one that many
# machines bring (23) needs twice as long to look through an index.
$(RUNS): pyproject.toml requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what pf-tui runs on into $(VENV) (once)"
	sed -n '/^pip==/,/[^\\]$$/p' requirements.txt > $(VENV)/pip.txt
	$(PIP) install --quiet --no-compile --no-deps --require-hashes --requirement $(VENV)/pip.txt
	$(PIP) install --no-compile --no-deps --require-hashes --requirement requirements.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	touch $(RUNS)

# The tools for tests, types and lint.
$(DEV): $(RUNS) constraints.txt
	@echo "installing the tools for tests and checks into $(VENV) (once)"
	$(PIP) install --quiet --constraint constraints.txt --group dev
	touch $(DEV)
