"""Answers of puzzles and games in the writings of real models: each right one is accepted, each altered one refused."""

import json
import re
from pathlib import Path

import pytest
from shelf import fresh

from mmhelix_nb.core import from_official, task_name, tasks

CONFORMANCE = Path(__file__).resolve().parents[2] / "shared" / "conformance"
LABELS = {
    "aquarium": ("Wet cells", "Dry cells"),
    "campsite": ("Tents", "Trees"),
    "hitori": ("Shaded cells", "Unshaded cells"),
    "minesweeper": ("Mines", "Safe cells"),
    "snake": ("Snake", "Empty cells"),
    "tapa": ("Shaded cells", "White cells"),
}
SQUARES = ("calcudoku", "futoshiki", "skyscrapers", "sudoku", "binairo", "kukurasu", "numbrix", "eulero", "nonogram")
GAMES = ("maze", "nibbles", "slidingpuzzle", "sokoban")
OTHERS = ("bridges", "hanoi", "kakuro", "shingoki", "word_ladder", "wordsearch")


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def chunks(values: list, size: int) -> list[list]:
    return [values[i : i + size] for i in range(0, len(values), size)]


def numbered(lines: list[str]) -> str:
    return "\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1))


# Lists of cells


def pairs_of(answer: str) -> list[list[int]]:
    return chunks(numbers(answer), 2)


def axes(task: str) -> tuple[str, str]:
    """The names of the first and the second number of a cell."""
    return ("x", "y") if task == "aquarium" else ("row", "column")


def by_line(records: list, at: int, name: str, more: int = 0) -> str:
    """The records in lines such as `Row 2: (2, 0), (2, 3)`, by the number at `at`."""
    lines: dict[int, list] = {}
    for record in records:
        lines.setdefault(record[at], []).append(record)
    told = {
        line: [f"({a}, {b})" + "".join(f": {digit}" for digit in rest) for a, b, *rest in lines[line]] for line in lines
    }
    return "\n".join(f"{name} {line + more}: {', '.join(told[line])}" for line in sorted(told))


def cells_written(task: str, cells: list) -> dict[str, str]:
    one, two = axes(task)
    short, label, many = (one[0], two[0]), LABELS[task][0], [f"({a}, {b})" for a, b in cells]
    noun = {"Mines": "mines", "Tents": "tents"}.get(label, "cells")
    swapped = [f"{two} {b}, {one} {a}" for a, b in cells]
    found = {
        "bare": " ".join(f"{a} {b}" for a, b in cells),
        "and": f"{', '.join(many[:-1])} and {many[-1]}",
        "Oxford comma": f"{', '.join(many[:-1])}, and {many[-1]}",
        "ties": ",~".join(f"({a},~{b})" for a, b in cells),
        "LaTeX set": r"\{" + r",\; ".join(f"({a},{b})" for a, b in cells) + r"\}",
        "numbered, bold": numbered([f"**{cell}**" for cell in many]),
        "numbered": numbered([f"({a},{b})" for a, b in cells]),
        "numbered in a line": " ".join(f"{i}. {cell}" for i, cell in enumerate(many, 1)),
        "bullets": "\n".join(f"- {cell}" for cell in many),
        "stars": "\n".join(f"* **{cell}**" for cell in many),
        "bold": ", ".join(f"**{cell}**" for cell in many),
        "all bold": f"**{', '.join(many)}**",
        "words": "; ".join(f"{one} {a}, {two} {b}" for a, b in cells),
        "words and": "\n".join(f"{one.title()} {a} and {two} {b}" for a, b in cells),
        "swapped words": "; ".join(swapped),
        "numbered words": numbered([f"{one.title()} {a}, {two.title()} {b}" for a, b in cells]),
        "short": ", ".join(f"{short[0].upper()}{a}{short[1].upper()}{b}" for a, b in cells),
        "JSON lists": json.dumps(cells),
        "JSON named": json.dumps({noun: cells}),
        "JSON objects": json.dumps([{one: a, two: b} for a, b in cells]),
        "strings": json.dumps(many),
        "table": f"| {one.title()} | {two.title()} |\n|---|---|\n" + "\n".join(f"| {a} | {b} |" for a, b in cells),
        "header": f"({one}, {two}): " + ", ".join(many),
        "label": f"{label}: {', '.join(many)}",
        "bold label": f"**{label}:** {', '.join(many)}",
        "label without colon": f"The {noun} are {', '.join(many)}.",
        "count in front": f"{len(cells)} {noun}: {', '.join(many)}",
        "count behind": f"{', '.join(many)} ({len(cells)} {noun})",
        "count in brackets": f"{label} ({len(cells)}): {', '.join(many)}",
        "steps": "\n".join(f"Cell {i}: {cell}" for i, cell in enumerate(many, 1)),
        "header without brackets": f"{one}, {two}: {', '.join(many)}",
        "tick": f"{', '.join(many)} ✓",
    }
    if task != "snake":  # where the order counts
        found |= {"by first": by_line(cells, 0, one.title()), "by second": by_line(cells, 1, two.title())}
    return found


