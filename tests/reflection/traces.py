"""What traces hold: reasons that suffice by an independent prover, dead ends, repairs, checks, tokens, recurrence; JSON into reports/serg/reflection.json.

The names of tasks as arguments measure only these and print them."""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from provers import prove  # noqa: E402

from mmhelix_nb.book.place import commit  # noqa: E402
from mmhelix_nb.core import make, tasks  # noqa: E402
from mmhelix_nb.serg import LONGEST, expert, is_too_long, reflection  # noqa: E402
from mmhelix_nb.steps import USUAL  # noqa: E402

SEEDS = 50  # a level
TOLD = 20  # of them, among whose samples sentences are looked for again: 100 a task
MEDIANS, RECURRING = (400, 600, 900, 1200, 1600), 0.6  # wanted at most


def cells_of(task: str) -> list[dict]:
    "The figures of a task, level by level."
    samples = [expert(make(task, level, seed)) for level in range(1, 6) for seed in range(SEEDS)]
    shares = []
    for level in range(5):
        own = samples[level * SEEDS : (level + 1) * SEEDS]
        suffice = mean(not prove(task, one.item.state, one.steps) for one in own)
        shares.append({"reasons_suffice": suffice, "too_long": round(mean(map(is_too_long, own)), 3)})
    told = [one for i, one in enumerate(samples) if i % SEEDS < TOLD]
    recurrence = reflection(told)[0]["recurrence"]
    return [row | more | {"recurrence": recurrence} for row, more in zip(reflection(samples), shares)]


def unmet(cells: list[dict]) -> list[str]:
    "What is wanted of a task's traces and is not so, in words."
    found = []
    for one, most, longest in zip(cells, MEDIANS, LONGEST):
        if one["reasons_suffice"] != 1:
            found.append(f"level {one['level']}: reasons suffice in {one['reasons_suffice']}")
        if one["tokens"] > most or one["tokens_p95"] > longest:
            found.append(f"level {one['level']}: {one['tokens']} tokens, p95 {one['tokens_p95']}")
    if cells[0]["recurrence"] > RECURRING:
        found.append(f"{cells[0]['recurrence']} of the sentences recur")
    return found


def main(names: list[str]) -> None:
    "Measure, print what is not as wanted, and write the file where all tasks were measured."
    chosen = names or tasks()
    with ProcessPoolExecutor(2) as pool:
        by_task = dict(zip(chosen, pool.map(cells_of, chosen)))
    missed = {task: found for task, cells in by_task.items() if (found := unmet(cells))}
    for task, cells in by_task.items():
        figures = [f"{one['tokens']}/{one['tokens_p95']}" for one in cells]
        back = [f"{one['with_backtrack']:.2f}" for one in cells]
        print(f"{task:32} tokens", *figures, " dead ends", *back, " recurrence", cells[0]["recurrence"])
        for text in missed.get(task, []):
            print("    " + text)
    if not names:
        found = {"commit": commit(), "seeds": SEEDS, "manner": vars(USUAL), "unmet": missed}
        text = json.dumps(found | {"cells": sum(by_task.values(), [])}, indent=1)
        (TESTS.parent / "reports/serg/reflection.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
