"""What solvers without look-ahead or way back get, beside chance, and what the levels cost, over 200 seeds of every task and level; JSON into reports/shallow.json.

The names of tasks as arguments measure only these and print them."""

import json
import sys
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from statistics import mean, median

from mmhelix_nb import make, tasks
from mmhelix_nb.book.place import commit
from mmhelix_nb.core import Instance, by_nature
from mmhelix_nb.steps import Manner
from mmhelix_nb.verifiers import chance_floor, shallow_scores

SEEDS = 200
TRACED = 50  # of them, whose search is told, and on which the solvers have eight tries
TRIES = 8
HARD = (3, 4, 5)  # levels at which the wanted shares hold
MOST, MOST_ABOVE_CONSTANT, LEAK = 0.50, 0.15, 0.05


def counts(item: Instance) -> dict[str, int]:
    "The plain counts that a puzzle shows: the length of each field of its state, and of its text."
    fields = {name: len(value) for name, value in vars(item.state).items() if isinstance(value, (tuple, str))}
    return fields | {"words": len(item.question("text").split())}


def leak(items: list[Instance]) -> dict:
    "How far above the constant a single count tells the kind of answer (Yes, No, a list), in the best of twofold cross-validation."
    kinds = [item.answer if item.answer in ("Yes", "No") else "other" for item in items]
    constant, best = max(Counter(kinds).values()) / len(items), {"count": "", "above": 0.0}
    if constant == 1:
        return {"above": 0.0}
    for name in counts(items[0]):
        values, right = [counts(item)[name] for item in items], 0
        for half in (0, 1):  # learned on one half, told on the other
            seen: dict[int, Counter] = defaultdict(Counter)
            for value, kind in list(zip(values, kinds))[half::2]:
                seen[value][kind] += 1
            usual = Counter(kinds[half::2]).most_common(1)[0][0]
            told = list(zip(values, kinds))[1 - half :: 2]
            right += sum(kind == (seen[value].most_common(1)[0][0] if value in seen else usual) for value, kind in told)
        above = right / len(items) - constant
        if above > best["above"]:
            best = {"count": name, "above": round(above, 3)}
    return best


def cell(task: str, level: int) -> dict:
    "The figures of one cell."
    began = time.perf_counter()
    items = [make(task, level, seed) for seed in range(SEEDS)]
    for item in items:
        item.answer  # noqa: B018  solved once, kept
    seconds = time.perf_counter() - began
    scores, floor = shallow_scores(items), chance_floor(task, items[:60])
    best = max(scores, key=lambda name: scores[name])
    back = [
        sum(step.kind == "backtrack" for step in item.module.trace(item.state, Random(0), Manner()))
        for item in items[:TRACED]
    ]
    again = shallow_scores(items[:TRACED], TRIES)
    return {
        "task": task,
        "level": level,
        "seeds": SEEDS,
        "solvers": {name: round(score, 3) for name, score in scores.items()},
        "best": best,
        "shallow": round(scores[best], 3),
        "eight_tries": round(max(again.values()), 3),
        "constant": round(floor["constant"], 3),
        "leak": leak(items),
        "effort": median(item.solution.effort for item in items),
        "answer_characters": round(mean(len(item.answer) for item in items), 1),
        "with_dead_end": round(mean(map(bool, back)), 3),
        "dead_ends": round(mean(back), 2),
        "item_ms": round(1000 * seconds / SEEDS, 1),
    }


def unmet(cells: list[dict]) -> list[str]:
    "What is wanted of a task's cells and is not so, in words."
    task, found = cells[0]["task"], []
    if not by_nature(task):
        for one in cells:
            most = max(MOST, one["constant"] + MOST_ABOVE_CONSTANT)
            if one["level"] in HARD and one["shallow"] > most:
                found.append(f"level {one['level']}: {one['best']} gets {one['shallow']}")
        if cells[-1]["shallow"] > cells[0]["shallow"]:
            found.append("the shallow share does not fall")
    found += [f"level {one['level']}: {one['leak']} leaks" for one in cells if one["leak"]["above"] > LEAK]
    for name in ("effort", "answer_characters"):
        if any(a[name] >= b[name] for a, b in zip(cells, cells[1:])):
            found.append(f"{name} does not rise: {[one[name] for one in cells]}")
    if any(a["with_dead_end"] > b["with_dead_end"] + 0.08 for a, b in zip(cells, cells[1:])):
        found.append(f"dead ends fall: {[one['with_dead_end'] for one in cells]}")
    return found


def main(names: list[str]) -> None:
    "Measure, print what is not as wanted, and write the file."
    chosen = names or tasks()
    with ProcessPoolExecutor(2) as pool:
        cells = [pool.submit(cell, task, level) for task in chosen for level in range(1, 6)]
        by_task = {task: [one.result() for one in cells[5 * i : 5 * i + 5]] for i, task in enumerate(chosen)}
    missed = {task: found for task, own in by_task.items() if (found := unmet(own))}
    for task, own in by_task.items():
        print(
            f"{task:32}",
            *(f"{one['shallow']:.2f}" for one in own),
            " eight tries",
            *(f"{one['eight_tries']:.2f}" for one in own),
            " dead ends",
            *(f"{one['with_dead_end']:.2f}" for one in own),
            " ms",
            *(one["item_ms"] for one in own),
        )
        print(*(f"    {text}" for text in missed.get(task, [])), sep="\n", end="\n" if task in missed else "")
    write_report(by_task, missed, names)


def write_report(by_task: dict[str, list[dict]], missed: dict[str, list[str]], names: list[str]) -> None:
    "The file anew; where only some tasks were measured, their lines in the one that stands, with the commit of each."
    path = Path(__file__).parents[2] / "reports/shallow.json"
    found = {
        "commit": commit(),
        "seeds": SEEDS,
        "by_nature": [task for task in tasks() if by_nature(task)],
        "unmet": missed,
    }
    if names:
        old = json.loads(path.read_text(encoding="utf-8"))
        kept = [one for one in old.pop("cells") if one["task"] not in names]
        again = {**old.get("measured_again", {}), **dict.fromkeys(names, found["commit"])}
        rest = {task: text for task, text in old["unmet"].items() if task not in names}
        found = old | {"by_nature": found["by_nature"], "unmet": rest | missed, "measured_again": again}
        cells = sorted(kept + sum(by_task.values(), []), key=lambda one: (tasks().index(one["task"]), one["level"]))
    else:
        cells = sum(by_task.values(), [])
    path.write_text(json.dumps(found | {"cells": cells}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
