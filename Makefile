# Needs Python 3.11 or newer, git and make; the first target that runs makes a virtual environment in .venv.
PYTHON ?= python3
BIN := .venv/bin

export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where nothing compiled may be kept, each worker and each server that a test starts compiles all of it again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test coverage fuzz check bench docs links pictures clean

demo: .venv/installed
	$(BIN)/gitops-mcp demo

# kubectl comes with the development packages, so the tests look there first. Files in the order of tests/conftest.py: by
# the number of their tests, the longest would come last and alone. Both profiles have the same examples each time, so
# that nobody's change fails by chance; `pytest` without one looks for new ones.
# Two workers a processor: for a third of their time the tests wait, for git, servers and time-outs.
WORKERS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
ALONE := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest
PYTEST := $(ALONE) -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# Once, which each worker would do for itself at the same time.
COMPILE := $(BIN)/python -m compileall -q -j 0 gitops_mcp tests evals
FEW := --hypothesis-profile=few -m "not thorough"
EVERYTHING := --hypothesis-profile=all

# What a contributor waits for, four minutes on two processors: one in ten examples of each law, and no further form of
# what is shown already.
# Plain asserts: to have them tell their values takes a tenth of the time, so what fails is run again for that.
test: .venv/installed
	$(COMPILE)
	$(PYTEST) --assert=plain $(FEW) || { $(ALONE) $(FEW) --last-failed --last-failed-no-failures=none; exit 1; }

# Apart, since it makes them half as slow again and is for finding what no test reaches.
coverage: .venv/installed
	$(PYTEST) $(EVERYTHING) --cov --cov-report=term

# Twenty times the examples of tests/fuzz, and others each time; one that fails is printed with what repeats it. As many
# kills more as well, of which a longer lot has other ones.
fuzz: .venv/installed
	$(PYTEST) --hypothesis-profile=fuzz tests/fuzz tests/e2e/test_kill.py

check: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy rbac/bind_cnpg_role.py
	$(BIN)/lint-imports
	$(COMPILE)
	$(PYTEST) $(EVERYTHING)
	$(MAKE) demo

# The pages as a site in build/site; a broken link or anchor, or a page that nav does not name, fails.
docs: .venv/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# The only target that asks other hosts, and so none of `make check`: each external link of the README and the pages.
links: .venv/installed
	$(BIN)/python -m tests.external_links

# Of the cards, in a real browser: what a change of theirs looks like is in the diff.
pictures: .venv/installed
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.ui.screenshots

bench: .venv/installed
	$(BIN)/python bench/run.py

clean:
	rm -rf .venv .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
