PYTHON ?= python3
BIN := .venv/bin
# Another PYTHON, or other dependencies, mean a new environment.
ENVIRONMENT := .venv/.made-with-$(subst /,-,$(PYTHON))
# The packages this one stands in for, each in a folder of its own.
ORIGINALS := $(addprefix .venv/originals/,1.1.0 0.10.0)
EVENTS := 10000
SEED := 1
INTERPRETER := python3.14t
RUST := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
REQUESTS := $(shell sed -n 's/^dependencies = \["requests>=\(.*\)"\]/\1/p' pyproject.toml)
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
# How long each search of make fuzz takes.
SECONDS := 600
# How long the soak of make torture takes, what it kills, and what it sends through how many storms.
MINUTES := 10
KILLS := 100
STORMS := 50
STORM_EVENTS := 1000000
# What make wheels builds for; elsewhere than on Linux, for that machine alone.
TARGETS := $(if $(filter Linux,$(shell uname)),$(foreach libc,gnu musl,x86_64-unknown-linux-$(libc) aarch64-unknown-linux-$(libc)))
# Where make wheels-debian runs them; arm64 needs qemu-user-static and binfmt-support as well.
ARCHITECTURE := amd64

export VIRTUAL_ENV := $(CURDIR)/.venv
unexport CONDA_PREFIX PYTHONHOME PYTHONPATH

need = { $(1); } >/dev/null 2>&1 || { echo "missing: $(2)" >&2; exit 1; }

.PHONY: help demo test lint format differential bench bench-quick bench-native bench-instructions minimal fuzz torture docs sanitize free-threading wheels wheels-debian clean build build-as-released originals profiler tools

help: ## list the targets; PYTHON=python3.12 picks an interpreter
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 24

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
	$(BIN)/python -m qa.differential.campaign --events $(EVENTS) --seed $(SEED)

bench: build-as-released originals .venv/peers ## tables, JSON and plot against the originals, orjson + pybase64 and json; ABI3=FOLDER adds an abi3 build
	$(BIN)/python -m benches --output benches/results $(if $(ABI3),--abi3 $(ABI3))

bench-quick: build-as-released originals .venv/peers ## the same in about a minute
	$(BIN)/python -m benches --quick --output target/bench-quick $(if $(ABI3),--abi3 $(ABI3))

bench-native: ## the pure parts in Rust: escapes, base64, ids, record buffer
	cargo bench --no-default-features

bench-instructions: build ## instructions against json.dumps, by callgrind; fails where they have grown
	$(BIN)/python -m benches.instructions

minimal: build .venv/minimal ## tests of delivery with the oldest requests that is allowed, and urllib3 1
	PYTHONPATH=$(CURDIR)/.venv/minimal $(BIN)/python -m pytest tests/delivery tests/http tests/stores

fuzz: build ## hostile programs, then the same and JSON guided by coverage under AddressSanitizer: SECONDS=600 each
	PYTHONMALLOC=debug $(BIN)/python -X dev -m qa.fuzz.campaign --seconds $(SECONDS)
	@$(call need,cargo +nightly --version,a nightly Rust. Get it: rustup toolchain install nightly)
	$(BIN)/python -m pip install --quiet --group fuzz
	$(BIN)/python -m qa.fuzz.guided --seconds $(SECONDS)

torture: build ## nothing is lost, whatever fails: SEED=1, MINUTES=10 of soak, KILLS=100, STORMS=50, STORM_EVENTS=1000000
	@$(call need,redis-server --version && openssl version,redis-server or openssl. Get them: apt install redis-server openssl)
	$(BIN)/python -m pip install --quiet --group torture
	$(BIN)/python -m qa.torture.campaign --seed $(SEED) --minutes $(MINUTES) --kills $(KILLS) --storms $(STORMS) --events $(STORM_EVENTS)

docs: $(ENVIRONMENT) ## the site of the documentation, in site; any warning is an error
	$(BIN)/python -m pip install --quiet --group docs
	PYTHONPATH=. $(BIN)/python docs/figures.py target/docs/figures.md
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

