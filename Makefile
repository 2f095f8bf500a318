# The commands of the project; `make help` lists them. Each sets up what it needs first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install run stack demo test test-code test-servers test-browser test-cluster soak check bench clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PROFILE ?= embedded
export ARCHIVE_URI DATA_DIR LIVY_URL KAFKA_BOOTSTRAP_SERVERS SPARK_MASTER STATISTICS_URI MAX_RUNNING_BATCHES \
  TNS_CATALOGUE_URI
# A variable that is not set must not reach the settings as an empty one.
$(foreach name,ARCHIVE_URI DATA_DIR LIVY_URL KAFKA_BOOTSTRAP_SERVERS SPARK_MASTER STATISTICS_URI MAX_RUNNING_BATCHES \
  TNS_CATALOGUE_URI,\
  $(if $($(name)),,$(eval unexport $(name))))

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

install: $(INSTALLED)  ## the Python environment that all others need; each sets it up by itself

run: $(INSTALLED)  ## everything, then the dashboard; Ctrl-C stops it all (PROFILE=cluster: on HDFS and Spark workers)
	@$(BIN)/python -m launcher --profile $(PROFILE)

stack: $(INSTALLED)  ## run the servers in the foreground; Ctrl-C ends them (PROFILE=cluster: HDFS, Spark, three brokers)
	@$(BIN)/python -m stack --profile $(PROFILE)

demo: $(INSTALLED)  ## the main job without a browser (ARCHIVE_URI=… NIGHTS=START:STOP CONTENT=…)
	@$(BIN)/python -m demo $(if $(NIGHTS),--nights $(NIGHTS)) $(if $(CONTENT),--content $(CONTENT))

test: test-code test-servers test-browser  ## all tests that need no second machine (-j2: two kinds of them side by side)

test-code: $(INSTALLED)
	@$(BIN)/python -m pytest tests/unit tests/spark tests/views

test-servers: $(INSTALLED)
	@$(BIN)/python -m pytest tests/services

test-browser: $(INSTALLED)
	@$(BIN)/python -m pytest tests/browser

test-cluster: $(INSTALLED)  ## the tests on HDFS, Spark workers and three brokers (TESTS=… for some of them)
	@$(BIN)/python -m pytest $(or $(TESTS),tests/cluster)

soak: $(INSTALLED)  ## the tests that take long: what goes wrong while jobs run
	@$(BIN)/python -m pytest -m soak tests

check: $(INSTALLED)  ## style, types, who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(INSTALLED)  ## the speeds that we promise (ARGS="--only main,steady --runs 5")
	@$(BIN)/python -m benchmarks $(ARGS)

clean:  ## remove what was built and cached; DATA_DIR (var) stays
	rm -rf $(VENV) .jars .java .finkctl .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(INSTALLED): requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v[:2] == (3, 11) else \
	  f"Alert Quicklook needs Python 3.11 (pyspark 3.5 does); this is {v[0]}.{v[1]}. Say where one is: make PYTHON=/path/to/python3.11 …")'
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  -c constraints.txt -r requirements.txt -r requirements-dev.txt
	@touch $@
