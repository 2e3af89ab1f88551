"""An independent judge of twenty_four_points: the expression becomes a syntax tree, which is walked with exact fractions."""

import ast
import re
from fractions import Fraction

OTHERS = [*"+-*/()×÷x", *map(str, range(1, 14)), "24", "=", ".", "^"]
SEVERAL = True
OPERATIONS = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


def split(answer: str) -> list[str]:
    return re.findall(r"\d+|\S", answer)


def worth(node, used):
    if isinstance(node, ast.Constant) and type(node.value) is int:
        used.append(node.value)
        return Fraction(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return OPERATIONS[type(node.op)](worth(node.left, used), worth(node.right, used))
    raise ValueError("no arithmetic")


def left_factor(tokens) -> int:
    """Where the number or bracket begins that the `tokens` end with."""
    at, depth = len(tokens) - 1, 0
    while at >= 0:
        depth += {")": 1, "(": -1}.get(tokens[at], 0)
        if not depth:
            return at
        at -= 1
    return 0


def spelled_out(tokens) -> list[str]:
    """Tokens with a sign between a factor and a bracket, in front or behind; a `?` where a division stands before them."""
    found = []
    for token in tokens:
        factor = bool(found) and (found[-1] == ")" or found[-1].isdecimal())
        if factor and (token == "(" or token.isdecimal() and found[-1] == ")"):
            begins = left_factor(found)
            found.append("?" if begins and found[begins - 1] == "/" else "*")
        found.append(token)
    return found


def is_worth_24(tokens) -> bool:
    """Whether tokens between two `=` are a sum with value 24."""
    try:
        return len(tokens) > 2 and worth(ast.parse(" ".join(spelled_out(tokens)), mode="eval").body, []) == 24
    except (SyntaxError, ValueError, ZeroDivisionError):
        return False


def judge(state, tokens) -> bool:
    while len(tokens) > 1 and tokens[0] == tokens[-1] == "*":
        tokens = tokens[1:-1]  # as marked up, which only the asterisk does
    tokens = [{"×": "*", "x": "*", "÷": "/"}.get(token, token) for token in tokens]
    if tokens[-1:] == ["."]:
        tokens = tokens[:-1]
    sides = [side.split() for side in re.split("=(?: =)?", " ".join(tokens))]
    if len(sides) == 2 and sides[0] == ["24"]:
        sides.reverse()
    if sides[1:] and (sides[-1] != ["24"] or not all(map(is_worth_24, sides[1:-1]))):
        return False
    used = []
    try:
        return worth(ast.parse(" ".join(spelled_out(sides[0])), mode="eval").body, used) == 24 and sorted(
            used
        ) == sorted(state.numbers)
    except (SyntaxError, ValueError, ZeroDivisionError):
        return False


def guise(state, rng):
    return type(state)(tuple(sorted(rng.sample(state.numbers, 4))))


def corrupted(row) -> list[str]:
    answer, numbers = row["answer"], row["initial_state"]["numbers"]
    return [
        answer + " + 1",
        answer + " - 0",
        f"-({answer})",
        answer.replace("×", "**", 1) if "×" in answer else answer + "!",
        answer + " = 25",
        answer[:-1] + "0",
        "".join(map(str, numbers)),
        " + ".join(map(str, numbers)) + " + 0",
        f"{answer} or {answer}",
        "24",
        f"{answer} = 12 * 2",
    ]
