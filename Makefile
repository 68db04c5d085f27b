# Two targets do everything on a machine that has Python 3.11 or newer, make and the internet:
#   make demo   install, and run the main job on the example partnership
#   make test   install, and run lint, types and tests
# Once installed, neither touches the network.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: demo demo-assess demo-share test coverage test-long bench performance sample lint types clean

demo: demo-assess demo-share

# What the example partnership knows, put together.
demo-assess: $(VENV)/.demo
	$(BIN)/riskshare demo

# What three recipients may have of it: a map for a partner, counts for the public, one child's page for the social
# worker who works with that child; each says what was withheld. Then the log of all three.
SHARE = $(BIN)/riskshare share thresholds sample_data/evidence.csv --subjects sample_data/subjects.csv \
	--as-of 2026-03-31 --at 2026-04-01T10:00:00+01:00 --log out/shared/audit.sqlite

demo-share: $(VENV)/.demo
	mkdir -p -m 700 out/shared
	$(SHARE) --to north_police:analyst --audience partnership --purpose violence_reduction --what hotspots \
		--areas sample_data/areas.geojson --population sample_data/population.csv \
		--coverage sample_data/coverage.csv --out out/shared/hotspots.html
	$(SHARE) --to north_police:analyst --purpose publication --out out/shared/counts.html
	$(SHARE) --to childrens_north:social_worker --audience practitioner --purpose safeguarding --subject S-2856 \
		--user U17 --standing sample_data/standing.json --out out/shared/person.html
	$(BIN)/riskshare audit verify out/shared/audit.sqlite

test: $(VENV)/.test lint types
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not long"

# The same tests, and which lines of the library they ran; a third slower.
coverage: $(VENV)/.test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not long" --cov --cov-report=term

test-long: $(VENV)/.test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m long

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

# Ours beside what a user would use instead. RESULTS names a file that also gets every figure.
measure = $(BIN)/python benchmarks/$(1) $(if $(RESULTS),--results $(RESULTS))

bench: $(VENV)/.test
	$(BIN)/uv sync --quiet --frozen --inexact --extra all --extra spark --group bench --python $(BIN)/python
	$(call measure,fusion.py --rows 10000 100000 1000000 10000000)
	$(call measure,linking.py)
	$(call measure,one_subject.py)
	$(call measure,audit.py)
	$(call measure,local_statistics.py)
	$(call measure,density.py)
	$(call measure,clustering.py)
	$(call measure,clustering.py --points 1000000 --square-km 40)
	$(call measure,near_repeat.py --events 500 2000 10000 --alone 100000)
	$(call measure,scan.py --large 10000)
	$(call measure,points_in_areas.py)
	$(call measure,dawid_skene.py)
	$(call measure,out_of_core.py --rows 1000000 10000000)
	$(call measure,spark.py --rows 1000000 10000000)

# The same, and docs/performance.md made of it.
performance: $(VENV)/.test
	rm -f out/bench.jsonl
	$(MAKE) bench RESULTS=out/bench.jsonl
	$(BIN)/python benchmarks/report.py out/bench.jsonl

# Remake the synthetic sample data from its seed.
sample: $(VENV)/.demo
	$(BIN)/python sample_data/make_sample.py

clean:
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

$(VENV)/.uv:
	@test -n "$(PYTHON)" || { echo "riskshare needs Python 3.11 or newer on the path." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	touch $@

$(VENV)/.demo: $(VENV)/.uv pyproject.toml uv.lock
	$(BIN)/uv sync --quiet --frozen --inexact --compile-bytecode --no-dev --extra all --python $(BIN)/python
	touch $@

$(VENV)/.test: $(VENV)/.uv pyproject.toml uv.lock
	$(BIN)/uv sync --quiet --frozen --inexact --compile-bytecode --extra all --python $(BIN)/python
	touch $@