def cells_refused(task: str, cells: list) -> dict[str, str]:
    many = [f"({a}, {b})" for a, b in cells]
    text, noun = ", ".join(many), {"campsite": "tents", "minesweeper": "mines"}.get(task, "cells")
    one, two = axes(task)
    return {
        "other lines": by_line(cells, 0, one, 1),
        "lines of the other axis": by_line([*cells, (0, 1)], 0, two),
        "columns": f"Columns: {text}",
        "cross": f"{text} ✗",
        "twice": f"{text}, {many[0]}",
        "squares": ", ".join(f"{chr(65 + b)}{a}" for a, b in cells),
        "gap": f"{', '.join(many[:1])}, ..., {', '.join(many[1:])}",
        "gap in LaTeX": f"{many[0]}, \\ldots, {', '.join(many[1:])}",
        "opposite": f"{LABELS[task][1]}: {text}",
        "opposite in JSON": json.dumps({LABELS[task][1]: cells}),
        "denied": f"Not these: {text}",
        "another count": f"{len(cells) + 1} {noun}: {text}",
        "another count behind": f"{text} ({len(cells) + 1} {noun})",
        "or": f"{text} or {many[0]}",
        "cut off": f"[{text}",
        "wrong numbering": "\n".join(f"{2 * i}. {cell}" for i, cell in enumerate(many, 1)),
        "half named": f"row {cells[0][0]}, {cells[0][1]}; " + "; ".join(f"row {a}, column {b}" for a, b in cells[1:]),
    }


# Grids


def rows_of(task: str, answer: str) -> list[list[str]]:
    if task == "sudoku":
        return chunks(answer.split(), 9)
    lines = answer.split("\n") if "\n" in answer else answer.strip("[]").split("], [")
    return [list(line) if task == "nonogram" else re.findall(r"\w+", line) for line in lines]


def listed(rows: list[list[str]], between: str = ", ") -> str:
    return f"[{between.join('[' + ', '.join(row) + ']' for row in rows)}]"


def columns(name: str, n: int) -> list[str]:
    return [f"{name}{i}" for i in range(1, n + 1)]


def barred(rows: list[list[str]], left: str = "|") -> list[str]:
    return [f"| {' | '.join(row)} |" for row in rows]


def boxed(rows: list[list[str]]) -> str:
    n = len(rows[0])
    top, middle, bottom = (a + b.join(["───"] * n) + c for a, b, c in ("┌┬┐", "├┼┤", "└┴┘"))
    return f"{top}\n" + f"\n{middle}\n".join(f"│ {' │ '.join(row)} │" for row in rows) + f"\n{bottom}"


