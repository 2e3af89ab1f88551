"""A real SLURM on one machine: a small `mmhelix serg` through its queue, a worker killed in mid-job, and the same bytes as without; and a training job of two tasks.

`make cluster-test` runs it. It needs root and Debian's packages: apt-get install slurm-wlm munge; without them it is skipped."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from fakebook import ENVIRONMENT, MMHELIX
from test_factory import contents

NEEDED = ("slurmctld", "slurmd", "munged", "squeue", "sinfo")
ORDER = ("--n", "40", "--tasks", "maze,binairo", "--shard-size", "8", "--seed", "5")
WATCH = (
    "--slurm-init-seconds-before-status-checks",
    "3",
    "--seconds-between-status-checks",
    "2",
    "--default-resources",
    "slurm_partition=main",
    "mem_mb=500",
    "runtime=5",
)
CONF = """ClusterName=book
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={next_port}
AuthType=auth/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/ctld.pid
SlurmdPidFile={folder}/d.pid
SlurmctldLogFile={folder}/ctld.log
SlurmdLogFile={folder}/d.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""

missing = [name for name in NEEDED if not shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")]
pytestmark = pytest.mark.skipif(
    bool(missing) or os.geteuid() != 0 or "MMHELIX_CLUSTER" not in os.environ,
    reason=f"run by make cluster-test, as root, with {', '.join(missing) or 'SLURM'} installed",
)


def until(test, seconds: float, what: str):
    """What `test()` returns once it is true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = test()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def said(*command, env=None) -> str:
    """What a command prints; empty where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    return done.stdout if done.returncode == 0 else ""


def free_ports() -> tuple[int, int]:
    """Two free ports."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The environment of a running one-machine SLURM."""
    folder, host = tmp_path_factory.mktemp("slurm"), socket.gethostname().split(".")[0]
    for name in ("state", "spool"):
        (folder / name).mkdir()
    port, next_port = free_ports()
    memory = psutil.virtual_memory().total // 2**20 // 2
    place = Path("/etc/slurm/slurm.conf")  # a job step forgets SLURM_CONF, so the file has to lie where all look for it
    if place.exists():
        pytest.skip(f"{place} exists: a SLURM is configured here already")
    place.parent.mkdir(exist_ok=True)
    place.write_text(
        CONF.format(folder=folder, host=host, port=port, next_port=next_port, cpus=os.cpu_count(), memory=memory)
    )
    environment = {**ENVIRONMENT, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    started = []
    if not said("munge", "-n"):
        Path("/run/munge").mkdir(exist_ok=True)
        shutil.chown("/run/munge", "munge", "munge")
        started.append(
            subprocess.Popen(
                ["runuser", "-u", "munge", "--", "/usr/sbin/munged", "--foreground"], start_new_session=True
            )
        )
        until(lambda: said("munge", "-n"), 10, "munged")
    for name in ("slurmctld", "slurmd"):
        started.append(subprocess.Popen([f"/usr/sbin/{name}", "-D"], env=environment, start_new_session=True))
    until(lambda: "idle" in said("sinfo", "--noheader", env=environment), 40, "an idle node")
    yield environment
    for process in reversed(started):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    place.unlink()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The same order without a cluster."""
    out = tmp_path_factory.mktemp("local") / "out"
    assert (
        subprocess.run([*MMHELIX, "serg", "--out", str(out), *ORDER], env=ENVIRONMENT, capture_output=True).returncode
        == 0
    )
    return contents(out)


def start(out, environment):
    """`mmhelix serg` through the queue."""
    command = [*MMHELIX, "serg", "--out", str(out), *ORDER, "--executor", "slurm", "--cores", "2", "--", *WATCH]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_shards_go_through_the_queue(cluster, local, tmp_path):
    process = start(tmp_path / "out", cluster)
    until(lambda: said("squeue", "--noheader", env=cluster), 60, "a job in the queue")
    _, errors = process.communicate(timeout=400)
    assert process.returncode == 0, errors
    assert contents(tmp_path / "out") == local


def workers() -> list[psutil.Process]:
    """The processes that make a shard inside a SLURM job."""
    found = []
    for one in psutil.process_iter(["cmdline"]):
        line = " ".join(one.info["cmdline"] or ())
        if "shard_main" in line and "python" in line.split()[0]:
            found.append(one)
    return found


def test_a_worker_killed_in_mid_job_is_made_up_for(cluster, local, tmp_path):
    process = start(tmp_path / "out", cluster)
    victim = until(workers, 90, "a worker")[0]
    victim.kill()
    _, errors = process.communicate(timeout=500)
    assert process.returncode == 0, errors
    assert contents(tmp_path / "out") == local


def test_a_job_of_two_tasks_trains_together(cluster, tmp_path):
    from test_launch import command, filled, numbers

    from mmhelix_nb.book.results import read_curve
    from mmhelix_nb.sft import run_sft

    place, curves = filled(tmp_path), []
    run_sft(str(place / "pair.yaml"), "sft", str(place / "runs"), str(place / "one"))
    curves.append(read_curve(place / "one" / "pair" / "sft" / "curve.jsonl"))
    job = command(place, "sft", "sft", "two", "machine.processes=2", "sft.batch_size=2")
    options = ["--ntasks=2", "--mem=3000", "--time=10", "--wait", f"--output={place}/log", f"--chdir={place}"]
    done = subprocess.run(["sbatch", *options, "--wrap", shlex.join(job)], env=cluster, capture_output=True, text=True)
    assert done.returncode == 0, (place / "log").read_text()[-3000:]
    curves.append(read_curve(place / "two" / "pair" / "sft@sft.batch_size=2" / "curve.jsonl"))
    alone, together = (numbers(curve, "loss", "grad_norm") for curve in curves)
    assert together == pytest.approx(alone, rel=1e-5, abs=1e-6)
