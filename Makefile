# The commands of this project. Needs Python 3.11+, Node 20+ and make; `make help` lists what there is.

PYTHON ?= python3
ARGS ?=

PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
LOWEST := $(CURDIR)/build/transformers/$(shell sed -n 's/.*"transformers>=\([0-9.]*\),.*/\1/p' pyproject.toml)
STATIC := python/headscope/static/widget.js
LABEXTENSION := python/headscope/labextension/package.json
JS_SOURCES := $(shell find js -type f)
PEERS := build/peers/.installed
VSCODE := build/vscode/extension.js
VSCE := build/vsce/.installed
HOSTS := build/hosts/.installed
ROOT := $(filter 0,$(shell id -u))

export npm_config_update_notifier = false

.PHONY: help demo test lint types test-python test-lowest test-js test-browser test-vscode test-hosts paper bench bench-peers build vsix wheel weights models fuzz docs pictures format clean
.DEFAULT_GOAL := help

test-python test-browser bench bench-peers: export HF_HUB_OFFLINE = 1
# Tests compute little at a time: where the cores are busy, torch's threads would wait for each other most of the time.
test-python test-lowest: export OMP_NUM_THREADS = 1

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: install weights ## Start JupyterLab on the example notebook (ARGS=--no-browser prints its address only)
	$(PY) -m jupyterlab --ip=127.0.0.1 $(if $(ROOT),--allow-root) --ServerApp.root_dir=examples \
	  --LabApp.default_url=/lab/tree/quickstart.ipynb $(ARGS)

test: lint types test-python test-lowest test-js test-browser ## All that must be green to land

lint: .venv/.dependencies node_modules/.installed
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	npm run --silent lint

types: install
	$(PY) -m mypy
	npm run --silent typecheck

test-python: install weights ## Python tests (ARGS=-k name)
	$(PY) -m pytest $(ARGS)

test-lowest: install weights ## The recorder and the answers on the oldest transformers that is supported
	test -d $(LOWEST) || $(PY) -m pip install --quiet --no-deps --target $(LOWEST) transformers==$(notdir $(LOWEST))
	PYTHONPATH=$(LOWEST) $(PY) -c 'import transformers as t; assert t.__version__ == "$(notdir $(LOWEST))", t.__version__'
	PYTHONPATH=$(LOWEST) $(PY) -m pytest tests/python/test_recording_*.py tests/python/test_answers_*.py

test-js: node_modules/.installed ## JavaScript tests without a browser
	npm run --silent test:js

test-browser: install weights ## Tests in a real JupyterLab in a real browser
	CHROMIUM="$$(scripts/find_browser.sh)" && export CHROMIUM && npm run --silent test:browser

