"""An independent judge of sokoban."""

OTHERS = ["up", "down", "left", "right", "stay", "0"]
SEVERAL = True  # a walk may turn back
TURNS = {"up": -1j, "down": 1j, "left": -1, "right": 1}


def judge(state, tokens) -> bool:
    board = {
        complex(x, y): sign for y, line in enumerate(state.to_official().split("\n")) for x, sign in enumerate(line)
    }
    player = next(place for place, sign in board.items() if sign in "@+")
    crates = {place for place, sign in board.items() if sign in "$*"}
    for token in tokens:
        if token not in TURNS:
            return False
        player += TURNS[token]
        if board.get(player, "#") == "#":
            return False
        if player in crates:
            pushed = player + TURNS[token]
            if pushed in crates or board.get(pushed, "#") == "#":
                return False
            crates ^= {player, pushed}
    return bool(tokens) and all(board[place] in ".*+" for place in crates)


def guise(state, rng):
    lines = list(state.lines)
    for _ in range(rng.randrange(4)):
        lines = ["".join(line) for line in zip(*lines[::-1])]
    if rng.random() < 0.5:
        lines = [line[::-1] for line in lines]
    return type(state)(tuple(lines))


def corrupted(row) -> list[str]:
    answer = row["answer"]
    return [
        answer.rsplit(" ", 1)[0],
        f"{answer} north",
        f"{answer} 3",
        " ".join(["up"] * 30),
        "up " * 20 + answer,
        " ".join(["left", "right"] * 5),
    ]