sanitize: ## the Rust tests under AddressSanitizer and Miri
	@$(call need,cargo +nightly miri --version,a nightly Rust with Miri. Get it: rustup toolchain install nightly --component miri,rust-src)
	RUSTFLAGS=-Zsanitizer=address cargo +nightly test --lib --no-default-features --target $(HOST) --target-dir target/sanitize
	# Generated cases take Miri hours: those are the sanitizer's.
	MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --lib --no-default-features --target-dir target/miri -- --skip memory_stays --skip never_repeats --skip order_and_bounds --skip blocks_agree --skip decodes_to

free-threading: $(ENVIRONMENT) ## stress tests on a CPython without the GIL, which has pytest, and what threads gain: INTERPRETER=python3.14t
	@$(call need,$(INTERPRETER) -c 'import pytest; import pytest_timeout; import requests',an interpreter with pytest. Get it: $(INTERPRETER) -m pip install pytest pytest-timeout requests)
	$(BIN)/python qa/free_threading/build.py $(INTERPRETER)
	$(INTERPRETER) -m pytest qa/free_threading/stress_*.py
	$(INTERPRETER) -m benches.cases.threads

wheels: $(ENVIRONMENT) profiler ## the sdist and the wheels of TARGETS in dist, checked, and run on each CPython found
	@$(call need,rustup --version,rustup. Get it: https://rustup.rs)
	$(BIN)/python -m pip install --quiet --group wheels
	rm -rf dist
	$(BIN)/maturin sdist --out dist
	$(BIN)/python -m qa.package.build_wheels $(TARGETS)
	$(BIN)/python -m qa.package.check_wheels dist

wheels-debian: $(ENVIRONMENT) ## those wheels on CPython 3.14 in a Debian without a toolchain: ARCHITECTURE=amd64 or arm64; as root
	@$(call need,PATH="$$PATH:/usr/sbin" command -v debootstrap,debootstrap. Get it: apt install debootstrap)
	$(BIN)/python -m qa.package.run_in_debian dist $(ARCHITECTURE)

clean: ## remove all that was built, the virtual environment too
	rm -rf .venv target dist site demo/output .*_cache .hypothesis python/snowplow_tracker/*.so

build: $(ENVIRONMENT)
	$(BIN)/maturin develop --release --extras celery,collector,redis

.venv/peers: benches/requirements.txt $(ENVIRONMENT)
	$(BIN)/python -m pip install --quiet --upgrade --target $@ --requirement $<
	@touch $@

.venv/minimal: $(ENVIRONMENT)
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target $@ requests==$(REQUESTS) 'urllib3<2'
	@touch $@

originals: $(ORIGINALS)

.venv/originals/%: $(ENVIRONMENT)
	$(BIN)/python -m pip install --quiet --target $@ snowplow-tracker==$*
	@touch $@

build-as-released: $(ENVIRONMENT) profiler
	$(BIN)/maturin develop --release --pgo --extras celery,collector,redis

profiler:
	@$(call need,ls "$$(rustc --print sysroot)"/lib/rustlib/*/bin/llvm-profdata*,llvm-profdata. Get it: rustup component add llvm-tools)

$(ENVIRONMENT): pyproject.toml | tools
	$(PYTHON) -m venv --clear --upgrade-deps .venv
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

tools:
	@$(call need,$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 10)',Python 3.10 or newer; $(PYTHON) is none. Get it: https://python.org; then: make PYTHON=python3.12)
	@$(call need,$(PYTHON) -c 'import ensurepip; import venv',the module venv of $(PYTHON). Get it: apt install python3-venv)
	@$(call need,printf '%s\n' $(RUST) "`cargo --version | cut -d' ' -f2`" | sort -VC,cargo $(RUST) or newer. Get it: https://rustup.rs; or: rustup update)
	@$(call need,command -v cc,a C linker named cc. Get it: apt install gcc; or: xcode-select --install)
