# Everything sets itself up: the first call makes .venv from the locked, hashed requirements.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check format load bench soak overload cluster chaos compiled wheel interpreted lock clean

# What a tick passes is compiled wherever that is possible; `make interpreted` says otherwise, for this checkout.
ENGINE := .venv/engine

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run $(ENGINE) ## Start the service with simulated prices; pass arguments with ARGS="--port 9000 --no-simulation"
	@exec $(BIN)/marketdata serve --simulation $(ARGS)

test: .venv/dev $(ENGINE) ## Run all tests, a file a processor; hand arguments on with ARGS="-k window"
	$(BIN)/pytest -q -n logical --maxprocesses 4 --dist loadfile $(ARGS)

check: .venv/dev ## Check everything that needs no running: format, lint, types, layers, known vulnerabilities
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python requirements/audit.py

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

cluster: .venv/run $(ENGINE) ## Start a cluster on this machine: a Kafka broker, two gateways, three workers (needs Java and Maven)
	@exec $(BIN)/python -m deploy.local_cluster $(ARGS)

chaos: .venv/dev $(ENGINE) ## Kill members and brokers of a cluster 20 times; fail if it answers other bytes than one process
	PYTHONPATH=tests $(BIN)/python -m support.chaos $(ARGS)

compiled: ## Compile the engine, as run and test do by themselves where there is a C compiler
	@rm -f .venv/interpreted; test -e .venv/compiled || rm -f $(ENGINE)
	@$(MAKE) --no-print-directory $(ENGINE)
	@test -e .venv/compiled

wheel: .venv/dev ## Build a wheel with the compiled engine into dist
	MARKETDATA_COMPILED=1 $(BIN)/pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

interpreted: .venv/run ## Run the engine interpreted in this checkout, until `make compiled`
	rm -rf .venv/compiled $(ENGINE) build
	find src -name '*.so' -delete
	touch .venv/interpreted

lock: ## Lock the requirements anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --group build -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --group compile -c requirements/run.txt -o requirements/compile.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --group dev -c requirements/compile.txt -o requirements/dev.txt

clean: ## Remove everything that was made here
	find src -name '*.so' -delete
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

.venv/build: requirements/compile.txt .venv/run
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/compile.txt
	@touch $@

.venv/dev: requirements/dev.txt .venv/run
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# A compiled module shadows its source, so it is built anew whenever a source has changed. Without a compiler, or where it
# fails, the same source runs interpreted.
$(ENGINE): $(shell $(PYTHON) setup.py --engine-sources) setup.py | .venv/run
	@find src -name '*.so' -delete; rm -f .venv/compiled
	@if test -e .venv/interpreted; then \
	  echo "The engine runs interpreted, as \`make interpreted\` said; \`make compiled\` changes that."; \
	elif ! $(BIN)/python setup.py --can-compile; then \
	  echo "The engine runs interpreted, several times slower: there is no C compiler, or Python's headers are missing."; \
	else \
	  $(MAKE) --no-print-directory .venv/build || exit 1; \
	  printf 'Compiling the engine, once, which takes a minute or two '; \
	  MARKETDATA_COMPILED=1 $(BIN)/python setup.py -q build_ext --inplace >.venv/compile.log 2>&1 & pid=$$!; \
	  while kill -0 $$pid 2>/dev/null; do printf .; sleep 1; done; \
	  if wait $$pid; then touch .venv/compiled; echo ' done: the engine runs compiled.'; \
	  else find src -name '*.so' -delete; echo ' failed: the engine runs interpreted. .venv/compile.log says why.'; fi; \
	fi
	@touch $@