def grids_written(task: str, rows: list[list[str]]) -> dict[str, str]:
    n, blank = len(rows), [" ".join(row) for row in rows]
    ruler, headed = "|" + "---|" * n, [[f"R{i}", *row] for i, row in enumerate(rows, 1)]
    quoted = [[f'"{cell}"' if not cell.isdecimal() else cell for cell in row] for row in rows]
    plus, sep = "+" + "-----+" * n, ",\n       "
    found = {
        "blanks": "\n".join(blank),
        "blank lines": "\n\n".join(blank),
        "R1:": "\n".join(f"R{i}: {line}" for i, line in enumerate(blank, 1)),
        "Row 1:": "\n".join(f"Row {i}: {line}" for i, line in enumerate(blank, 1)),
        "bold rows": "\n".join(f"- **Row {i}:** {line}" for i, line in enumerate(blank, 1)),
        "rows in a line": ", ".join(f"Row {i}: {line}" for i, line in enumerate(blank, 1)),
        "row 0:": "\n".join(f"row {i}: {line}" for i, line in enumerate(blank)),
        "rows in lists": "\n".join(f"Row {i}: {listed([row])[1:-1]}" for i, row in enumerate(quoted, 1)),
        "numbered": numbered(blank),
        "1:": "\n".join(f"{i}: {line}" for i, line in enumerate(blank, 1)),
        "bars": "\n".join(barred(rows)),
        "Markdown": "\n".join([barred(rows)[0], ruler, *barred(rows)[1:]]),
        "Markdown, empty heading": "\n".join(["|" + " |" * n, ruler, *barred(rows)]),
        "Markdown, R and Col": "\n".join([*barred([["", *columns("Col ", n)]]), ruler + "---|", *barred(headed)]),
        "Markdown, counted": "\n".join([*barred([columns("", n)]), ruler, *barred(rows)]),
        "Markdown, counted twice": "\n".join(
            [
                *barred([["", *columns("", n)]]),
                ruler + "---|",
                *barred([[str(i), *row] for i, row in enumerate(rows, 1)]),
            ]
        ),
        "Markdown, bold": "\n".join(
            [barred([[f"**{cell}**" for cell in rows[0]]])[0], ruler]
            + barred([[f"**{cell}**" for cell in row] for row in rows[1:]])
        ),
        "plus signs": f"{plus}\n" + f"\n{plus}\n".join(barred(rows)) + f"\n{plus}",
        "box": boxed(rows),
        "box signs": "\n".join(f"│ {' │ '.join(row)} │" for row in rows),
        "lists": listed(quoted),
        "lists on lines": listed(quoted, ",\n  "),
        "JSON": json.dumps({"grid": rows}),
        "rows as strings": json.dumps(blank),
        "JSON rows": json.dumps({f"row{i}": row for i, row in enumerate(rows, 1)}),
        "numpy": f"array({listed(quoted, sep)})",
        "np.array": f"np.array({listed(quoted)}, dtype=object)",
        "printed array": listed([[line] for line in blank], "\n "),
        "bmatrix": r"\begin{bmatrix} " + r" \\ ".join(" & ".join(row) for row in rows) + r" \end{bmatrix}",
        "array": r"\begin{array}{|"
        + "c|" * n
        + r"} \hline "
        + r" \\ \hline ".join(" & ".join(row) for row in rows)
        + r" \\ \hline \end{array}",
        "mid": r" \\ ".join(r"\mid " + r" \mid ".join(row) + r" \mid" for row in rows),
        "label": "Solution grid:\n" + "\n".join(blank),
        "label of rows": "Rows:\n" + "\n".join(blank),
        "tick": "\n".join(blank) + r" $\checkmark$",
        "semicolons": "; ".join(blank),
    }
    if task != "eulero":  # where C1 is no cell
        found["C1"] = "\n".join([" ".join(columns("C", n)), *blank])
        found["C1, R1"] = "\n".join([*barred([["", *columns("C", n)]]), ruler + "---|", *barred(headed)])
        found["Row, C1, 1"] = "\n".join(
            [
                *barred([["Row", *columns("C", n)]]),
                ruler + "---|",
                *barred([[str(i), *row] for i, row in enumerate(rows, 1)]),
            ]
        )
    if task != "numbrix":  # whose cells have to stand apart
        found["side by side"] = "\n".join(map("".join, rows))
        found["strings side by side"] = json.dumps(list(map("".join, rows)))
        found["bullets"] = "\n".join(f"- `{''.join(row)}`" for row in rows)
    return found


def grids_refused(task: str, rows: list[list[str]]) -> dict[str, str]:
    n, blank = len(rows), [" ".join(row) for row in rows]
    return {
        "a row missing": "\n".join(blank[:-1]),
        "a row more": "\n".join([*blank, blank[0]]),
        "a cell missing": "\n".join([blank[0].rpartition(" ")[0], *blank[1:]]),
        "a cell more": "\n".join([f"{rows[0][0]} {blank[0]}", *blank[1:]]),
        "rows out of order": "\n".join(f"R{i}: {line}" for i, line in enumerate(blank, 2)),
        "bare numbers in front": "\n".join(f"{i} {line}" for i, line in enumerate(blank, 1)),
        "denied": "Not this:\n" + "\n".join(blank),
        "cut off": listed(rows)[:-3],
        "columns": "Columns:\n" + "\n".join(blank),
        "JSON columns": json.dumps({"columns": rows}),
        "columns in a grid": json.dumps({"grid": {"columns": rows}}),
        "a remark": "\n".join(blank) + "\nor so",
        "a heading that does not count": "\n".join([" ".join(f"C{2 * i}" for i in range(1, n + 1)), *blank]),
    }


