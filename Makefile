PYTHON ?= python3
BIN := .venv/bin
# A file per interpreter: another PYTHON, or other dependencies, need a new environment.
ENVIRONMENT := .venv/.made-with-$(subst /,-,$(PYTHON))
# The original packages, each version in a folder of its own.
ORIGINALS := $(addprefix .venv/originals/,1.1.0 0.10.0)
PYTESTS := $(addprefix .venv/pytest/,7.4.4 8.3.5)
EVENTS := 10000
SEED := 1
INTERPRETER := python3.14t
RUST := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
REQUESTS := $(shell sed -n 's/^dependencies = \["requests>=\(.*\),<3"\]/\1/p' pyproject.toml)
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
# How many processes `pytest` uses. Some tests wait for sockets and locks, so one more than there are cores is fastest.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
# Cases of each property test in Rust; `make sanitize` runs all 256.
export PROPTEST_CASES ?= 64
# The time of each search of `make fuzz`, in seconds.
SECONDS := 600
# For `make torture`: minutes of soak, processes to kill, and storms of faults with the events sent through them.
MINUTES := 10
KILLS := 100
STORMS := 50
STORM_EVENTS := 1000000
# For `make bulk-resume` and `make bulk-memory`.
RUNS := 100
MEGABYTES := 5000
# Targets of `make wheels`. Other systems than Linux build for the machine itself only.
TARGETS := $(if $(filter Linux,$(shell uname)),$(foreach libc,gnu musl,x86_64-unknown-linux-$(libc) aarch64-unknown-linux-$(libc)) aarch64-apple-darwin x86_64-apple-darwin x86_64-pc-windows-gnu x86_64-pc-windows-msvc)
# What `make bench` measures besides the build with a profile.
BUILDS = --plain .venv/plain $(if $(ABI3),--abi3 $(ABI3)) $(if $(FREE_THREADED),--free-threaded $(FREE_THREADED))
# The machine of `make wheels-debian`. arm64 also needs qemu-user-static and binfmt-support.
ARCHITECTURE := amd64

export VIRTUAL_ENV := $(CURDIR)/.venv
# Without bytecode files, each of the hundreds of processes that tests start would compile the package.
unexport CONDA_PREFIX PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE

# $(call need,COMMAND,TEXT): stop with "missing: TEXT" unless COMMAND succeeds.
need = { $(1); } >/dev/null 2>&1 || { echo "missing: $(2)" >&2; exit 1; }
# $(call quietly,TITLE,COMMAND): print the title, and what the command prints only if it fails.
quietly = echo "- $(1)"; log=`{ $(2); } 2>&1` || { printf '%s\n' "$$log"; echo "FAILED: $(1)" >&2; exit 1; }
# Run targets at the same time; their output is short.
together = $(MAKE) --no-print-directory --jobs 3
pip_install = $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: $(shell sed -n 's/^\([a-z][a-z-]*\):.*/\1/p' Makefile)

help: ## list the targets; PYTHON=python3.12 selects the interpreter
	@awk -F ':.*## ' '/^##@ / { print "\n" substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' Makefile

##@ Try it
demo: ## track known programs and real data into a local collector, and check what arrives; SERVE=1 keeps its page open
	@echo "Building the package takes a minute or two the first time; the demo then takes about five seconds."
	@$(MAKE) --no-print-directory build
	@$(BIN)/python -m demo $(if $(SERVE),--serve)

##@ Develop
build: $(ENVIRONMENT) ## compile and install the package into .venv, with every extra
	@$(call quietly,compile the package,$(BIN)/maturin develop --release --extras celery$(comma)collector$(comma)redis$(comma)testing)

test: ## run everything: formatting, lint, types, Rust tests and Python tests
	@echo "On two cores this takes about seven minutes, and about three minutes more the first time, to install and compile."
	@$(together) checks
	@echo "- Python tests: each one counted below is a test with one set of parameters, from tests/ or a short campaign in qa/"
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -rfEs

