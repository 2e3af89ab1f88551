# Which chapter runs after which. The graph itself comes from mmhelix_nb.running.runner; `mmhelix run` is the comfortable way in.
# By hand: snakemake --cores 2 --config profile=mini
import sys
from pathlib import Path

from mmhelix_nb.book.jobs import distance
from mmhelix_nb.book.place import REPORTS, RUNS
from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.running.runner import Place, fingerprints, jobs, stamp_of

PROFILE = str(config.get("profile", "mini"))
FOLDERS = config.get("runs", RUNS), config.get("reports", REPORTS)
PLACE = Place(Path(), read_profile(PROFILE), *FOLDERS)
JOBS = jobs(PLACE.profile)
MARKS = fingerprints(PLACE)
MACHINE = PLACE.profile.machine
ENTRY = "from mmhelix_nb.running.runner import job_main; job_main()"


def stamps(names):
    return [str(stamp_of(PLACE, name)) for name in names]


rule all:
    input:
        stamps(JOBS),


for job in JOBS.values():

    rule:
        name:
            job.name.replace("-", "_")
        # File times are nothing to go by (a fresh clone, an export, a clock gone wrong): what is due follows from the
        # fingerprint. So notebooks are no inputs.
        input:
            ancient(stamps(job.needs)),
        # The stamp is all that Snakemake knows of: it deletes the declared outputs of a failed job, and checkpoints,
        # logs and the half-executed notebook are just what one needs then.
        output:
            stamps([job.name]),
        params:
            job=job.name,
            fingerprint=MARKS[job.name],
            python=sys.executable,
            entry=ENTRY,
            profile=PROFILE,
            folders=FOLDERS,
        threads: 1
        priority: distance(JOBS, job.name)
        resources:
            mem_mb=MACHINE.mem_mb,
            runtime=MACHINE.minutes,
            gpu=MACHINE.gpus if job.chapter.heavy else 0,
        shell:
            "exec {params.python:q} -c {params.entry:q} {params.profile:q} {params.job:q} {params.folders:q} {params.fingerprint}"
