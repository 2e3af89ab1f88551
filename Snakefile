# Which chapter runs after which. The graph itself comes from mmhelix_nb.running.points; `mmhelix run` is the comfortable way in.
# By hand: snakemake --cores 2 --config profile=mini
import json
import re
import sys
from pathlib import Path

from mmhelix_nb.book.jobs import distance
from mmhelix_nb.book.place import REPORTS, RUNS
from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.running.points import fingerprints, jobs, runs_of, stamp_of

PROFILE = str(config.get("profile", "mini"))
FOLDERS = config.get("runs", RUNS), config.get("reports", REPORTS)
POINTS = config.get("points", [[]])  # a list of overrides for each point of a sweep
POINTS = [read_profile(PROFILE, overrides=point) for point in (json.loads(POINTS) if isinstance(POINTS, str) else POINTS)]
ALL = runs_of(POINTS, Path(), *FOLDERS)
MARKS = fingerprints(ALL)
ENTRY = "from mmhelix_nb.running.runner import job_main; job_main()"


def stamps(names):
    return [str(stamp_of(ALL[name].place, ALL[name].job.name)) for name in names]


rule all:
    input:
        stamps(ALL),


for run in ALL.values():

    rule:
        name:
            re.sub(r"\W", "_", run.name)
        # File times are nothing to go by (a fresh clone, an export, a clock gone wrong): what is due follows from the
        # fingerprint. So notebooks are no inputs.
        input:
            ancient(stamps(run.needs)),
        # The stamp is all that Snakemake knows of: it deletes the declared outputs of a failed job, and checkpoints,
        # logs and the half-executed notebook are just what one needs then.
        output:
            stamps([run.name]),
        params:
            job=run.job.name,
            fingerprint=MARKS[run.name],
            python=sys.executable,
            entry=ENTRY,
            profile=PROFILE,
            folders=FOLDERS,
            overrides=run.told(PROFILE)["overrides"],
        threads: 1
        priority: distance(jobs(run.place.profile), run.job.name)
        resources:
            mem_mb=run.place.profile.machine.mem_mb,
            runtime=run.place.profile.machine.minutes,
            gpu=run.place.profile.machine.gpus if run.job.chapter.heavy else 0,
        shell:
            "exec {params.python:q} -c {params.entry:q} {params.profile:q} {params.job:q} {params.folders:q} {params.fingerprint}"
            " {params.overrides:q}"
