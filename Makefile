# Two commands: `make repro` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: help repro test lint clean system
.DEFAULT_GOAL := help

help: ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.complete: pyproject.toml constraints.txt
	@echo "== environment: $(VENV) (about two minutes the first time)"
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info[:2] != (3, 11))" || { echo "$(PYTHON) is not Python 3.11: apt-get install python3.11 python3.11-venv, or make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "no venv: apt-get install python3.11-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[development]'
	@touch $@

repro: $(VENV)/.complete ## run the whole pipeline: data, statistics, training, evaluation, audit
	@echo "== pipeline: prepare, statistics, train, evaluate, audit"
	$(BIN)/dvc repro
	@$(BIN)/python -m colorlib.pipeline.summary

test: $(VENV)/.complete system ## run the tests with coverage, then the gate of the audit
	@test "$$(df -Pk "$${TMPDIR:-/tmp}" | awk 'END { print $$4 }')" -ge 2000000 || { echo "less than 2 GB free in $${TMPDIR:-/tmp}, where the tests write up to 1.1 GB: free some, or set TMPDIR to a folder on another disk"; exit 1; }
	@echo "== tests"
	@rm -rf build/evidence build/gate && mkdir -p build/evidence
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --cov --cov-report=term:skip-covered --cov-report=json:build/evidence/coverage.json \
		--junit-xml=build/evidence/junit.xml --durations=15
	@echo "== gate"
	$(BIN)/python -m audit --require tests --require coverage --output build/gate

system: # what the tests need from the distribution, installed only where it is missing
	@bash scripts/system-packages.sh redis-server:redis-server chromium:chromium pg_ctlcluster:postgresql

lint: $(VENV)/.complete ## style, types and layers
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/flake8 && $(BIN)/mypy && $(BIN)/lint-imports

clean: ## remove what the pipeline and the tests made, but not the environment
	rm -rf build models data/prepared mlflow.db mlartifacts .dvc/cache .dvc/tmp