# Moves


def moves_written(task: str, moves: list[str]) -> dict[str, str]:
    signs = {"up": "↑", "down": "↓", "left": "←", "right": "→"}
    emoji = {"up": "⬆️", "down": "⬇️", "left": "⬅️", "right": "➡️"}
    winds = {"up": "north", "down": "south", "left": "west", "right": "east"}
    runs, last = [], None
    for move in moves:
        runs = runs[:-1] + [[move, runs[-1][1] + 1]] if move == last else [*runs, [move, 1]]
        last = move
    found = {
        "commas": ", ".join(moves),
        "title": ", ".join(map(str.title, moves)),
        "letters": "".join(move[0].upper() for move in moves),
        "small letters": " ".join(move[0] for move in moves),
        "ties": "~".join(moves),
        "slashes": "/".join(moves),
        "greater": " > ".join(moves),
        "arrows between": " → ".join(moves),
        "LaTeX": r" \rightarrow ".join(f"\\text{{{move}}}" for move in moves),
        "hyphens": "-".join(moves),
        "numbered": numbered(moves),
        "numbered, bold": numbered([f"**{move.title()}**" for move in moves]),
        "numbered in a line": " ".join(f"{i}. {move}" for i, move in enumerate(moves, 1)),
        "brackets": "\n".join(f"{i}) {move}" for i, move in enumerate(moves, 1)),
        "steps": "\n".join(f"Step {i}: move {move}" for i, move in enumerate(moves, 1)),
        "bullets": "\n".join(f"- {move}" for move in moves),
        "then": ", then ".join(moves),
        "slide": ", ".join(f"slide {move}" for move in moves),
        "move": "; ".join(f"move {move}" for move in moves),
        "signs": "".join(signs[move] for move in moves),
        "signs apart": " ".join(signs[move] for move in moves),
        "emoji": " ".join(emoji[move] for move in moves),
        "sign and word": ", ".join(f"{signs[move]} {move}" for move in moves),
        "word and sign": "\n".join(f"{move} ({signs[move]})" for move in moves),
        "sign (word)": " ".join(f"{signs[move]} ({move})" for move in moves),
        "LaTeX signs": " ".join(f"\\{move}arrow" for move in moves),
        "JSON": json.dumps(moves),
        "JSON named": json.dumps({"moves": moves}),
        "JSON signs": json.dumps([signs[move] for move in moves], ensure_ascii=False),
        "JSON objects": json.dumps([{"step": i, "move": move} for i, move in enumerate(moves, 1)]),
        "label": f"Moves: {' '.join(moves)}",
        "count behind": f"{', '.join(moves)} ({len(moves)} moves)",
        "count in front": f"{len(moves)} moves: {', '.join(moves)}",
        "table": "| Move | Direction |\n|---|---|\n"
        + "\n".join(f"| {i} | {move} |" for i, move in enumerate(moves, 1)),
        "tick": f"{', '.join(moves)} ✅",
        "compass": ", ".join(winds[move] for move in moves),
    }
    if task != "slidingpuzzle":  # where numbers are tiles
        found |= {
            "R2": " ".join(f"{move[0].upper()}{times}" for move, times in runs),
            "2R": " ".join(f"{times}{move[0].upper()}" for move, times in runs),
            "x2": ", ".join(f"{move} x{times}" for move, times in runs),
            "×2": ", ".join(f"{move} ×{times}" for move, times in runs),
            "(2)": ", ".join(f"{move} ({times})" for move, times in runs),
            "2 behind": ", ".join(f"{move} {times}" for move, times in runs),
            "2 times": ", ".join(f"{move} {times} times" for move, times in runs),
            "2x in front": ", ".join(f"{times}x {move}" for move, times in runs),
        }
    if task != "maze":  # where S and E are cells
        found["compass letters"] = " ".join(winds[move][0].upper() for move in moves)
    return found


