# Every target runs on a machine with Python 3.11+, make and git (conformance also needs npm).
PYTHON ?= python3
BIN := .venv/bin
SOURCES := fhir_server mappings extensions profiles scripts benchmarks tests

.PHONY: help install demo test test-long check format conformance docs bench bench-full bench-legal lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.venv/%: requirements/%.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q fhir_server mappings extensions profiles
	@touch $@

install: .venv/dev ## Create .venv with everything, from the lock

demo: .venv/embedded .venv/legal .cache/fhirclient ## Install, start, load real envelopes, print a citizen's book, a login, an app
	$(BIN)/fhir-server demo

test: .venv/dev .cache/json-patch-tests .cache/fhirclient ## The whole suite, against the embedded MongoDB
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

test-long: .venv/dev .cache/json-patch-tests .cache/fhirclient ## The long form too
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "long or not long"

check: .venv/dev ## Format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

conformance: .venv/dev .cache/r4-examples ## All official R4 examples put and read back; every search parameter
	$(BIN)/python scripts/conformance.py .cache/r4-examples/package
	$(BIN)/pytest -m conformance tests/conformance

docs: .venv/dev .cache/r4-examples ## Write the pages that say what a run gives
	$(BIN)/python -m tests.conformance.search_page
	$(BIN)/python -m tests.conformance.smart_page
	$(BIN)/python -m tests.security.page

# Without npm the tests that need it are skipped by name.
.cache/json-patch-tests:
	@command -v npm >/dev/null && scripts/fetch-json-patch-tests $@ || echo "npm brought nothing: json-patch-test-suite is skipped"

.cache/r4-examples:
	scripts/fetch-examples $@

.cache/fhirclient:
	@command -v npm >/dev/null && scripts/fetch-fhirclient $@ || echo "npm brought nothing: the sample app is not served, its test is skipped"

bench: .venv/dev ## Measure against floors in the same run, and tell what changed since the baseline; 3 minutes
	$(BIN)/python -m benchmarks

bench-full: .venv/dev ## Every workload at every level, the targets by name; 25 minutes on a quiet machine
	$(BIN)/python -m benchmarks full

bench-legal: .venv/dev ## Applications and checks of certificates at a fixed rate, beside the bare signature check
	$(BIN)/python -m benchmarks.legal

lock: ## Rewrite the lock files (needs uv)
	scripts/lock

clean: ## Remove what the targets made
	rm -rf .venv .data .cache .mypy_cache .ruff_cache .import_linter_cache
