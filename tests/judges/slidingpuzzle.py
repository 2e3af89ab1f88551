"""An independent judge of slidingpuzzle."""

from mmhelix_nb.shared.search import transform

OTHERS = ["up", "down", "left", "right", "stay", "5"]
SEVERAL = True  # a tile may slide to and fro


def judge(state, tokens) -> bool:
    """Tiles by their places: the tile at a fixed offset from the gap changes places with it."""
    where = {tile: complex(c, r) for r, row in enumerate(state.grid) for c, tile in enumerate(row)}
    for token in tokens:
        if token not in ("up", "down", "left", "right"):
            return False
        source = where[0] - {"up": -1j, "down": 1j, "left": -1, "right": 1}[token]
        tile = next((tile for tile, place in where.items() if place == source), None)
        if tile is None:
            return False
        where[tile], where[0] = where[0], source
    return bool(tokens) and all(where[tile] == complex((tile - 1) % 4, (tile - 1) // 4) for tile in range(1, 16))


def guise(state, rng):
    if rng.random() < 0.5:
        return state
    moved = transform(state.grid, lambda r, c: (c, r))
    return type(state)(
        tuple(tuple(tile and 4 * ((tile - 1) % 4) + (tile - 1) // 4 + 1 for tile in row) for row in moved)
    )


def corrupted(row) -> list[str]:
    words = row["answer"].split()
    back = {"up": "down", "down": "up", "left": "right", "right": "left"}
    found = [
        " ".join(words[:-1]),
        " ".join(words[1:]),
        " ".join(back[word] for word in words),
        f"{row['answer']} {back[words[-1]]}",
        f"{row['answer']} 3",
    ]
    return [*found, f"{row['answer']} stop", " ".join([*words, *words])]
