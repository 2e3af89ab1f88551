"""Seconds of a core per item of every task and level, microseconds per check, the whole benchmark, memory, import time; JSON into reports/bench/tasks.json."""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from mmhelix_nb import make, tasks
from mmhelix_nb.book.place import commit
from mmhelix_nb.shared.raster import png

SEEDS = 50
PUBLISHED_S = (
    109  # the published generators, one item of each of the 210 cells, one core of another two-core machine, +-30 %
)
WANTED = {
    "one_puzzle_of_each_cell_s": 2,
    "one_item_of_each_cell_s": 5,
    "slowest_cell_median_s": 0.3,
    "slowest_item_s": 2,
    "benchmark_two_workers_s": 20,
    "check_median_us": 100,
    "check_p99_us": 2000,
    "junk_1mb_ms": 50,
    "worker_mb": 500,
}


def seconds(action, clock=time.process_time) -> float:
    "What one call takes, in seconds of a core; with `time.perf_counter` as the `clock` in wall seconds, for what other processes do."
    began = clock()
    action()
    return clock() - began


def cell(task: str, level: int) -> tuple[dict, list[float]]:
    "Puzzles and their pictures over `SEEDS` items, and the seconds of checks of right and wrong answers."
    items = []
    puzzles = [seconds(lambda seed=seed: items.append(make(task, level, seed))) for seed in range(SEEDS)]
    made = [puzzle + seconds(lambda item=item: png(item.image)) for puzzle, item in zip(puzzles, items)]
    checks = []
    for item in items[::5]:
        for reply in (item.answer, f"\\boxed{{{item.answer}}}", item.answer[:-1], "No"):
            item.check(reply)  # the first check may fill caches
            checks.append(seconds(lambda item=item, reply=reply: item.check(reply)))
    found = {
        "task": task,
        "level": level,
        "puzzle_median_s": round(median(puzzles), 4),
        "item_median_s": round(median(made), 4),
        "item_worst_s": round(max(made), 4),
        "check_median_us": round(median(checks) * 1e6, 1),
        "check_worst_us": round(max(checks) * 1e6, 1),
    }
    return found, checks


JUNK = (
    "9" * 1_000_000,
    "[" * 1_000_000,
    "[0, " * 250_000,
    "(1, 2) " * 142_857,
    "{}" * 500_000,
    "\\boxed{" * 140_000,
    "²٣é" * 333_333,
    "up " * 333_333,
    " " * 999_999 + "x",
    "I think [" * 111_111,
    "<think> " * 125_000,
)


def slowest_junk() -> float:
    "The longest time that any task takes for 1 MB of nonsense, in ms."
    worst = 0.0
    for task in tasks():
        item = make(task, 5, 0)
        item.check("")
        worst = max(
            worst, *(min(seconds(lambda item=item, text=text: item.check(text)) for _ in range(2)) for text in JUNK)
        )
    return round(1000 * worst, 1)


def import_seconds() -> float:
    "Median time that a fresh interpreter takes longer with `import mmhelix_nb` than without."

    def fresh(code):
        command = [sys.executable, "-c", code]
        return median(seconds(lambda: subprocess.run(command, check=True), time.perf_counter) for _ in range(5))

    return round(fresh("import mmhelix_nb") - fresh("pass"), 3)


def whole_benchmark() -> tuple[float, float]:
    "Seconds of `mmhelix generate` with two workers, and the memory of its largest process in MB."
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(Path(sys.executable).with_name("mmhelix")),
            "generate",
            "--out",
            f"{folder}/bench",
            "--workers",
            "2",
        ]
        took = seconds(lambda: subprocess.run(command, check=True, capture_output=True), time.perf_counter)
    return round(took, 1), round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def main() -> None:
    "Measure, print, write."
    import_s, (benchmark_s, worker_mb) = import_seconds(), whole_benchmark()
    cells, checks = [], []
    for task in tasks():
        for level in range(1, 6):
            found, times = cell(task, level)
            cells.append(found)
            checks += times
    figures = {
        "one_puzzle_of_each_cell_s": round(sum(one["puzzle_median_s"] for one in cells), 3),
        "one_item_of_each_cell_s": round(sum(one["item_median_s"] for one in cells), 3),
        "slowest_cell_median_s": max(one["item_median_s"] for one in cells),
        "slowest_item_s": max(one["item_worst_s"] for one in cells),
        "benchmark_two_workers_s": benchmark_s,
        "worker_mb": worker_mb,
        "check_median_us": round(median(checks) * 1e6, 1),
        "check_p99_us": round(quantiles(checks, n=100)[98] * 1e6, 1),
        "junk_1mb_ms": slowest_junk(),
    }
    machine = {
        "commit": commit(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
    }
    report = {
        "machine": machine,
        "seeds": SEEDS,
        "import_s": import_s,
        "published_one_item_of_each_cell_s": PUBLISHED_S,
        "wanted_at_most": WANTED,
        "figures": figures,
        "cells": cells,
    }
    out = Path("reports/bench/tasks.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")
    for name, value in figures.items():
        print(f"{name:28} {value:>10}   wanted at most {WANTED[name]:<6} {'' if value <= WANTED[name] else 'MISSED'}")
    slow = sorted(cells, key=lambda one: -one["item_median_s"])[:8]
    print(
        "slowest cells:",
        ", ".join(f"{one['task']} {one['level']} {one['item_median_s']} s" for one in slow),
        f"\nwritten to {out}",
    )


if __name__ == "__main__":
    main()