def moves_refused(task: str, moves: list[str]) -> dict[str, str]:
    wrong = {"up": "↓", "down": "↑", "left": "→", "right": "←"}
    text = ", ".join(moves)
    found = {
        "signs that disagree": ", ".join(f"{wrong[move]} {move}" for move in moves),
        "one sign that disagrees": f"{moves[0]} ({wrong[moves[0]]}), {', '.join(moves[1:])}",
        "another count": f"{text} ({len(moves) + 1} moves)",
        "another total": f"{text}\nTotal moves: {len(moves) + 2}",
        "a number": f"{text}, 2",
        "numbers that count or repeat": " ".join(f"{i} {move}" for i, move in enumerate(moves, 1)),
        "or": f"{text} or {moves[0]}",
        "denied": f"not {text}",
        "gap": f"{moves[0]}, etc, {', '.join(moves[1:])}",
        "an arrow at the end": " → ".join(moves) + " → ",
        "cross": f"{text} ❌",
    }
    return found | ({"letters of cells": "N S E W"} if task == "maze" else {})


# Hanoi, lines, digits, words


def hanoi_written(task: str, answer: str) -> dict[str, str]:
    moves = chunks(numbers(answer), 2)
    said = [f"disk {disk} to peg {peg}" for disk, peg in moves]
    return {
        "commas": ", ".join(f"({disk}, {peg})" for disk, peg in moves),
        "numbered": numbered([f"({disk},{peg})" for disk, peg in moves]),
        "numbered, bold": numbered([f"**({disk}, {peg})**" for disk, peg in moves]),
        "words": ", ".join(said),
        "numbered words": numbered([f"Move {one}" for one in said]),
        "steps": "\n".join(f"Step {i}: Move {one}" for i, one in enumerate(said, 1)),
        "then": ", then ".join(said),
        "arrows": ", ".join(f"disk {disk} -> peg {peg}" for disk, peg in moves),
        "JSON": json.dumps(moves),
        "JSON objects": json.dumps([{"disk": disk, "peg": peg} for disk, peg in moves]),
        "count": f"{answer} ({len(moves)} moves)",
        "label": f"Moves: {answer}",
        "ties": answer.replace(" ", "~"),
    }


def hanoi_refused(task: str, answer: str) -> dict[str, str]:
    moves = chunks(numbers(answer), 2)
    return {
        "letters": ", ".join(f"Move disk {disk} to {' ABC'[peg]}" for disk, peg in moves),
        "another count": f"{answer} ({len(moves) + 1} moves)",
        "turned": " ".join(f"({peg},{disk})" for disk, peg in moves),
        "gap": answer.replace(" ", " ... ", 1),
        "peg for disk": ", ".join(f"peg {disk} to disk {peg}" for disk, peg in moves),
        "or": f"{answer} or (1,1)",
    }


def segments(answer: str) -> list[list[int]]:
    return chunks(numbers(answer), 4)


def shingoki_written(task: str, answer: str) -> dict[str, str]:
    lines = segments(answer)
    ends = [(f"({a}, {b})", f"({c}, {d})") for a, b, c, d in lines]
    walk = [ends[0][0], *(end for _, end in ends)]
    return {
        "commas": ", ".join(answer.split()),
        "lines": "\n".join(answer.split()),
        "numbered": numbered(answer.split()),
        "bold": numbered([f"**{line}**" for line in answer.split()]),
        "arrows": ", ".join(f"{one} -> {two}" for one, two in ends),
        "LaTeX": r",\; ".join(f"{one} \\to {two}" for one, two in ends),
        "words": "\n".join(f"from {one} to {two}" for one, two in ends),
        "JSON": json.dumps([[[a, b], [c, d]] for a, b, c, d in lines]),
        "JSON objects": json.dumps([{"from": [a, b], "to": [c, d]} for a, b, c, d in lines]),
        "walk": " -> ".join(walk),
        "walk in LaTeX": r" \to ".join(walk),
        "points": ", ".join(walk),
        "points in a list": f"[{', '.join(walk)}]",
        "points in JSON": json.dumps([lines[0][:2], *(line[2:] for line in lines)]),
        "label": f"Lines: {answer}",
        "count": f"{len(lines)} segments: {answer}",
        "backwards": " ".join(f"({c},{d})-({a},{b})" for a, b, c, d in reversed(lines)),
        "and": " and ".join(answer.split()),
    }


def merged(answer: str) -> str:
    """The loop with its first straight stretch in one line."""
    lines = segments(answer)
    for i, ((a, b, c, d), (e, f, g, h)) in enumerate(zip(lines, lines[1:])):
        if (c, d) == (e, f) and (a == g or b == h):
            lines[i : i + 2] = [[a, b, g, h]]
            break
    return " ".join("({},{})-({},{})".format(*line) for line in lines)


