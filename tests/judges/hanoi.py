"""An independent judge of hanoi."""

import json
import re

OTHERS = [f"({disk},{peg})" for disk in range(1, 5) for peg in range(1, 4)] + ["(0,1)", "(9,3)", "(1,4)"]
SEVERAL = True  # detours are legal


def judge(state, tokens) -> bool:
    """Positions as a dict from disk to peg: a disk may move where no smaller disk lies on either peg."""
    where = {disk: peg for peg, disks in enumerate(state.pegs, 1) for disk in disks}
    for token in tokens:
        disk, to = map(int, token.strip("()").split(","))
        if disk not in where or to not in (1, 2, 3) or to == where[disk]:
            return False
        if any(where[smaller] in (to, where[disk]) for smaller in range(1, disk)):
            return False
        where[disk] = to
    return bool(tokens) and set(where.values()) == {3}


def split(answer) -> list[str]:
    return re.findall(r"\(\d,\d\)", answer)


def guise(state, rng):
    first, second, third = state.pegs
    return type(state)((second, first, third) if rng.random() < 0.5 else state.pegs)


def corrupted(row) -> list[str]:
    moves, disks = split(row["answer"]), sum(map(len, json.loads(row["initial_state"])))
    found = [
        " ".join(moves[:-1]),
        f"{row['answer']} ({disks},1)",
        row["answer"][:-1],
        f"{row['answer']} 3",
        f"({disks + 1},3) {row['answer']}",
    ]
    return found + [row["answer"].replace(",3)", ",2)"), " ".join(moves + moves[-1:])]
