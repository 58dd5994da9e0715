# Two commands for a fresh machine: make report, make test.
# Without make, see "Without make" in README.md.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export PIP_NO_INPUT := 1

.PHONY: report test lint bench vtl messages embedded clean

report: $(VENV)/installed $(VENV)/quarto
	$(BIN)/reporting build vade-mecum --geo BE

test: $(VENV)/tested | $(VENV)/vtl
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/tested
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: $(VENV)/tested
	for part in tests/bench/*.py; do $(BIN)/python $$part || exit 1; done

# Bring parameters/labels/*/messages.po up to date with the messages in use.
messages: $(VENV)/installed
	$(BIN)/python -m reporting.labels

# Compile the edition that ships with the package from the newest vintages of a store.
embedded: $(VENV)/installed
	$(BIN)/python -m reporting.embedded.compile --from-store outputs/store

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; name one with: make PYTHON=python3.12 report"; exit 1; }
	@echo "Creating the environment in $(VENV) (a minute or two) …"
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make environments here: install python3-venv."; exit 1; }
	@$(PIP) install --constraint constraints.txt --editable .
	@$(BIN)/python -m reporting.batch.provisioner >/dev/null
	@touch $@

$(VENV)/tested: $(VENV)/installed
	@$(PIP) install --constraint constraints.txt --editable '.[test]'
	@touch $@

# vtlengine needs duckdb below 2.0, and so an environment of its own; tests are skipped where it cannot be had.
vtl: $(VENV)/vtl

$(VENV)/vtl: tests/vtl.txt | $(VENV)/installed
	@$(PYTHON) -m venv $@ && $@/bin/python -m pip --disable-pip-version-check --quiet install --requirement tests/vtl.txt \
	  && touch $@ || { rm -rf $@; echo "vtlengine cannot be had here; the tests that need it are skipped."; }

# Quarto is an extra: tried once, left out where its binary cannot be had.
$(VENV)/quarto: | $(VENV)/installed
	@command -v quarto >/dev/null || timeout 180 $(PIP) install 'quarto-cli>=1.6' >/dev/null 2>&1 \
	  || echo "Quarto cannot be had here; publications are rendered by the embedded engine (see: $(BIN)/reporting doctor)."
	@touch $@

clean:
	rm -rf $(VENV) outputs/runs outputs/publications
