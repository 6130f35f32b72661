# Needs git, make and Python >= 3.11; everything else is installed into .venv.
#
#   make lab     package, JupyterLab at chapter 00; installs what reading needs, no more
#   make book    execute every chapter, write the static site to book/_build/html
#                (SOLUTIONS=no leaves the worked solutions out, for a course)
#   make test    everything that continuous integration checks
#   make course CHAPTERS="01 02 04 07"   a course of these chapters, in the new folder `course`
#
# Another Python: make test PYTHON=python3.12 (after `make clean`, if .venv exists already)

PYTHON ?= python3
JOBS ?= 2
CELL_TIMEOUT ?= 300
CORETYPE ?=
LAB_ARGS ?=
CHAPTERS ?=
COURSE ?= course
ADDRESS ?=
SOLUTIONS ?= yes
EXTRAS := book,test,site,dev,course,package
# One thread per worker, of BLAS and of numba: those of several processes stall each other on the same cores.
# Those of BLAS do so worst: logistic regression of digits takes ten times as long.
ONE_BLAS_THREAD := OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
ONE_THREAD := NUMBA_NUM_THREADS=1 OMP_NUM_THREADS=1 $(ONE_BLAS_THREAD)

VENV := .venv
OLDEST := .venv-oldest
ifeq ($(OS),Windows_NT)
BIN := Scripts
else
BIN := bin
endif
PY := $(VENV)/$(BIN)/python
OLDEST_PY := $(OLDEST)/$(BIN)/python
READING := $(VENV)/.reading
STAMP := $(VENV)/.installed
OLDEST_STAMP := $(OLDEST)/.installed
PIP := -m pip install --quiet --disable-pip-version-check

