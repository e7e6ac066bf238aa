# Every target makes the environment first and is quick when it exists.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

.PHONY: env demo lab test test-deep tour check bench bench-web bench-wages bench-generations bench-inequality bench-returns docs schema messages lock clean

env: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: env            ## the main job: National Supported Work and a simulated provider
	$(BIN)/rung demo -o demo

lab: env             ## the web lab on this machine, with a simulated provider
	$(BIN)/rung serve

# Each worker has a core; threads of linear algebra would take the other's.
ALONE := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

test: env            ## at most 8 minutes on 2 cores; no root, Java or browser
	$(ALONE) $(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not deep"

test-deep: env       ## also Spark, PostgreSQL, Chromium, kills, calibration at full size
	$(ALONE) $(BIN)/python -m pytest -q -n 2 --dist loadfile -m deep

check: env           ## style, types, the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

tour: env            ## walk the web lab in Chromium and make the pictures of docs/tour.md anew
	TOUR=1 $(BIN)/python -m pytest -q tests/journeys/web/test_tour.py

bench: env           ## speed and memory as ratios; PEOPLE=1000000 for a quick one
	$(BIN)/python -m bench.run --people $(or $(PEOPLE),10000000)

bench-web: env       ## the web lab's pages with 50 people at once, a provider of 100,000
	$(BIN)/python -m bench.web

bench-wages: env     ## the six indicators and the pay cycle beside a scan and a join of 100 million wage rows
	$(BIN)/python -m bench.wages --people $(or $(PEOPLE),10000000)

bench-generations: env ## ranks of 40 million pairs beside a sort of the two columns
	$(BIN)/python -m bench.generations --people $(or $(PEOPLE),40000000)

bench-inequality: env ## every index of ten million incomes, beside a sort of the column
	$(BIN)/python -m bench.inequality --people $(or $(PEOPLE),10000000)

bench-returns: env   ## 1,000 draws of all figures of returns, beside drawing alone
	$(BIN)/python -m bench.returns

docs: env            ## run every example in docs/ and rebuild the generated pages
	$(BIN)/python docs/build.py

schema: env          ## write the JSON Schema of the contract from the types
	$(BIN)/python -m rung.share.contract > schema/rung-1.json

messages: env        ## compile the catalogue of sentences
	$(BIN)/python tests/contract/compile_messages.py

lock:                ## refresh the lock (needs uv); it names no package index
	uv pip compile pyproject.toml --extra demo --extra statfiles --extra web --extra link --extra prices --extra maps --group dev --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	echo 'pyspark>=4.0,<5' | uv pip compile - --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate -q -o requirements-deep.lock

clean:
	rm -rf .venv demo bench/data .mypy_cache .ruff_cache .pytest_cache .hypothesis
