# Fixer Metrics: `make demo` shows it, `make test` proves it. `make help` lists the rest.
# PYTHON=/path/to/python3.12 chooses the Python; the settings of .env.example work here too: PORT=9000 make demo

VENV := .venv
RUN := $(VENV)/bin/python -m
# Modules are compiled when they are first used: compiling all would take half of the time.
PIP := $(RUN) pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt
PYTHON ?=
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo dev test lint format bench reliability screenshots docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## Make the virtual environment with the pinned packages (the other targets do it themselves)
	@$(VENV)/bin/python -c '' 2>/dev/null || rm -f $(VENV)/.installed $(VENV)/.installed-for-tests
	@$(MAKE) --silent --no-print-directory $(VENV)/.installed

# The last line of each server target is run by make itself, without a shell that could swallow a signal.
demo: setup ## Serve the page with demo data on http://127.0.0.1:8050, on a database of its own
	@$(RUN) dashboard demo --end-with-parent

dev: setup ## The same with hot reload, for working on the code
	@$(RUN) dashboard dev

test: setup ## Run all tests, browser tests too; ARGS="tests/unit -k zone" runs some
	@$(MAKE) --silent --no-print-directory $(VENV)/.installed-for-tests
	@sh tests/needs.sh
	@$(RUN) pytest -n 2 --dist loadfile $(ARGS)

lint: setup ## Check style, types, and that imports run one way
	@$(MAKE) --silent --no-print-directory $(VENV)/.installed-for-tests
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(RUN) mypy
	@$(VENV)/bin/lint-imports

format: setup ## Put the code into the shape that lint wants
	@$(MAKE) --silent --no-print-directory $(VENV)/.installed-for-tests
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

bench: setup ## Measure imports, queries and the page at 100 thousand, 1 million and 10 million runs
	@$(MAKE) --silent --no-print-directory $(VENV)/.installed-for-tests
	@$(VENV)/bin/python tests/bench/run.py $(ARGS)

reliability: setup ## Kill servers, fill disks, crowd in, and see that no run is lost or counted twice
	@$(MAKE) --silent --no-print-directory $(VENV)/.installed-for-tests
	@$(VENV)/bin/python tests/reliability/run.py $(ARGS)

screenshots: setup ## Take pictures of the page in all sizes and both themes
	@$(MAKE) --silent --no-print-directory $(VENV)/.installed-for-tests
	@sh tests/needs.sh
	@$(RUN) tests.browser.screenshots $(ARGS)

docs: setup ## Bring the README's tables up to date with the records they describe
	@$(RUN) dashboard.docs

clean: ## Remove the virtual environment and the local data
	rm -rf $(VENV) .data

# ---- The virtual environment. Recorded in files, so that it is made once and again when the pins change.

$(VENV)/.installed: pyproject.toml constraints.txt $(VENV)/bin/python
	@echo "  installing packages into $(VENV) (a minute or two the first time)"
	@umask 022; $(PIP) --editable . || { $(call complain,The packages could not be installed; the reason is above. Check the network and run this again.); }
	@touch $@

$(VENV)/.installed-for-tests: $(VENV)/.installed
	@echo "  installing the packages of the tests"
	@umask 022; $(PIP) --editable '.[test,dev]' || { $(call complain,The packages of the tests could not be installed; the reason is above.); }
	@touch $@

complain = echo "fixer-metrics: $(1)" >&2; exit 1

$(VENV)/bin/python:
	@if [ ! -w . ]; then $(call complain,This folder cannot be written by you: $(CURDIR). Copy the project to a folder of your own.); fi; \
	if [ -n "$(PYTHON)" ]; then set -- "$(PYTHON)"; else set -- python3 python3.13 python3.12 python3.11; fi; \
	found=; other=; bare=; \
	for python in "$$@"; do \
		version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
		case "$$version" in \
			3.11|3.12|3.13) ;; \
			*) other="$$other; $$python is $$version"; continue ;; \
		esac; \
		if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then found="$$python"; break; fi; \
		bare="$$python $$version"; \
	done; \
	if [ -z "$$found" ] && [ -n "$$bare" ]; then \
		$(call complain,$${bare% *} comes without venv. Install it (Debian and Ubuntu: apt-get install python$${bare##* }-venv) or choose another Python: make demo PYTHON=/path/to/python3.12); \
	fi; \
	if [ -z "$$found" ]; then \
		$(call complain,Python 3.11$(comma) 3.12 or 3.13 is needed$${other:+ ($${other#; })}. Install one (Debian and Ubuntu: apt-get install python3 python3-venv; macOS: brew install python@3.13) or name it: make demo PYTHON=/path/to/python3.12); \
	fi; \
	echo "  making a virtual environment in $(VENV) with $$found $$version"; \
	rm -rf $(VENV); umask 022; "$$found" -m venv $(VENV) || { $(call complain,The virtual environment could not be made; the reason is above.); }

comma := ,
