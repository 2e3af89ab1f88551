"""An independent judge of binairo."""

from itertools import product

from mmhelix_nb.shared.search import square_symmetries, transform

OTHERS = ["0", "1", "2", ".", "x"]


def judge(state, tokens) -> bool:
    n = state.size
    if len(tokens) == n * n + 1 and tokens[-1] == ".":
        tokens = tokens[:-1]  # a full stop
    if len(tokens) != n * n or set(tokens) - {"0", "1"}:
        return False
    rows = ["".join(tokens[n * i : n * i + n]) for i in range(n)]
    columns = ["".join(column) for column in zip(*rows)]
    fits = all(
        given is None or str(given) == rows[r][c] for r, row in enumerate(state.grid) for c, given in enumerate(row)
    )
    lines_fine = all(line.count("1") == n // 2 and "000" not in line and "111" not in line for line in rows + columns)
    return fits and lines_fine and len(set(rows)) == len(set(columns)) == n


def count(state, most: int) -> int:
    """By rows: legal rows one after the other, columns checked as they grow."""
    n = state.size

    def fine(line):
        return "000" not in line and "111" not in line and line.count("0") <= n // 2 and line.count("1") <= n // 2

    rows = [row for row in map("".join, product("01", repeat=n)) if fine(row)]

    def extend(grid):
        if len(grid) == n:
            return int(len({*zip(*grid)}) == n)
        found, given = 0, state.grid[len(grid)]
        for row in rows:
            if row in grid or any(cell is not None and str(cell) != sign for cell, sign in zip(given, row)):
                continue
            if not all(fine("".join(column)) for column in zip(*grid, row)):
                continue
            found += extend([*grid, row])
            if found >= most:
                break
        return found

    return min(most, extend([]))


def write(state, tokens) -> str:
    return "\n".join(" ".join(tokens[i : i + state.size]) for i in range(0, len(tokens), state.size))


def guise(state, rng):
    grid = (
        state.grid
        if rng.random() < 0.5
        else tuple(tuple(cell if cell is None else 1 - cell for cell in row) for row in state.grid)
    )
    return type(state)(transform(grid, rng.choice(square_symmetries(state.size))))


def corrupted(row) -> list[str]:
    answer = row["answer"]
    return [_flip(answer, at) for at in (0, 7, 20)] + ["\n".join(answer.split("\n")[:-1]), answer.replace("1", "0")]


def _flip(answer: str, at: int) -> str:
    "The answer with its digit number `at` (of 0 and 1) flipped."
    places = [i for i, sign in enumerate(answer) if sign in "01"]
    place = places[at % len(places)]
    return answer[:place] + "10"[int(answer[place])] + answer[place + 1 :]
