"""An independent judge of maze."""

from mmhelix_nb.shared.search import square_symmetries, transform

OTHERS = ["up", "down", "left", "right", "stay", "0"]
SEVERAL = True  # a walk may turn back


def judge(state, tokens) -> bool:
    picture = state.to_official().split("\n")
    x, y = next((line.index("S"), y) for y, line in enumerate(picture) if "S" in line)
    for token in tokens:
        if token not in ("up", "down", "left", "right"):
            return False
        dx, dy = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}[token]
        if picture[y + dy][x + dx] != " ":
            return False
        x, y = x + 2 * dx, y + 2 * dy
    return bool(tokens) and picture[y][x] == "E"


def guise(state, rng):
    lines = (
        state.lines if rng.random() < 0.5 else tuple(line.translate(str.maketrans("SE", "ES")) for line in state.lines)
    )
    grid = transform(tuple(map(tuple, lines)), rng.choice(square_symmetries(len(lines))))
    return type(state)(
        tuple(
            "".join(sign if sign not in "-|" else "|" if r % 2 else "-" for sign in row) for r, row in enumerate(grid)
        )
    )


def corrupted(row) -> list[str]:
    answer = row["answer"]
    found = [answer.rsplit(" ", 1)[0], answer.split(" ", 1)[1], f"{answer} {answer}"]
    return found + [answer.replace("up", "down"), f"{answer} 3"] if "up" in answer else found
