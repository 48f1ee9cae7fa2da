# pulse-console: one command for each thing one does with it. `make` alone lists them.

CARGO ?= cargo
DIR ?= .platform
TENANTS ?= 40
LIVE = --features real-servers
TRAINING = --no-default-features

.DEFAULT_GOAL := help
.PHONY: help demo platform platform-down test check bench bench-live

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Run the training console: needs nothing but cargo and a C compiler
	@$(CARGO) run --profile demo $(TRAINING) -- demo

platform: ## Start the real local platform (API server, databases, S3, alerts, sign-in) and keep it moving; TENANTS=40 DIR=.platform
	@tests/platform/tools/install.sh
	@tests/platform/tools/kube.sh >/dev/null
	@tests/platform/tools/s3.sh >/dev/null
	@tests/platform/tools/provider.sh >/dev/null
	@$(CARGO) run $(LIVE) --example platform -- up --dir $(DIR) --tenants $(TENANTS) --churn --sign-in

platform-down: ## Stop the platform that `make platform` started
	@$(CARGO) run --quiet $(LIVE) --example platform -- down --dir $(DIR)

test: ## Install what is missing, start the real servers, run every test; the last line counts them
	@tests/platform/tools/test.sh

check: ## Format, lints and documentation, for the live and for the training build
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets $(LIVE) -- -D warnings
	$(CARGO) clippy --all-targets $(TRAINING) -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items $(LIVE)
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items $(TRAINING)

bench: ## Measure what the console costs by itself; prints JSON
	@$(CARGO) bench --quiet --bench console

bench-live: ## Measure the console against real servers with 10 000 clients and 1 000 events a second; prints JSON
	@tests/platform/tools/install.sh >&2
	@tests/platform/tools/kube.sh >/dev/null
	@$(CARGO) bench --quiet $(LIVE) --bench live
