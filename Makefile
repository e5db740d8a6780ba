PYTHON ?= python3
BIN := .venv/bin
# Another PYTHON, or other dependencies, mean a new environment.
ENVIRONMENT := .venv/.made-with-$(subst /,-,$(PYTHON))
# The packages this one stands in for, each in a folder of its own.
ORIGINALS := $(addprefix .venv/originals/,1.1.0 0.10.0)
EVENTS := 10000
SEED := 1
RUST := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

export VIRTUAL_ENV := $(CURDIR)/.venv
unexport CONDA_PREFIX PYTHONHOME PYTHONPATH

need = { $(1); } >/dev/null 2>&1 || { echo "missing: $(2)" >&2; exit 1; }

.PHONY: help demo test lint format differential bench bench-quick wheel wheel-check clean build originals tools

help: ## list the targets; PYTHON=python3.12 picks an interpreter
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

demo: build ## known programs and real data through the tracker into a local collector
	@$(BIN)/python -m demo

test: lint originals ## the whole suite: formatting, lint, types, Rust tests, Python tests
	cargo test --no-default-features
	$(BIN)/python -m pytest

lint: build ## formatting, lint and types only
	@$(call need,cargo fmt --version && cargo clippy --version,rustfmt or clippy. Get them: rustup component add rustfmt clippy)
	cargo fmt --check
	cargo clippy --all-targets -- --deny warnings
	cargo clippy --all-targets --no-default-features -- --deny warnings
	cargo clippy --features abi3 -- --deny warnings
	$(BIN)/ruff check && $(BIN)/ruff format --check
	$(BIN)/mypy --strict
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python -m mypy.stubtest --ignore-disjoint-bases snowplow_tracker._native

format: $(ENVIRONMENT) ## rewrite the sources as the formatters want them
	cargo fmt
	$(BIN)/ruff check --fix && $(BIN)/ruff format

differential: build originals ## generated programs on the originals and on this package: SEED=1, EVENTS=10000
	$(BIN)/python -m tests.differential.campaign --events $(EVENTS) --seed $(SEED)

bench: build originals .venv/peers ## tables, JSON and plot against the originals, orjson + pybase64 and json; ABI3=FOLDER adds an abi3 build
	$(BIN)/python -m benches --output benches/results $(if $(ABI3),--abi3 $(ABI3))

bench-quick: build originals .venv/peers ## the same within a minute
	$(BIN)/python -m benches --quick --output target/bench-quick $(if $(ABI3),--abi3 $(ABI3))

wheel: $(ENVIRONMENT) ## one wheel for every CPython from 3.10 on, in dist
	rm -rf dist
	$(BIN)/maturin build --release --features abi3 --out dist

wheel-check: wheel ## that wheel installed without Rust on each CPython from 3.10 to 3.13 found
	$(BIN)/python tests/package/check_wheel.py dist/*-abi3-*.whl

clean: ## remove all that was built, the virtual environment too
	rm -rf .venv target dist demo/output .*_cache .hypothesis python/snowplow_tracker/*.so

build: $(ENVIRONMENT)
	$(BIN)/maturin develop --release --extras celery,collector,redis

.venv/peers: benches/requirements.txt $(ENVIRONMENT)
	$(BIN)/python -m pip install --quiet --upgrade --target $@ --requirement $<
	@touch $@

originals: $(ORIGINALS)

.venv/originals/%: $(ENVIRONMENT)
	$(BIN)/python -m pip install --quiet --target $@ snowplow-tracker==$*
	@touch $@

$(ENVIRONMENT): pyproject.toml | tools
	$(PYTHON) -m venv --clear --upgrade-deps .venv
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

tools:
	@$(call need,$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 10)',Python 3.10 or newer; $(PYTHON) is none. Get it: https://python.org; then: make PYTHON=python3.12)
	@$(call need,$(PYTHON) -c 'import ensurepip; import venv',the module venv of $(PYTHON). Get it: apt install python3-venv)
	@$(call need,printf '%s\n' $(RUST) "`cargo --version | cut -d' ' -f2`" | sort -VC,cargo $(RUST) or newer. Get it: https://rustup.rs; or: rustup update)
	@$(call need,command -v cc,a C linker named cc. Get it: apt install gcc; or: xcode-select --install)