def shingoki_refused(task: str, answer: str) -> dict[str, str]:
    first = answer.split()[0]
    return {
        "merged": merged(answer),
        "twice": f"{answer} {first}",
        "gap": answer.replace(" ", " ... ", 1),
        "another count": f"{len(answer.split()) + 1} lines: {answer}",
        "denied": f"Not the loop: {answer}",
        "open": answer.replace(first, "", 1),
        "open points": ", ".join(f"({a}, {b})" for a, b, _, _ in segments(answer)),
        "a point left out": ", ".join(f"({c}, {d})" for _, _, c, d in [*segments(answer)[1:], segments(answer)[1]]),
    }


def bridges_written(task: str, answer: str) -> dict[str, str]:
    rows = chunks(numbers(answer), 5)
    return {
        "commas": ", ".join(answer.split()),
        "blanks": " ".join(answer.split()),
        "numbered": numbered(answer.split()),
        "bullets": "\n".join(f"- {line}" for line in answer.split()),
        "times": "\n".join("({},{})-({},{}) x{}".format(*row) for row in rows),
        "words": "\n".join("({}, {}) to ({}, {}): {} bridges".format(*row) for row in rows),
        "LaTeX": r" \\ ".join("({},{}) \\leftrightarrow ({},{}): {}".format(*row) for row in rows),
        "JSON": json.dumps([[[a, b], [c, d], k] for a, b, c, d, k in rows]),
        "JSON objects": json.dumps([{"x1": a, "y1": b, "x2": c, "y2": d, "count": k} for a, b, c, d, k in rows]),
        "from, to": json.dumps([{"from": [a, b], "to": [c, d], "bridges": k} for a, b, c, d, k in rows]),
        "label": f"Bridges:\n{answer}",
        "and": " and ".join(answer.split()),
    }


def bridges_refused(task: str, answer: str) -> dict[str, str]:
    lines = answer.split()
    return {
        "no number": "\n".join(line.partition(":")[0] for line in lines),
        "gap": "\n".join([lines[0], "...", *lines[1:]]),
        "one missing": "\n".join(lines[1:]),
        "one more": "\n".join([*lines, lines[0]]),
        "denied": f"Not bridges: {answer}",
    }


def kakuro_written(task: str, answer: str) -> dict[str, str]:
    rows = chunks(numbers(answer), 3)
    return {
        "commas": ", ".join(answer.split()),
        "and": " and ".join(answer.split()),
        "equals": "\n".join(f"({r}, {c}) = {d}" for r, c, d in rows),
        "numbered": numbered([f"({r}, {c}): {d}" for r, c, d in rows]),
        "bold": numbered([f"**({r}, {c})**: {d}" for r, c, d in rows]),
        "R1C1": ", ".join(f"R{r}C{c}: {d}" for r, c, d in rows),
        "words": "\n".join(f"Row {r}, Column {c}: {d}" for r, c, d in rows),
        "is": "; ".join(f"({r},{c}) is {d}" for r, c, d in rows),
        "table": "| Row | Column | Digit |\n|---|---|---|\n" + "\n".join(f"| {r} | {c} | {d} |" for r, c, d in rows),
        "table of cells": "| Cell | Digit |\n|---|---|\n" + "\n".join(f"| ({r}, {c}) | {d} |" for r, c, d in rows),
        "JSON": json.dumps({f"({r},{c})": d for r, c, d in rows}),
        "JSON lists": json.dumps(rows),
        "JSON objects": json.dumps([{"row": r, "col": c, "value": d} for r, c, d in rows]),
        "LaTeX": r",\ ".join(f"({r},{c}) \\to {d}" for r, c, d in rows),
        "by row": by_line(rows, 0, "Row"),
        "by column": by_line(rows, 1, "Column"),
        "label": f"Digits: {answer}",
    }


def kakuro_refused(task: str, answer: str) -> dict[str, str]:
    rows = chunks(numbers(answer), 3)
    return {
        "squares": " ".join(f"{chr(65 + c)}{r}:{d}" for r, c, d in rows),
        "gap": answer.replace(" ", " ... ", 1),
        "one missing": answer.partition(" ")[2],
        "no digits": " ".join(f"({r},{c})" for r, c, _ in rows),
        "other rows": by_line(rows, 0, "Row", 1),
        "two digits": f"{answer} ({rows[0][0]},{rows[0][1]}):{rows[0][2] % 9 + 1}",
        "turned": " ".join(f"(column {r}, row {c}): {d}" for r, c, d in rows) + " (0,0): 1",
    }


