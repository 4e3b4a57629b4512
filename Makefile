# Everything sets itself up: the first call makes .venv from the locked, hashed requirements.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check format load bench soak overload compiled wheel interpreted lock clean

# Once there is a compiled engine, it is built anew whenever its source has changed: never run a stale one.
ENGINE := $(wildcard .venv/compiled)

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run $(ENGINE) ## Start the service; hand arguments on with ARGS="--port 9000 --no-simulation"
	@exec $(BIN)/marketdata serve $(ARGS)

test: .venv/dev $(ENGINE) ## Run all tests; hand arguments on with ARGS="-k window"
	$(BIN)/pytest -q $(ARGS)

check: .venv/dev ## Check everything that needs no running: format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## Put the code into its format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

load: .venv/dev $(ENGINE) ## Load a service of its own for 30 s with Locust and print ticks a second
	$(BIN)/python loadtests/run.py $(ARGS)

bench: .venv/dev $(ENGINE) ## Measure side by side and print ratios
	$(BIN)/python -m benchmarks $(ARGS)

soak: .venv/dev $(ENGINE) ## Feed a service of its own at full speed for five minutes; fail if a tick is lost or memory grows
	$(BIN)/python -m benchmarks.soak $(ARGS)

overload: .venv/dev $(ENGINE) ## Flood services of their own under every full mode, two minutes each; fail if one loses count or memory grows
	$(BIN)/python -m benchmarks.overload $(ARGS)

compiled: .venv/compiled ## Compile the engine, which makes it several times as fast (needs a C compiler)

wheel: .venv/dev ## Build a wheel with the compiled engine into dist
	MARKETDATA_COMPILED=1 $(BIN)/pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

interpreted: ## Go back to the interpreted engine
	rm -rf .venv/compiled build
	find src -name '*.so' -delete

lock: ## Lock the requirements anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --group build -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --group compile -c requirements/run.txt -o requirements/compile.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --group dev -c requirements/compile.txt -o requirements/dev.txt

clean: interpreted ## Remove everything that was made here
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

# One marker a set of requirements; the larger set holds the smaller one.
.venv/run: requirements/run.txt pyproject.toml | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements/dev.txt .venv/run
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.venv/compiled: $(wildcard src/domain/*.py) $(wildcard src/api/*.py) $(wildcard src/application/commands/*.py) $(wildcard src/infrastructure/*/*.py) setup.py | .venv/dev
	MARKETDATA_COMPILED=1 $(BIN)/python setup.py -q build_ext --inplace
	@touch $@
