"""How many different puzzles each task and level holds, estimated from how often draws repeat; prints the SPACES of each task.

Of n draws the pairs that are equal up to symmetry are n(n-1)/2 divided by the effective number of forms (all forms, if they are equally likely). A cell whose first
draws never repeat has more than a million or so and is not listed. The names of tasks as arguments measure only these."""

import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from mmhelix_nb import make, tasks
from mmhelix_nb.core import small_spaces

FIRST, MOST, SECONDS = 300, 2000, 40  # draws before a cell without repeats is left, draws at most, time for a cell
ENOUGH = 12  # equal pairs for an estimate within a third


def estimate(task: str, level: int) -> float | None:
    "The number of forms of a cell; None where draws do not repeat."
    seen, began = Counter(), time.monotonic()
    for seed in range(MOST):
        seen[make(task, level, 10**9 + seed).canon] += 1
        pairs = sum(count * (count - 1) // 2 for count in seen.values()) if seed % 50 == 49 else 0
        slow = time.monotonic() - began > SECONDS
        if pairs >= ENOUGH or (seed >= FIRST and slow):
            break
    n = seen.total()
    pairs = sum(count * (count - 1) // 2 for count in seen.values())
    return n * (n - 1) / 2 / pairs if pairs > 2 else None


def rounded(forms: float) -> int:
    "A number to two digits."
    digits = len(str(int(forms))) - 2
    return round(forms, -digits) if digits > 0 else int(forms)


def main(names: list[str]) -> None:
    "Print what was found beside what the task declares."
    with ProcessPoolExecutor(2) as pool:
        found = {
            (task, level): pool.submit(estimate, task, level) for task in names or tasks() for level in range(1, 6)
        }
        for task in names or tasks():
            own = {level: found[task, level].result() for level in range(1, 6)}
            told = {level: int(rounded(forms)) for level, forms in own.items() if forms and forms < 10**6}
            if told or small_spaces(task):
                print(task, "SPACES =", told, "declared", small_spaces(task), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