def ladder_written(task: str, answer: str) -> dict[str, str]:
    words = answer.split(" -> ")
    return {
        "arrows": " → ".join(words),
        "LaTeX": r" \to ".join(f"\\text{{{word}}}" for word in words),
        "commas": ", ".join(words),
        "capitals": " -> ".join(words).upper(),
        "numbered": numbered(words),
        "numbered, bold": numbered([f"**{word}**" for word in words]),
        "steps": "\n".join(f"Step {i}: {word}" for i, word in enumerate(words)),
        "greater": " > ".join(words),
        "JSON": json.dumps(words),
        "JSON named": json.dumps({"ladder": words}),
        "bold": " -> ".join(f"**{word}**" for word in words),
        "ties": "~".join(words),
        "count of steps": f"{answer} ({len(words) - 1} steps)",
        "count of words": f"{answer} ({len(words)} words)",
        "label": f"Word ladder: {answer}",
        "lines": "\n".join(words),
        "bullets": "\n".join(f"- {word}" for word in words),
        "table": "| # | Word |\n|---|---|\n" + "\n".join(f"| {i} | {word} |" for i, word in enumerate(words, 1)),
        "down": "\n↓\n".join(words),
        "down in LaTeX": r" \downarrow ".join(words),
        "tick": rf"{answer} \checkmark",
        "sentence": f"Here is the solution:\n\n```\n{answer}\n```",
    }


def ladder_refused(task: str, answer: str) -> dict[str, str]:
    words = answer.split(" -> ")
    return {
        "gap": f"{words[0]} -> ... -> {words[-1]}",
        "another count": f"{answer} ({len(words) + 1} steps)",
        "cut off": " -> ".join(words[:-1]),
        "backwards": " -> ".join(reversed(words)),
        "denied": f"not {answer}",
        "twice": f"{answer} -> {words[-1]}",
        "cross": f"{answer} ✗",
        "table that does not count": "| # | Word |\n|---|---|\n"
        + "\n".join(f"| {2 * i} | {word} |" for i, word in enumerate(words, 1)),
    }


NAMES = {"N": "north", "S": "south", "E": "east", "W": "west"}


def find_written(task: str, answer: str) -> dict[str, str]:
    word, way, _, *_ = answer.split()
    column, row = numbers(answer)
    name = "".join(NAMES[letter] for letter in way)
    return {
        "words": f"{word}, {name}, column {column}, row {row}",
        "swapped words": f"{word} {way} row {row}, column {column}",
        "ties": answer.replace(" ", "~"),
        "bold": f"**{word}** {way} @ ({column}, {row})",
        "all bold": f"**{answer}**",
        "label": f"Answer: {answer}",
        "text": f"\\text{{{word} {way} @ }} ({column}, {row})",
        "JSON": json.dumps({"word": word, "direction": way, "column": column, "row": row}),
        "JSON place": json.dumps({"word": word, "direction": way, "start": [column, row]}),
        "sentence": f"The word {word} starts at ({column}, {row}) and runs {name}.",
        "named": f"Word: {word}, Direction: {way}, Position: ({column}, {row})",
        "lines": f"Word: {word}\nDirection: {way}\nStart: ({column}, {row})",
        "C, R": f"{word} {way} @ C{column}R{row}",
        "equals": f"{word} {way} @ column={column}, row={row}",
        "place first": f"({column}, {row}) {way} {word}",
        "direction first": f"{way} {word} @ ({column}, {row})",
        "table": f"| Word | Direction | Column | Row |\n|---|---|---|---|\n| {word} | {way} | {column} | {row} |",
        "JSON list": json.dumps([word, way, [column, row]]),
        "JSON, place first": json.dumps({"start": {"x": column, "y": row}, "direction": way, "word": word}),
        "row of column": f"{word} {way} at row {row} of column {column}",
        "small": f"{word.lower()} {way.lower()} @ ({column},{row}).",
        "tick": f"{answer} ✓",
        "sentence before": f"Here's the solution:\n\n```\n{answer}\n```",
        "from, to": f"{word} runs from ({column}, {row}) to {name}",
    }


