# Everything a checkout needs is made here: git, make and a Python with pip are enough.
UV_VERSION := 0.13.9
PYTHON ?= python3
UV := .tools/bin/uv
RUN := $(UV) run --no-sync
# Most tests wait for processes: four at a time use two cores.
PYTEST ?= -n 4 --dist worksteal
JUDGES := $(wildcard tests/judges/*.py)
JUDGE_SCRIPTS := $(filter-out $(wildcard tests/judges/test_*.py),$(JUDGES))

export UV_SYSTEM_CERTS := 1
# Some judges need a later Python than the project: pyenv's are found too.
SPACE := $(subst ,, )
export PATH := $(PATH):$(subst $(SPACE),:,$(wildcard $(HOME)/.pyenv/versions/3.1[2-9]*/bin))

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types unit pythons chaos bench images schemas gate docs site manifests deploy-check format clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: .venv/.ready ## Install everything below this folder (needs the package index once)

demo: setup ## Start the bus, workers and stand-ins; query, follow an export and live data, slice a genome file; stop
	$(RUN) scibus demo

test: lint unit pythons ## Lint, types, arrows between packages, and all tests

lint: setup ## Format and lint rules, strict types, arrows between packages
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy
	$(RUN) mypy tests/client/typed_use.py docs/generate.py docs/generated
	$(RUN) lint-imports

# Compiled once, and not by each of the thousand processes that the tests start.
unit: setup
	$(RUN) python -m compileall -q -j 0 -x node_modules shared services tests
	$(RUN) pytest $(PYTEST)

# Further interpreters, by name or path: make test SCIBUS_TEST_PYTHONS="3.12 /opt/python3.13/bin/python3"
pythons: setup
	@for python in $(SCIBUS_TEST_PYTHONS); do \
	  echo "== tests on $$python"; \
	  environment=.tools/venvs/$$(echo $$python | tr -c 'A-Za-z0-9.\n' _); \
	  UV_PROJECT_ENVIRONMENT=$$environment $(UV) sync --quiet --locked --all-packages --python $$python && \
	  UV_PROJECT_ENVIRONMENT=$$environment $(RUN) pytest $(PYTEST) || exit 1; \
	done

chaos: setup ## Kill, freeze, cut off, fill and confuse everything, and count what became of the jobs
	$(RUN) python -m tests.chaos

bench: setup ## Measure requests, jobs, blobs, live data and starts beside nats-py, FastStream, taskiq, Celery and others
	$(RUN) python -m tests.bench

images: setup ## Build the container images, run them with compose, measure them (needs Docker, or root on Debian)
	$(RUN) python -m tests.images

schemas: setup ## Write the committed JSON Schemas anew
	$(RUN) python -m scibus.contracts.schemas shared/contracts/schemas/v1

gate: setup ## Tell which changes of the schemas break what the last release has promised
	$(RUN) python -m tests.gate

docs: setup ## Write the generated parts of the README and of the pages anew
	$(RUN) python -m docs.generate

site: docs ## Build the pages into build/site; nothing is fetched for it, nor by whoever reads it
	NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml

manifests: setup ## Write the generated manifests below deploy/ anew
	$(RUN) python deploy/generate.py

deploy-check: setup ## Judge alerts, policies and pods of deploy/ with promtool, checkov and podman (Debian, root)
	$(RUN) pytest tests/deploy/check_*.py

format: setup ## Format the code
	$(RUN) ruff format
	$(RUN) ruff check --fix

clean: ## Remove what setup installed
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(UV):
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .tools uv==$(UV_VERSION)
	@touch $@

.venv/.ready: $(UV) uv.lock pyproject.toml $(wildcard shared/*/pyproject.toml services/*/pyproject.toml) $(JUDGE_SCRIPTS:=.lock) tests/judges/npm/package-lock.json
	# The tests start hundreds of processes, also where Python is told to write no bytecode.
	@$(UV) sync --quiet --locked --all-packages --compile-bytecode
	@for judge in $(JUDGE_SCRIPTS); do \
	  $(UV) sync --quiet --frozen --script $$judge || echo "not installed: $$judge; its test will fail and say so" >&2; \
	done
	@$(UV) run --quiet --offline --frozen --script tests/judges/node.py --install || echo "not installed: judges from npm; their tests will fail and say so" >&2
	@touch $@
