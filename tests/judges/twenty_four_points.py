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


def judge(state, tokens) -> bool:
    tokens = [{"×": "*", "x": "*", "÷": "/"}.get(token, token) for token in tokens]
    while len(tokens) > 1 and tokens[0] == tokens[-1] == "*":
        tokens = tokens[1:-1]  # as marked up
    if tokens[-2:] == ["=", "24"]:
        tokens = tokens[:-2]
    elif tokens[:2] == ["24", "="]:
        tokens = tokens[2:]
    if tokens[-1:] == ["."]:
        tokens = tokens[:-1]
    used = []
    try:
        return worth(ast.parse(" ".join(tokens), mode="eval").body, used) == 24 and sorted(used) == sorted(
            state.numbers
        )
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