NOTEBOOKS := $(wildcard notebooks/*.ipynb notebooks/solutions/*.ipynb)
FIRST := $(firstword $(sort $(wildcard notebooks/*.ipynb)))

# What concerns the core alone, without the exercises' checks and the notebooks.
CORE_TESTS := --ignore=tests/test_notebooks.py --ignore-glob='tests/*exercise*' --ignore-glob='tests/*grader*' tests

# What older libraries can change: the core, but neither the pages and the tools around it nor how much
# is learned from data of some size, nor whether a kernel is its twin, which is the same arithmetic.
OLDEST_TESTS := $(addprefix --ignore=tests/,training/test_quoted_numbers.py sampling/test_annealing_bounds.py \
    $(addprefix test_,$(addsuffix .py,address architecture benchmarks course deep_benchmarks defaults docstrings \
    equations frames install_cell installing interrupt live_plot mutations promises readme site sources twins))) \
    $(CORE_TESTS)

# What the kernels compute. As plain Python they are slow, and all else in the package only calls them.
KERNEL_TESTS := tests/machine tests/sampling tests/networks tests/test_same_bits.py tests/test_twins.py \
    $(addprefix tests/training/test_,contrastive.py gradient.py negative.py optimize.py)

.PHONY: help lab book course test unit nojit doctest nbval oldest elsewhere site-test dist package coverage mutations lint types format notebooks env clean
.NOTPARALLEL:

help:
	@sed -n '3,9s/^# \{0,1\}//p' Makefile

# ---- reading

# no request for news or updates, and no question about them
LAB_SETTINGS := {"@jupyterlab/apputils-extension:notification": \
    {"checkForUpdates": false, "fetchNews": "false"}}

lab: $(READING)
	@mkdir -p $(VENV)/share/jupyter/lab/settings
	@echo '$(LAB_SETTINGS)' > $(VENV)/share/jupyter/lab/settings/overrides.json
	$(PY) -m jupyterlab --allow-root --ServerApp.root_dir="$(CURDIR)" \
	    --LabApp.default_url="/lab/tree/$(FIRST)" $(LAB_ARGS)

book: $(STAMP)
	rm -rf book/notebooks book/_frames book/_build
	$(PY) tools/notebooks.py run --timeout $(CELL_TIMEOUT) --output book/notebooks \
	    --frames book/_frames
	$(PY) -m sphinx -W --keep-going -q -b html $(if $(filter no,$(SOLUTIONS)),-D solutions=0) \
	    book book/_build/html
	@echo "The book is in book/_build/html/index.html"

# ---- teaching: see TEACHING.md

course: $(STAMP)
	$(PY) tools/course.py "$(COURSE)" $(CHAPTERS) --address "$(ADDRESS)"

# ---- checking

test: lint types unit doctest nbval nojit oldest
	@echo "make test: all steps passed"

lint: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(STAMP)
	$(PY) -m mypy

unit: $(STAMP)
	$(ONE_BLAS_THREAD) $(PY) -m pytest -p no:nbval -n $(JOBS) tests

# the tests of the kernels and of what stands right on them, the kernels run as plain Python
nojit: $(STAMP)
	$(ONE_THREAD) NUMBA_DISABLE_JIT=1 $(PY) -m pytest -p no:nbval -n $(JOBS) -m "not jit" $(KERNEL_TESTS)

doctest: $(STAMP)
	$(PY) -m pytest -p no:nbval --doctest-modules rbmbook

# the warnings here would be those of the notebook tools; a chapter's own fail as stderr
nbval: $(STAMP)
ifeq ($(NOTEBOOKS),)
	@echo "nbval: there are no notebooks"
else
	$(ONE_THREAD) $(PY) -m pytest --nbval --nbval-current-env --nbval-cell-timeout=$(CELL_TIMEOUT) \
	    --nbval-kernel-startup-timeout=120 -W default -n $(JOBS) --dist loadfile $(NOTEBOOKS)
endif

# sdist and wheel, checked, in dist/
dist: $(STAMP)
	$(PY) tools/package.py build

# By hand and in the workflow: the wheel where there is nothing else, on every supported Python that is there
package: dist
	$(PY) tools/package.py try

# The oldest supported versions, from an installed wheel: -P keeps the checkout off sys.path.
# They exist for Python 3.11 and 3.12 only.
oldest: $(STAMP) dist
	@if $(PY) -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; then \
	    $(MAKE) --no-print-directory oldest-run; \
	else \
	    echo "oldest: SKIPPED, the oldest supported versions need Python 3.11 or 3.12"; \
	fi

.PHONY: oldest-run
oldest-run: $(OLDEST_STAMP)
	$(OLDEST_PY) $(PIP) --no-deps --force-reinstall dist/*.whl
	$(ONE_THREAD) $(OLDEST_PY) -P -m pytest -p no:nbval -n $(JOBS) $(OLDEST_TESTS)

# By hand: the tests and the book as on an older processor; `make elsewhere CORETYPE=Nehalem` (or
# Haswell) changes the matrix products too. What this machine lacks is skipped, and so said.
elsewhere: $(STAMP)
	$(PY) tools/elsewhere.py $(if $(CORETYPE),--blas $(CORETYPE)) \
	    $(MAKE) --no-print-directory unit doctest nbval
	@echo "make elsewhere: all steps passed"

# After `make book`: the site as a browser sees it, at three widths; needs Chromium or Chrome, and npm
# for axe-core, which tells what keeps readers out.
AXE := .axe/node_modules/axe-core/axe.min.js
$(AXE):
	npm install --silent --no-audit --no-fund --prefix .axe axe-core@4.14

site-test: $(STAMP) $(AXE)
	$(PY) tools/site_test.py

# By hand: the lines of the core that no unit test runs. Compiled lines cannot be counted, so that the
# tests run twice, once with the kernels as plain Python; this takes longer than `make unit nojit`.
coverage: $(STAMP)
	rm -f .coverage .coverage.*
	$(ONE_THREAD) $(PY) -m coverage run -m pytest -p no:nbval -n $(JOBS) $(CORE_TESTS)
	$(ONE_THREAD) NUMBA_DISABLE_JIT=1 $(PY) -m coverage run -m pytest -p no:nbval -n $(JOBS) -m "not jit" $(CORE_TESTS)
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report

# By hand: break the core in the ways that tools/mutations.toml lists, and see whether the tests
# notice each; half an hour on a machine that has other things to do.
mutations: $(STAMP)
	$(PY) tools/mutate.py

# ---- writing

format: $(STAMP)
	$(PY) tools/address.py
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	$(PY) tools/notebooks.py clean

# execute all notebooks in place and bring them to their canonical form
notebooks: $(STAMP)
	$(PY) tools/notebooks.py run --timeout $(CELL_TIMEOUT)

# ---- environments: made again when pyproject.toml or the constraints are newer than the stamp

env: $(STAMP)

# $(call venv,folder): make a virtual environment there unless it has a working pip
define venv
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
    echo "rbmbook needs Python 3.11 or newer; name one: make ... PYTHON=python3.12"; exit 1; }
@$(1)/$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(1) || { \
    echo "could not make $(1); on Debian and Ubuntu: apt install python3-venv"; exit 1; }
endef

# $(call install,extras): the package from here. The exact versions were found on Python 3.11 and
# resolve on 3.12 and 3.13.
define install
@echo "installing rbmbook[$(1)] into $(VENV); the first time takes a few minutes"
$(PY) $(PIP) -e ".[$(1)]" \
    $$($(PY) -c 'import sys; print("-c constraints.txt" * (sys.version_info < (3, 14)))')
endef

$(READING): pyproject.toml constraints.txt
	$(call venv,$(VENV))
	$(call install,book)
	@touch $@

# what contributing needs has what reading needs
$(STAMP): pyproject.toml constraints.txt
	$(call venv,$(VENV))
	$(call install,$(EXTRAS))
	@touch $(READING) $@

$(OLDEST_STAMP): pyproject.toml constraints-oldest.txt
	$(call venv,$(OLDEST))
	@echo "installing the oldest supported versions into $(OLDEST)"
	$(OLDEST_PY) $(PIP) ".[test]" -c constraints-oldest.txt
	@touch $@

clean:
	rm -rf $(VENV) $(OLDEST) dist book/_build book/_frames book/notebooks .pytest_cache .mypy_cache \
	    .axe .ruff_cache .hypothesis .coverage .coverage.* .numba_elsewhere
