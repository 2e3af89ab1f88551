"""Seconds per item of every task and level, microseconds per check, and the import time of the library; JSON into reports/bench/tasks.json."""
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles

from mmhelix_nb import make, tasks
from mmhelix_nb.draw import png

SEEDS = 20


def seconds(action) -> float:
    "Wall seconds of one call."
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def cell(task: str, level: int) -> dict:
    "Generation with picture, and checks of right and wrong answers, over `SEEDS` items."
    made = [seconds(lambda seed=seed: png(make(task, level, seed).image)) for seed in range(SEEDS)]
    checks = []
    for seed in range(SEEDS):
        item = make(task, level, seed)
        for reply in (item.answer, f"\\boxed{{{item.answer}}}", item.answer[:-1], "No"):
            item.check(reply)  # the first check may fill caches
            checks.append(seconds(lambda item=item, reply=reply: item.check(reply)))
    return {
        "task": task, "level": level, "item_median_s": round(median(made), 4), "item_worst_s": round(max(made), 4),
        "check_median_us": round(median(checks) * 1e6, 1), "check_p99_us": round(quantiles(checks, n=100)[98] * 1e6, 1),
    }


def import_seconds() -> float:
    "Median time that a fresh interpreter takes longer with `import mmhelix_nb` than without."
    def fresh(code): return median(seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True)) for _ in range(5))
    return round(fresh("import mmhelix_nb") - fresh("pass"), 3)


if __name__ == "__main__":
    cells = [cell(task, level) for task in tasks() for level in range(1, 6)]
    report = {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "architecture": platform.machine()},
        "import_s": import_seconds(), "all_cells_once_s": round(sum(one["item_median_s"] for one in cells), 3), "cells": cells,
    }
    out = Path("reports/bench/tasks.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")
    print(f"import {report['import_s']} s; one item of each of {len(cells)} cells {report['all_cells_once_s']} s; written to {out}")
