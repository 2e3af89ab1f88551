"""Verified skeletons a second on two cores at two sizes, memory, and how busy the polishing client keeps a server; JSON into reports/bench/serg.json, the card
of the larger data set into reports/serg/card.md.

`MMHELIX_BENCH_N=100000 make bench` measures the larger size at the paper's scale (half an hour)."""

import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mmhelix_nb import make
from mmhelix_nb.book.place import commit
from mmhelix_nb.book.server import Server
from mmhelix_nb.serg import expert
from mmhelix_nb.traces.polish import Polishing, polish_all

SMALL, LARGE = 1000, int(os.environ.get("MMHELIX_BENCH_N", 4000))
LATENCY, CAPACITY, REQUESTS = 0.5, 8, 320
CARD = Path("reports/serg/card.md")
WANTED = {
    "samples_a_second_at_least": 60,
    "worker_mb_at_most": 1000,
    "client_busy_at_least": 0.9,
    "cost_of_a_sample_large_over_small_at_most": 1.1,
}


def manufacture(n: int) -> dict:
    "Wall seconds of `mmhelix serg --n N` with two workers, and samples a second."
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(Path(sys.executable).with_name("mmhelix")),
            "serg",
            "--n",
            str(n),
            "--out",
            f"{folder}/out",
            "--cores",
            "2",
        ]
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        CARD.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"{folder}/out/README.md", CARD)
    return {"n": n, "seconds": round(seconds, 1), "samples_a_second": round(n / seconds, 1)}


def busy_share() -> float:
    "The share of a server's capacity that the client uses: the least possible time over the time taken. The server has a process of its own."
    skeletons = [
        expert(make(task, 1 + seed % 3, seed))
        for seed in range(REQUESTS // 4)
        for task in ("maze", "binairo", "hanoi", "sudoku")
    ]
    script = Path(__file__).resolve().parents[1] / "fakeserver.py"
    with subprocess.Popen(
        [sys.executable, str(script), str(LATENCY)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as fake:
        url = fake.stdout.readline().strip()
        polish_all(skeletons[:1], Server(url, "fake"), Polishing())  # imports
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            busy = Server(url, "fake", concurrency=CAPACITY)
            outcomes = polish_all(skeletons, busy, Polishing(), f"{folder}/replies.sqlite")
            seconds = time.perf_counter() - began
        fake.stdin.close()
    assert all(outcome.sample for outcome in outcomes)
    return round(len(skeletons) * LATENCY / CAPACITY / seconds, 3)


def main() -> None:
    "Measure, print, write."
    sizes = [manufacture(SMALL), manufacture(LARGE)]
    worker_mb = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    start_s = (sizes[0]["seconds"] * LARGE - sizes[1]["seconds"] * SMALL) / (
        LARGE - SMALL
    )  # what a run takes whatever its size
    rate = (LARGE - SMALL) / (sizes[1]["seconds"] - sizes[0]["seconds"])
    figures = {
        "sizes": sizes,
        "start_s": round(start_s, 1),
        "samples_a_second_after_the_start": round(rate, 1),
        "worker_mb": worker_mb,
        "cost_of_a_sample_large_over_small": round(sizes[1]["seconds"] / sizes[0]["seconds"] * SMALL / LARGE, 3),
        "client_busy": busy_share(),
        "latency_s": LATENCY,
        "capacity": CAPACITY,
    }
    machine = {
        "commit": commit(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
    }
    out = Path("reports/bench/serg.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"machine": machine, "wanted": WANTED, "figures": figures}, indent=1) + "\n")
    print(json.dumps(figures), f"\nwritten to {out}")


if __name__ == "__main__":
    main()