def find_refused(task: str, answer: str) -> dict[str, str]:
    word, way, _, *_ = answer.split()
    column, row = numbers(answer)
    return {
        "square": f"{word} {way} @ {chr(64 + column)}{row}",
        "one number": f"{word} {way} @ ({column})",
        "no direction": f"{word} @ ({column}, {row})",
        "two directions": f"{word} {way} {'N' if way != 'N' else 'S'} @ ({column}, {row})",
        "denied": f"not {answer}",
        "or": f"{answer} or (1, 1)",
        "another word": f"X{answer}",
        "turned": f"{word} {way} @ (row {column}, row {row})",
        "word in the place": f"{row} {way} @ ({word}, {column})",
        "direction in the place": f"{word} {column} @ ({way}, {row})",
        "numbers apart": f"{word} {column} {way} {row}",
        "direction between": f"{word} {column} {way} @ {row}",
        "bare place first": f"{column} {row} {word} {way}",
        "place before @": f"{column} {row} @ {way} {word}",
        "@ before the word": f"{way} @ {word} ({column}, {row})",
        "two @": f"{word} @ {way} @ ({column}, {row})",
        "brackets": f"{word} {way} @ ({column}, {row}",
        "mixed brackets": f"{word} {way} @ ({column}, {row}]",
        "its end": f"{word} {way} to ({column}, {row})",
        "from where to its end": f"{word} from {way} to column {column}, row {row}",
        "an arrow to its end": f"{word} {way} → ({column}, {row})",
        "is, no south": f"The word's {word} @ ({column}, {row})",
    }


FORMS = {
    **dict.fromkeys(LABELS, (pairs_of, cells_written, cells_refused)),
    **dict.fromkeys(GAMES, (str.split, moves_written, moves_refused)),
    "hanoi": (None, hanoi_written, hanoi_refused),
    "shingoki": (None, shingoki_written, shingoki_refused),
    "bridges": (None, bridges_written, bridges_refused),
    "kakuro": (None, kakuro_written, kakuro_refused),
    "word_ladder": (None, ladder_written, ladder_refused),
    "wordsearch": (None, find_written, find_refused),
}


def written(one) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The right writings of an item's answer, the same writings of a wrong answer, and altered writings."""
    if one.task in SQUARES:
        rows = rows_of(one.task, one.answer)
        other = [list(row) for row in rows]
        first = other[0].index(next(cell for cell in rows[0] if cell != rows[0][0]), 1) if len(set(rows[0])) > 1 else 0
        other[0][0], other[0][first] = other[0][first], other[0][0]
        broken = grids_written(one.task, other) if other != rows else {}
        return grids_written(one.task, rows), broken, grids_refused(one.task, rows)
    split, right, wrong = FORMS[one.task]
    parts = split(one.answer) if split else one.answer
    broken = right(one.task, parts[:-1]) if split and len(parts) > 1 else {}
    return right(one.task, parts), broken, wrong(one.task, parts)


@pytest.mark.fresh
@pytest.mark.parametrize("task", sorted((*FORMS, *SQUARES)))
def test_right_writings_are_accepted_and_altered_ones_refused(task, run_seed):
    refused, accepted, tried, altered = [], [], 0, 0
    for one in fresh(run_seed, task, 1):
        right, broken, wrong = written(one)
        for name, text in right.items():
            tried += 1
            if not (verdict := one.check(f"\\boxed{{{text}}}")):
                refused.append((name, text, verdict.reason))
        for name, text in (*broken.items(), *wrong.items()):
            altered += 1
            if verdict := one.check(f"\\boxed{{{text}}}"):
                accepted.append((name, text, verdict.reason))
    print(
        f"{task}: {tried - len(refused)} of {tried} right writings accepted, {len(accepted)} of {altered} altered ones"
    )
    assert not refused and not accepted
    assert tried >= 55 and altered >= 25


def test_all_puzzles_and_games_are_tried():
    assert set(FORMS) | set(SQUARES) == {*tasks("puzzles"), *tasks("games")}


def conformance(name: str) -> list[dict]:
    """The rows of one of the files beside the repository that are about puzzles and games."""
    path = CONFORMANCE / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"no {path.name} beside the repository")
    rows = [json.loads(line) for line in path.read_text().split("\n") if line.strip()]
    return [row for row in rows if task_name(row["category"]) in (*FORMS, *SQUARES)]


def test_writings_of_others_are_accepted():
    rows = conformance("right")
    verdicts = [(row["reply"], from_official(row).check(row["reply"])) for row in rows]
    print(f"{sum(map(bool, (verdict for _, verdict in verdicts)))} of {len(rows)} accepted")
    assert rows and [(reply, verdict.reason) for reply, verdict in verdicts if not verdict] == []
