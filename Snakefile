# Which chapter runs after which. The graph itself comes from mmhelix_nb.running.runner; `mmhelix run` is the comfortable way in.
# By hand: snakemake --cores 2 --config profile=mini
import sys

from mmhelix_nb.book.place import REPORTS, RUNS, book_folder
from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.running.runner import fingerprints, jobs

PROFILE = str(config.get("profile", "mini"))
FOLDERS = config.get("runs", RUNS), config.get("reports", REPORTS)
SETTINGS = read_profile(PROFILE)
JOBS = {job.name: job for job in jobs(SETTINGS, *FOLDERS)}
MARKS = fingerprints(SETTINGS, book_folder(), *FOLDERS)
GPUS = SETTINGS.machine.gpus
ENTRY = "from mmhelix_nb.running.runner import job_main; job_main()"


rule all:
    input:
        [job.outputs[0] for job in JOBS.values()],


for job in JOBS.values():

    rule:
        name:
            job.name.replace("-", "_")
        # File times are nothing to go by (a fresh clone, an export, a clock gone wrong): what is due follows from the
        # fingerprint. So notebooks are no inputs.
        input:
            ancient([JOBS[name].outputs[0] for name in job.needs]),
        # The stamp is all that Snakemake knows of: it deletes the declared outputs of a failed job, and checkpoints,
        # logs and the half-executed notebook are just what one needs then.
        output:
            job.outputs[0],
        params:
            job=job.name,
            fingerprint=MARKS[job.name],
            python=sys.executable,
            entry=ENTRY,
            profile=PROFILE,
            folders=FOLDERS,
        threads: 1
        priority: job.priority
        resources:
            mem_mb=SETTINGS.machine.mem_mb,
            runtime=SETTINGS.machine.minutes,
            gpu=GPUS if job.heavy else 0,
        shell:
            "exec {params.python:q} -c {params.entry:q} {params.profile:q} {params.job:q} {params.folders:q} {params.fingerprint}"
