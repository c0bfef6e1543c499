# Two commands do everything: `make demo` runs the main job, `make test` checks the project.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test docs lint types format fuzz bench bench-peers clean

demo: $(VENV)/installed
	$(BIN)/justright compare

test: $(VENV)/developed lint types
	$(BIN)/python -m pytest -n auto

docs: $(VENV)/developed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

lint: $(VENV)/developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/developed
	$(BIN)/mypy

format: $(VENV)/developed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fuzz: $(VENV)/developed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[fuzz]" || true
	$(BIN)/python fuzz/run.py all --inputs 2000

bench: $(VENV)/installed
	$(BIN)/python benchmarks/run.py

bench-peers: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[peers]"
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/developed: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@
