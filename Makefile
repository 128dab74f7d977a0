# Needs Python 3.11 or newer, git and make; the first target that runs makes a virtual environment in .venv.
PYTHON ?= python3
BIN := .venv/bin

export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test coverage check bench clean

demo: .venv/installed
	$(BIN)/gitops-mcp demo

# kubectl comes with the development packages, so the tests look there first. Files in their order: by the number of
# their tests, the longest would come last and alone. Hypothesis has the same examples each time, so that nobody's change
# fails by chance; `pytest` without that profile looks for new ones.
PYTEST := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder \
	--hypothesis-profile=ci

test: .venv/installed
	$(PYTEST)

# Apart, since it makes them half as slow again and is for finding what no test reaches.
coverage: .venv/installed
	$(PYTEST) --cov --cov-report=term

check: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy rbac/bind_cnpg_role.py
	$(BIN)/lint-imports
	$(MAKE) test
	$(MAKE) demo

bench: .venv/installed
	$(BIN)/python bench/run.py

clean:
	rm -rf .venv .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
