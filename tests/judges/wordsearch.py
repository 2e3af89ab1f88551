"""An independent judge of wordsearch."""

STEPS = {
    "N": (-1, 0),
    "S": (1, 0),
    "E": (0, 1),
    "W": (0, -1),
    "NE": (-1, 1),
    "NW": (-1, -1),
    "SE": (1, 1),
    "SW": (1, -1),
}
OTHERS = [*STEPS, *map(str, range(9)), "-1", "FOX", "or"]


def judge(state, tokens) -> bool:
    names, numbers = [token for token in tokens if token.isalpha()], [token for token in tokens if not token.isalpha()]
    ways = set(names) - {state.word}
    if names.count(state.word) != 1 or len(ways) != 1 or not ways <= set(STEPS):
        return False
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        return False
    if tokens != names + numbers or state.word not in (names[0], names[-1]):  # bare tokens: the place stands last
        return False
    column, row = map(int, numbers)
    down, right = STEPS[ways.pop()]
    cells = {(r, c): letter for r, line in enumerate(state.grid, 1) for c, letter in enumerate(line, 1)}
    return all(cells.get((row + i * down, column + i * right)) == letter for i, letter in enumerate(state.word))


def count(state, most) -> int:
    lines = [
        [(r + i * down, c + i * right) for i in range(len(state.word))]
        for r in range(state.size)
        for c in range(state.size)
        for down, right in STEPS.values()
    ]
    cells = {(r, c): letter for r, line in enumerate(state.grid) for c, letter in enumerate(line)}
    return min(most, sum(all(cells.get(cell) == letter for cell, letter in zip(line, state.word)) for line in lines))


def guise(state, rng):
    grid = state.grid
    for _ in range(rng.randrange(4)):
        grid = tuple(zip(*grid[::-1]))
    if rng.random() < 0.5:
        grid = grid[::-1]
    return type(state)(grid, state.word)


def corrupted(row) -> list[str]:
    word, way, _, place = row["answer"].split(" ", 3)
    x, y = (int(part) for part in place.strip("()").split(","))
    back = {"N": "S", "S": "N", "E": "W", "W": "E"}
    turned = "".join(back[letter] for letter in way)
    return [
        f"{word} {turned} @ ({x}, {y})",
        f"{word} {way} @ ({x + 1}, {y})",
        f"{word} {way} @ ({x}, {y - 1})",
        f"{word[:-1]} {way} @ ({x}, {y})",
        f"{word} {way} @ ({x + 90}, {y})",
        f"{word} {way}",
        f"{word} @ ({x}, {y})",
        f"not {row['answer']}",
        f"{way} @ ({x}, {y})",
    ]
