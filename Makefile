# The one door for commands. Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
# Another version of an engine than the one of its plugin's pom.xml: ELASTICSEARCH=8.19.0, OPENSEARCH=3.5.0
ELASTICSEARCH ?=
OPENSEARCH ?=
VESPA ?=
# Tests named in ARGS take the place of a target's own; options alone (-k, -x) are added to them.
tests = $(if $(filter tests/%,$(ARGS)),,$(1)) $(ARGS)
OF_VERSION := $(if $(OPENSEARCH),-Dopensearch.version=$(OPENSEARCH)) $(if $(ELASTICSEARCH),-Delasticsearch.version=$(ELASTICSEARCH)) $(if $(filter 9.%,$(ELASTICSEARCH)),-P elasticsearch-9)

.DEFAULT_GOAL := help
.PHONY: browser docs gpu operators plugins load fuzz lock help demo serve test check test-elasticsearch test-opensearch test-vespa test-quick lint format lint-java lint-js format-java types clean site test-stack

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.serving ## search this Python's documentation; both orders side by side (ARGS="your query")
	$(BIN)/lastly demo $(ARGS)

serve: $(VENV)/.serving ## run the sidecar on the embedded model (ARGS="--port 8787")
	$(BIN)/lastly serve $(ARGS)

test: $(VENV)/.development $(if $(ARGS),,check browser) ## lint, types and all tests; only these with ARGS="tests/unit -k name"
	$(BIN)/python -m pytest $(ARGS)

check: lint types ## what needs no test: lint and types

plugins: ## build the zips for OpenSearch (JDK 21 or newer) and Elasticsearch and the bundle for Vespa, all in plugin/*/target
	home=$$($(PYTHON) plugin/find_jdk.py 21) && cd plugin && JAVA_HOME=$$home mvn -q -B -ntp $(OF_VERSION) package
	@ls plugin/*/target/lastly-*.zip plugin/vespa/target/lastly-vespa-deploy.jar

test-elasticsearch: $(VENV)/.development ## Elasticsearch's tests, in nodes of the plugin's version or of ELASTICSEARCH=8.19.0
	ELASTICSEARCH_VERSION=$(ELASTICSEARCH) $(BIN)/python -m pytest $(call tests,tests/engines/elasticsearch)

test-opensearch: $(VENV)/.development ## OpenSearch's tests, in nodes of the plugin's version or of OPENSEARCH=3.5.0
	OPENSEARCH_VERSION=$(OPENSEARCH) $(BIN)/python -m pytest $(call tests,tests/engines/opensearch)

test-vespa: $(VENV)/.development ## Vespa's tests, in a container of the plugin's version or of VESPA=8.591.16
	VESPA_VERSION=$(VESPA) $(BIN)/python -m pytest $(call tests,tests/engines/vespa)

test-quick: $(VENV)/.development ## the tests that need no engine and no second model: about a minute
	$(BIN)/python -m pytest $(call tests,tests/unit tests/api tests/repository/test_docs.py)

docs: $(VENV)/.development ## write what is made from the code: settings, chart's schema, versions, ARCHITECTURE's picture; build the site
	$(BIN)/python -m docs.configuration_page > docs/configuration.md
	$(BIN)/python -m docs.chart_schema
	$(BIN)/python -m docs.versions
	$(BIN)/python -m docs.rooms
	$(MAKE) site

operators: $(VENV)/.serving ## build Lastly's operators for CUDA graphs (a C++ compiler, no CUDA)
	$(BIN)/python -m lastly.graph.native.build

gpu: ## whether the GPU path is whole, in three minutes, with the onnxruntime-gpu, torch and transformers of $(PYTHON)
	$(PYTHON) -m benchmarks.gpu.gate $(ARGS)

load: $(VENV)/.development ## 64 callers at twice the capacity for a minute, then ten minutes of soak (ARGS="--help")
	$(BIN)/python -m benchmarks.load $(ARGS)

fuzz: $(VENV)/.development ## a million generated inputs through the whole app (ARGS="--inputs 10000")
	$(BIN)/python -m tests.fuzz.million $(ARGS)

# Tests of pages skip without a browser. What can't install one says so and goes on.
browser: ## install Debian's Chromium, which the tests of pages run in, where apt-get and root are at hand
	@command -v chromium >/dev/null || test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null || \
		(apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null) || \
		echo "no Chromium: the tests of pages will skip"

PINS := deploy/docker/requirements
PIN := uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-annotate \
	--custom-compile-command 'make lock' -c constraints.txt

lock: $(BIN)/uv ## pin what the image installs, by hash, at the versions of constraints.txt
	$(BIN)/$(PIN) -o $(PINS)/build.txt $(PINS)/build.in
	$(BIN)/$(PIN) -o $(PINS)/cpu.txt --extra otel pyproject.toml
	$(BIN)/$(PIN) -o $(PINS)/seed.txt $(PINS)/seed.in
	$(BIN)/$(PIN) -o $(PINS)/cuda.txt --extra otel --no-emit-package onnxruntime pyproject.toml $(PINS)/cuda.in

lint: $(VENV)/.development ## ruff, and the contracts of what may import what
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.development ## put the code into ruff's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint-js: ## Biome over the lab's JavaScript; says so where Node is missing
	@if command -v npx >/dev/null; then npx --yes @biomejs/biome@2.6.8 lint --error-on-warnings; \
	else echo "no Node: the lab's JavaScript is not linted"; fi

# The profile brings OpenSearch's module in under any JDK: nothing is compiled.
lint-java: ## Spotless over the plugins' Java; `mvn verify` checks the same
	cd plugin && mvn -q -B -ntp -P opensearch spotless:check

format-java: ## put the plugins' Java into palantir-java-format's form
	cd plugin && mvn -q -B -ntp -P opensearch spotless:apply

types: $(VENV)/.development ## mypy, strict
	$(BIN)/mypy

site: $(VENV)/.development ## build the documentation's site into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

test-stack: $(VENV)/.development ## bring the stack up in containers and search in each engine; says so where that cannot be
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[stack]'
	$(BIN)/python -m tests.deploy.stack $(ARGS)

clean: ## remove the environment and what was built
	rm -rf $(VENV) build dist *.egg-info

$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Lastly needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv

$(VENV)/.serving: pyproject.toml constraints.txt | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e .
	touch $@

$(VENV)/.development: pyproject.toml constraints.txt | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.serving