test-fast: build ## run the Python tests that start few processes, without lint
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m "not processes"

lint: ## check formatting, lint and types only
	@$(together) lint-rust lint-python lint-stub

format: $(ENVIRONMENT) ## format the sources, and fix what linters can fix
	cargo fmt
	$(BIN)/ruff check --fix && $(BIN)/ruff format

docs: $(ENVIRONMENT) ## build the documentation site in site/; warnings are errors
	@$(pip_install) --group docs
	PYTHONPATH=. $(BIN)/python docs/figures.py target/docs/figures.md
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

clean: ## remove everything that was built, including the virtual environment
	rm -rf .venv target dist site demo/output .*_cache .hypothesis python/snowplow_tracker/*.so

##@ Verify more
test-pages: build ## run the collector's page, and browser trackers that send to it, in Chromium
	@if (command -v chromium || command -v chromium-browser || command -v google-chrome) >/dev/null; then \
		$(MAKE) --no-print-directory run-test-pages; \
	else echo "skipped: there is no Chromium. Get it: apt install chromium"; fi

test-airflow: build .venv/airflow ## run the DAG of the guide in Airflow, in an environment of its own
	TEST_AIRFLOW=.venv/airflow/bin/python $(BIN)/python -m pytest -rs tests/servers/test_airflow.py

test-spark: build ## run the data source in a Spark of two cores, which takes a minute or two
	@if java -version >/dev/null 2>&1; then \
		$(MAKE) --no-print-directory run-test-spark; \
	else echo "skipped: there is no JVM. Get it: apt install openjdk-17-jre-headless"; fi

test-recipes: build ## run the recipes for Dask, Ray and Kafka with these libraries, which takes a minute or two
	@$(pip_install) --group recipes
	TEST_RECIPES=1 $(BIN)/python -m pytest -rs tests/recipes

differential: build originals ## compare generated programs with the original packages: SEED=1 EVENTS=10000
	$(BIN)/python -m qa.differential.campaign --events $(EVENTS) --seed $(SEED)

torture: build ## inject faults, kills and forks, and lose nothing: SEED=1 MINUTES=10 KILLS=100 STORMS=50 STORM_EVENTS=1000000
	@$(call need,redis-server --version && openssl version,redis-server or openssl. Get them: apt install redis-server openssl)
	@$(pip_install) --group torture
	$(BIN)/python -m qa.torture.campaign --seed $(SEED) --minutes $(MINUTES) --kills $(KILLS) --storms $(STORMS) --events $(STORM_EVENTS)

bulk-resume: build ## kill bulk loads at random moments and resume them, losing nothing: RUNS=100
	$(BIN)/python -m qa.bulk.resume --runs $(RUNS)

bulk-memory: build ## send gigabytes of NDJSON in constant memory: MEGABYTES=5000
	$(BIN)/python -m qa.bulk.memory --megabytes $(MEGABYTES)

fuzz: build ## search for crashes: hostile programs, then coverage-guided under AddressSanitizer: SECONDS=600 each
	PYTHONMALLOC=debug $(BIN)/python -X dev -m qa.fuzz.campaign --seconds $(SECONDS)
	@$(call need,cargo +nightly --version,a nightly Rust. Get it: rustup toolchain install nightly)
	@$(pip_install) --group fuzz
	$(BIN)/python -m qa.fuzz.guided --seconds $(SECONDS)

sanitize: ## run the Rust tests under AddressSanitizer and Miri
	@$(call need,cargo +nightly miri --version,a nightly Rust with Miri. Get it: rustup toolchain install nightly --component miri,rust-src)
	PROPTEST_CASES=256 RUSTFLAGS=-Zsanitizer=address cargo +nightly test --lib --no-default-features --target $(HOST) --target-dir target/sanitize
	# Miri has no `madvise`, and would take long for thousands of ids or records: AddressSanitizer runs those tests above.
	PROPTEST_CASES=4 MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --lib --no-default-features --target-dir target/miri -- --skip a_number_stays --skip memory_stays --skip never_repeats --skip share_few_ids

minimal: build .venv/minimal ## run the delivery tests with the oldest supported requests, and urllib3 1
	PYTHONPATH=$(CURDIR)/.venv/minimal $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal tests/delivery tests/http tests/stores tests/compat/test_emitters.py tests/compat/test_generation_0x.py

pytest-versions: build $(PYTESTS) ## run the tests of the pytest plugin with the oldest pytest that it supports, and with pytest 8
	@for folder in $(PYTESTS); do PYTHONPATH=$(CURDIR)/$$folder $(BIN)/python -m pytest tests/testing -p no:xdist -o addopts=--import-mode=importlib || exit 1; done

free-threading: $(ENVIRONMENT) ## stress a CPython without the GIL that has pytest, and measure scaling: INTERPRETER=python3.14t
	@$(call need,$(INTERPRETER) -c 'import pytest; import pytest_timeout; import requests',an interpreter with pytest. Get it: $(INTERPRETER) -m pip install pytest pytest-timeout requests)
	$(BIN)/python qa/free_threading/build.py $(INTERPRETER)
	$(INTERPRETER) -m pytest qa/free_threading/stress_*.py
	$(INTERPRETER) -m benches.cases.threads

##@ Measure
bench: build-as-released build-plain originals .venv/peers ## write tables, JSON and plot: this package, the originals, orjson and json; also ABI3=FOLDER, FREE_THREADED=PYTHON
	$(BIN)/python -m benches --output benches/results $(BUILDS)
	PYTHONPATH=. $(BIN)/python docs/figures.py --update

bench-quick: build-as-released build-plain originals .venv/peers ## run the same benchmarks with less precision, in some minutes
	$(BIN)/python -m benches --quick --output target/bench-quick $(BUILDS)

bench-field: build-as-released ## measure what people use instead, sending included: other libraries, other languages; QUICK=1
	$(BIN)/python -m benches.field $(if $(QUICK),--quick --output target/bench-field,--output benches/results)
	$(if $(QUICK),,PYTHONPATH=. $(BIN)/python docs/figures.py --update)

bench-native: ## measure the parts in plain Rust: escaping, base64, ids, record buffer
	cargo bench --no-default-features

bench-instructions: build ## count instructions with callgrind, relative to json.dumps; fails if they have grown
	$(BIN)/python -m benches.instructions

##@ Release
wheels: $(ENVIRONMENT) profiler ## build the sdist and the wheels of TARGETS in dist/, check them, and run them on each CPython found
	@$(call need,rustup --version,rustup. Get it: https://rustup.rs)
	@$(pip_install) --group wheels
	rm -rf dist
	$(BIN)/maturin sdist --out dist
	$(BIN)/python -m qa.package.build_wheels $(TARGETS)
	$(BIN)/python -m qa.package.check_wheels dist

wheels-debian: $(ENVIRONMENT) ## run these wheels on CPython 3.14 in a Debian without a toolchain; needs root: ARCHITECTURE=amd64 or arm64
	@$(call need,PATH="$$PATH:/usr/sbin" command -v debootstrap,debootstrap. Get it: apt install debootstrap)
	$(BIN)/python -m qa.package.run_in_debian dist $(ARCHITECTURE)

# --- steps of the targets above

run-test-pages:
	@$(call need,npm --version,npm. Get it: apt install npm)
	@$(pip_install) --group pages
	@$(call quietly,install the tracker for browsers,npm install --prefix .venv/npm --no-save @snowplow/browser-tracker@4)
	TEST_PAGES=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile -rs tests/pages

run-test-spark:
	@$(pip_install) --group spark
	TEST_SPARK=1 $(BIN)/python -m pytest -rs tests/spark

comma := ,

checks: lint-rust lint-python lint-stub test-rust originals

lint-rust: $(ENVIRONMENT)
	@$(call need,cargo fmt --version && cargo clippy --version,rustfmt or clippy. Get them: rustup component add rustfmt clippy)
	@$(call quietly,cargo fmt,cargo fmt --check)
	@$(call quietly,cargo clippy,cargo clippy --all-targets -- --deny warnings)
	@$(call quietly,cargo clippy without Python,cargo clippy --all-targets --no-default-features -- --deny warnings)
	@$(call quietly,cargo clippy for the abi3 wheel,cargo clippy --features abi3 -- --deny warnings)

# After the lints of Rust: cargo works on one of them at a time.
test-rust: lint-rust
	@$(call quietly,Rust tests,CARGO_PROFILE_DEV_DEBUG=line-tables-only cargo test --no-default-features)

# After the package: installing it also installs its extras, which the type checkers read.
lint-python: build
	@$(call quietly,ruff,$(BIN)/ruff check && $(BIN)/ruff format --check)
	@$(call quietly,mypy,$(BIN)/mypy --strict)
	@$(call quietly,pyright,$(BIN)/pyright --pythonpath $(BIN)/python)

lint-stub: build
	@$(call quietly,stubtest,$(BIN)/python -m mypy.stubtest --ignore-disjoint-bases snowplow_tracker._native)

.venv/peers: benches/requirements.txt $(ENVIRONMENT)
	@$(pip_install) --upgrade --target $@ --requirement $<
	@touch $@

.venv/airflow: $(ENVIRONMENT)
	@$(call quietly,install Airflow$(comma) which takes about two minutes,$(PYTHON) -m venv --clear $@ && $@/bin/python -m pip install --quiet --disable-pip-version-check apache-airflow requests)

.venv/minimal: $(ENVIRONMENT)
	@$(pip_install) --no-deps --upgrade --target $@ requests==$(REQUESTS) 'urllib3<2' 'chardet<5' 'idna<3'
	@touch $@

originals: $(ORIGINALS)

.venv/originals/%: $(ENVIRONMENT)
	@$(call quietly,install snowplow-tracker $* to compare with,$(pip_install) --target $@ snowplow-tracker==$*)
	@touch $@

.venv/pytest/%: $(ENVIRONMENT)
	@$(call quietly,install pytest $*,$(pip_install) --upgrade --target $@ pytest==$* pytest-timeout)
	@touch $@

build-as-released: $(ENVIRONMENT) profiler
	@$(call quietly,compile the package as it is released$(comma) with a profile,$(BIN)/maturin develop --release --pgo --extras celery$(comma)collector$(comma)redis$(comma)testing)

# As `pip install .` builds it: without a profile.
build-plain: $(ENVIRONMENT)
	@rm -rf target/plain
	@$(call quietly,compile the package without a profile,$(BIN)/maturin build --release --interpreter $(BIN)/python --out target/plain && $(pip_install) --no-deps --upgrade --target .venv/plain target/plain/*.whl)

profiler:
	@$(call need,ls "$$(rustc --print sysroot)"/lib/rustlib/*/bin/llvm-profdata*,llvm-profdata. Get it: rustup component add llvm-tools)

$(ENVIRONMENT): pyproject.toml | tools
	@$(call quietly,make a virtual environment in .venv with the tools,$(PYTHON) -m venv --clear --upgrade-deps .venv && $(pip_install) --group dev)
	@touch $@

tools:
	@$(call need,$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 10)',Python 3.10 or newer; $(PYTHON) is none. Get it: https://python.org; then: make PYTHON=python3.12)
	@$(call need,$(PYTHON) -c 'import ensurepip; import venv',the module venv of $(PYTHON). Get it: apt install python3-venv)
	@$(call need,printf '%s\n' $(RUST) "`cargo --version | cut -d' ' -f2`" | sort -VC,cargo $(RUST) or newer. Get it: https://rustup.rs; or: rustup update)
	@$(call need,command -v cc,a C linker named cc. Get it: apt install gcc; or: xcode-select --install)
