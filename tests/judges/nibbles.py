"""An independent judge of nibbles."""

from mmhelix_nb.shared.search import square_symmetries

OTHERS = ["up", "down", "left", "right", "stay", "0"]
SEVERAL = True  # there are many ways to the apples
TURNS = {"up": -1j, "down": 1j, "left": -1, "right": 1}


def judge(state, tokens) -> bool:
    trail = [complex(c, r) for r, c in reversed(state.snake)]  # tail to head, and every cell since
    length, apples, facing = len(trail), {complex(c, r) for r, c in state.apples}, TURNS[state.direction]
    for token in tokens:
        if token not in TURNS or TURNS[token] == -facing:
            return False
        facing = TURNS[token]
        head = trail[-1] + facing
        if min(head.real, head.imag) < 0 or max(head.real, head.imag) >= state.size or head in trail[-length:]:
            return False
        trail.append(head)
        if head in apples:
            apples.discard(head)
            length += 1
    return bool(tokens) and not apples


def guise(state, rng):
    move = rng.choice(square_symmetries(state.size))
    names = {(-1, 0): "up", (1, 0): "down", (0, -1): "left", (0, 1): "right"}
    (r, c), turn = state.snake[0], TURNS[state.direction]
    head, front = move(r, c), move(r + int(complex(turn).imag), c + int(complex(turn).real))
    apples = [move(*cell) for cell in state.apples]
    rng.shuffle(apples)
    return type(state)(
        state.size,
        tuple(move(*cell) for cell in state.snake),
        names[front[0] - head[0], front[1] - head[1]],
        tuple(apples),
    )


def corrupted(row) -> list[str]:
    answer = row["answer"]
    return [answer.rsplit(" ", 1)[0], f"{answer} north", f"{answer} 3", " ".join(["up"] * 30), "left right " + answer]