test-hosts: wheel weights $(HOSTS) ## One interaction in every host that can be run here, the wheel installed (ARGS="marimo")
	build/hosts/bin/python -m pip --disable-pip-version-check install --quiet --force-reinstall --no-deps dist/*.whl
	CHROMIUM="$$(scripts/find_browser.sh)" && FIREFOX="$${FIREFOX:-$$(command -v firefox-esr)}" && export CHROMIUM FIREFOX && \
	  { test -x "$$FIREFOX" || { echo "no Firefox ESR found: install firefox-esr, or say where it is with FIREFOX=/path"; exit 1; }; } && \
	  npx playwright test --config tests/hosts/playwright.config.ts $(ARGS)

$(HOSTS): tests/hosts/package.json constraints.txt pyproject.toml | wheel
	rm -rf build/hosts
	$(PYTHON) -m venv build/hosts
	build/hosts/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt torch
	build/hosts/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt \
	  "$$(ls dist/*.whl)[lab]" marimo notebook
	build/hosts/bin/python -m jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements
	cp tests/hosts/package.json build/hosts
	npm install --prefix build/hosts --silent --no-audit --no-fund
	touch $@

paper: install ## The paper's three use cases on gpt2 and bert-base-uncased, from the Hugging Face hub
	@$(PY) scripts/paper.py

bench: install weights ## CPU and memory of captures, of long texts too; CPU of the explorer in a real JupyterLab; the peers
	@$(PY) benchmarks/capture.py
	@$(PY) benchmarks/long.py
	CHROMIUM="$$(scripts/find_browser.sh)" && export CHROMIUM && npx playwright test --config benchmarks/playwright.config.ts
	$(MAKE) bench-peers

bench-peers: install $(PEERS) ## headscope, BertViz, Inspectus and CircuitsVis side by side: writes docs/benchmarks.md (ROUNDS=3)
	CHROMIUM="$$(scripts/find_browser.sh)" && export CHROMIUM && \
	  npx playwright test --config benchmarks/peers/playwright.config.ts

$(PEERS): benchmarks/peers/requirements.txt benchmarks/peers/package.json constraints.txt
	rm -rf build/peers
	$(PYTHON) -m venv build/peers
	build/peers/bin/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt \
	  torch transformers nbformat ipython
	build/peers/bin/python -m pip --disable-pip-version-check install --quiet --no-deps \
	  --requirement benchmarks/peers/requirements.txt
	cp benchmarks/peers/package.json build/peers
	npm install --prefix build/peers --silent --no-audit --no-fund
	touch $@

build: $(STATIC) $(LABEXTENSION) ## Build the JavaScript half

vsix: build $(VSCODE) $(VSCE) ## Package the VS Code extension into dist/
	node scripts/vscode_manifest.mjs
	mkdir -p dist
	cd build/vscode && ../vsce/node_modules/.bin/vsce package --no-dependencies --allow-missing-repository \
	  --out ../../dist/headscope.vsix

$(VSCE): js/vscode/package.json js/vscode/package-lock.json
	rm -rf build/vsce
	mkdir -p build/vsce
	cp $^ build/vsce
	npm ci --prefix build/vsce --silent --no-audit --no-fund
	touch $@

test-vscode: install weights vsix ## The VS Code extension in a real VS Code (code-server, compiled once: minutes)
	scripts/install_code_server.sh
	CHROMIUM="$$(scripts/find_browser.sh)" && export CHROMIUM && npx playwright test --config tests/vscode/playwright.config.ts

wheel: build .venv/.dependencies ## Build the sdist and the wheel into dist/
	rm -rf dist
	$(PY) -m build --no-isolation --outdir dist

weights: install ## Fetch and convert the demo models, once
	@$(PY) -m headscope.demo

models: install ## Every model type of transformers, compared with itself: writes docs/models.md (ARGS="--jobs 2 bert")
	@PYTHONPATH=scripts $(PY) -m models $(ARGS)

fuzz: install ## 10,000 saved captures that were tampered with (ARGS="20000 7" for so many, from another seed)
	@$(PY) scripts/fuzz.py $(ARGS)

docs: install weights .venv/.docs ## The pages of docs/ as build/docs/index.html; a warning is an error
	HF_HUB_OFFLINE=1 $(PY) -m sphinx -W --keep-going --quiet --builder html docs build/docs
	$(PY) scripts/check_docs.py build/docs

pictures: install weights ## The pictures of the docs, taken in a real JupyterLab
	CHROMIUM="$$(scripts/find_browser.sh)" && export CHROMIUM && \
	  npx playwright test --config scripts/pictures/playwright.config.ts
	$(PY) scripts/pictures/shrink.py

format: .venv/.dependencies node_modules/.installed ## Format and fix all sources
	$(PY) -m ruff check --fix
	$(PY) -m ruff format
	npm run --silent format

clean: ## Remove the environment and all that was built
	rm -rf .venv node_modules build dist python/headscope/static python/headscope/labextension test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What follows makes files, each only where it is missing or older than what it is made from.

.PHONY: install
install: .venv/.headscope

.venv/.dependencies: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "headscope needs Python 3.11+: make PYTHON=...")'
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PIP) pip
	@echo "installing torch, transformers and JupyterLab takes minutes"
	$(PIP) torch
	$(PIP) --group dev
	touch $@

.venv/.docs: .venv/.dependencies
	$(PIP) --group docs
	touch $@

# Editable; the JupyterLab extension is copied, so it is installed anew when it was built anew.
.venv/.headscope: .venv/.dependencies $(STATIC) $(LABEXTENSION) package.json install.json server.json
	$(PIP) --no-build-isolation --editable '.[lab,demo]'
	$(PY) -m jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements
	touch $@

node_modules/.installed: package.json package-lock.json
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
	  || { echo "headscope needs Node 20.19+"; exit 1; }
	npm ci
	touch $@

$(STATIC) $(VSCODE) &: node_modules/.installed scripts/bundle.mjs tsconfig.json $(JS_SOURCES)
	npm run --silent build:bundles

$(LABEXTENSION): $(STATIC)
	npm run --silent build:lab
	touch $@
