# Every target builds .venv from nothing when it has to. Another Python: make PYTHON=python3.13 test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
KERNEL := $(CURDIR)/.kernel

.DEFAULT_GOAL := help
.PHONY: help verify mutations test test-long test-vm hunt lint docs bench format clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

verify: $(INSTALLED) ## check every design of the catalogue against its declared verdicts
	$(BIN)/splitproof verify

mutations: $(INSTALLED) ## write docs/mutations.md: what catches each small change, and what proof it breaks
	$(BIN)/splitproof mutate --prove --format markdown --output docs/mutations.md || [ $$? -eq 1 ]

test: $(INSTALLED) ## run the tests
	$(BIN)/pytest --numprocesses auto --dist worksteal

test-long: $(INSTALLED) ## run what takes long: every test of the suite on every embodiment
	$(BIN)/pytest --numprocesses auto -m long

test-vm: $(INSTALLED) $(KERNEL)/boot ## run the tests that boot a virtual machine (Debian)
	SPLITPROOF_KERNEL_ROOT=$(KERNEL) $(BIN)/pytest -m vm

hunt: $(INSTALLED) ## try the engines on new random machines until they disagree, or until it is stopped
	while $(BIN)/pytest --numprocesses auto -m hypothesis tests/checker; do :; done

lint: $(INSTALLED) ## check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: $(INSTALLED) ## build the documentation as a site, in build/docs
	$(BIN)/python docs/build.py build/docs

bench: $(INSTALLED) ## measure the engines against C, Spin, Rumur and TLC (needs gcc, spin, rumur, java)
	PYTHONPATH=. $(BIN)/python benchmarks/bench.py $(CASES)

format: $(INSTALLED) ## fix what can be fixed by itself
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

clean: ## remove whatever the other targets made, .venv included
	rm -rf $(VENV) $(KERNEL) build dist *.egg-info .coverage htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment for all targets, refreshed when pyproject.toml changes. A half-made one (an
# interrupted first run leaves no working pip) is started over.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "splitproof needs Python 3.11 or newer, which '$(PYTHON)' is not; name one: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "installing splitproof and its development tools into $(VENV) (about half a minute)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Debian's cloud kernel, unpacked and not installed: it is for the virtual machine only. Its package is the one that
# linux-image-cloud-amd64 depends on.
$(KERNEL)/boot:
	rm -rf $(KERNEL) && mkdir -p $(KERNEL)
	cd $(KERNEL) && apt-get download $$(apt-cache depends linux-image-cloud-amd64 | awk '$$1 == "Depends:" { print $$2 }')
	cd $(KERNEL) && dpkg-deb --extract *.deb . && rm *.deb
