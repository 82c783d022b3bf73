# SPDX-License-Identifier: Apache-2.0
# Isobar. `make` alone lists the verbs.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up test core build release lint fmt arrows integration bench bench-quick budgets fuzz setup clean

UP ?=

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

up: setup release ## run a small multi-cloud on this machine: five regions, real models, one address (UP="--port 8080 --regions 3")
	.build/release/isobar up $(UP)

test: ## run every test there is
	scripts/test

core: ## run Core's tests alone (seconds)
	swift test --package-path Core

setup: ## install what building and `make up` need (Debian and PyPI packages)
	scripts/setup

build: ## debug build
	swift build

release: ## release build
	swift build -c release --product isobar

lint: arrows ## check format, style and arrows
	scripts/check-style

fmt: ## format all Swift sources
	swift format --in-place --recursive Package.swift Sources Tests Core Benchmarks Fuzz

arrows: ## check that imports point one way only
	scripts/check-arrows

integration: ## real processes, real clients (builds release first)
	scripts/test integration

bench: release ## measure against nginx, HAProxy and a direct connection; prints a table, writes JSON
	scripts/setup --bench
	Benchmarks/run

bench-quick: release ## the same, short and noisy
	scripts/setup --bench
	Benchmarks/run --quick

budgets: ## instructions, allocations and system calls per request against Benchmarks/Budgets
	scripts/test budgets

fuzz: ## fuzz each parser and each wire's translation for a minute (SECONDS_EACH=60)
	Fuzz/run all $${SECONDS_EACH:-60}

clean: ## remove what was built
	rm -rf .build Core/.build Benchmarks/.build Fuzz/.build .isobar
