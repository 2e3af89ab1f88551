"""What the judges of Latin squares share."""

import re

OTHERS = ["0", "1", "2", "3", "9", "x"]


def are_numbers(tokens, n: int) -> bool:
    "Whether the tokens are n * n numbers from 1 to `n`."
    return len(tokens) == n * n and set(tokens) <= set("123456789"[:n])


def written(tokens, n: int) -> str:
    "The tokens as a list of rows."
    return str([tokens[i : i + n] for i in range(0, len(tokens), n)]).replace("'", "")


def variable(n: int, r: int, c: int, value: int) -> int:
    "The variable that says that a cell, counted from 0, holds a value."
    return (r * n + c) * n + value


def groups(n: int) -> list[list[int]]:
    "Variables of which exactly one is true: of a cell, and of a value in a row or column."
    size, values = range(n), range(1, n + 1)
    found = [[variable(n, r, c, v) for v in values] for r in size for c in size]
    found += [[variable(n, i, k, v) for k in size] for i in size for v in values]
    return found + [[variable(n, k, i, v) for k in size] for i in size for v in values]


def corrupted(row) -> list[str]:
    "Wrong answers: two numbers exchanged, a row missing, a number replaced."
    answer = row["answer"]
    digits = [match.start() for match in re.finditer(r"\d", answer)]
    swapped = list(answer)
    swapped[digits[0]], swapped[digits[1]] = swapped[digits[1]], swapped[digits[0]]
    return [
        "".join(swapped),
        answer[: answer.rfind("[")].rstrip(", ") + "]",
        answer.replace("1", "2"),
        answer.replace("1", "0"),
    ]
