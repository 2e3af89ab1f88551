"""Properties of every task, most of them on items that no run had before, and an independent judge of answers."""

import ast
import inspect
import io
import json
import os
import re
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median

import pytest
from hypothesis import strategies as st
from judges import judge_of
from PIL import Image
from shelf import FUZZ, LEVELS, TASKS, fresh, item
from test_answers import ATTACKS, seconds

import mmhelix_nb
from mmhelix_nb.book.rows import item_of
from mmhelix_nb.core import MAX_ANSWER, Verdict, from_official, pack, small_spaces, task_module, unpack
from mmhelix_nb.generators import benchmark_row
from mmhelix_nb.shared.draw import MAX_SIDE, MIN_GLYPH, MINI_SIDE, STYLES, chosen, style_named
from mmhelix_nb.shared.photo import pose
from mmhelix_nb.shared.raster import picture_file
from mmhelix_nb.steps import STEP_KINDS

PACKAGE = Path(mmhelix_nb.__file__).parent
every_task = pytest.mark.parametrize("task", TASKS)


def which(one) -> tuple:
    "What names an item in a message."
    return one.task, one.level, one.seed


# The contract


@every_task
def test_module_keeps_the_contract(task):
    module = task_module(task)
    assert len(module.LEVELS) == 5 and all(isinstance(level, module.Level) for level in module.LEVELS)
    for name in ("generate", "solve", "check", "draw", "layout", "ask", "trace", "canon"):
        assert callable(getattr(module, name)), name
    assert list(inspect.signature(module.generate).parameters) == ["level", "rng"]
    assert module.State.__dataclass_params__.frozen and module.Level.__dataclass_params__.frozen
    assert isinstance(module.SCORER, str) and module.SCORER


@pytest.mark.fresh
def test_items_are_the_same_in_every_process(rng):
    """Two processes whose string hashes differ show the same."""
    code = f"import shelf, sys; [print(task, shelf.fingerprint(task, {rng.randrange(10**9)})) for task in shelf.TASKS]"
    paths = os.pathsep.join([str(Path(__file__).parent), str(PACKAGE.parent)])
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": number, "PYTHONPATH": paths},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in "12"
    ]
    one, other = (process.communicate()[0].splitlines() for process in running)
    assert [process.returncode for process in running] == [0, 0] and len(one) == len(TASKS)
    assert [a.split()[0] for a, b in zip(one, other) if a != b] == []


@pytest.mark.fresh
@every_task
def test_states_are_lossless_as_text(task, run_seed):
    for one in fresh(run_seed, task):
        again = unpack(task, pack(one.state))
        assert again == one.state and hash(again) == hash(one.state), which(one)


@pytest.mark.fresh
@every_task
def test_published_form_keeps_the_state(task, run_seed):
    for one in fresh(run_seed, task):
        state = one.state.to_official()
        row = {
            "category": task,
            "initial_state": state,
            "question_text": one.question("text"),
            "level": one.level,
        }
        again = from_official(row)
        assert (again.state, again.canon, again.level) == (one.state, one.canon, one.level), which(one)
        if not isinstance(state, str):
            assert from_official({**row, "initial_state": json.dumps(state)}).state == one.state, which(one)


STRANGE = (None, "", "x", [], {}, [[]], {"a": 1}, 7, [[1, [2]]], {"0": [0]}, "+-+\n|S|\n+-+")


@every_task
def test_strange_rows_are_refused_by_name(task):
    for strange in STRANGE:
        with pytest.raises(ValueError, match="initial_state"):
            from_official({"category": task, "initial_state": strange, "question_text": "starting from node 0"})


# Right answers

WRITINGS = (
    "{}",
    "  {}\n",
    "\\boxed{{{}}}",
    "So it is $\\boxed{{{}}}$.",
    "$$\\boxed{{\\text{{{}}}}}$$",
    "<answer>{}</answer>",
    "<answer>\\boxed{{{}}}</answer>",
    "<|begin_of_box|>{}<|end_of_box|>",
    "```\n{}\n```",
    "\\boxed{{```text\n{}\n```}}",
    "**Answer:** {}",
    "<think>wrong: \\boxed{{7}}</think>\n\\boxed{{{}}}",
)


@pytest.mark.fresh
@every_task
def test_solver_is_right_in_every_writing(task, run_seed):
    for one in fresh(run_seed, task):
        for writing in WRITINGS:
            verdict = one.check(writing.format(one.answer))
            assert verdict, (which(one), writing, one.answer, verdict.reason)


@pytest.mark.fresh
@every_task
def test_answer_that_is_cut_off_is_wrong(task, run_seed):
    cuts = ("", "\\boxed{{{}", "<answer>{}", "<think>\\boxed{{{}}}", "it is not {}")
    for one in fresh(run_seed, task):
        for cut in cuts:
            verdict = one.check(cut.format(one.answer))
            assert not verdict and verdict.reason, (which(one), cut)


@pytest.mark.fresh
@every_task
def test_trace_ends_with_the_answer(task, run_seed):
    for one in fresh(run_seed, task, 1):
        steps = one.trace()
        assert {step.kind for step in steps} <= set(STEP_KINDS) and steps[-1].kind == "conclude", which(one)
        assert all(step.says for step in steps) and any(step.brief for step in steps), which(one)
        concluded = [fact.args[0] for fact in steps[-1].facts] or [f"{steps[-1].says} {steps[-1].board}"]
        assert one.answer in concluded[0], which(one)


# Questions and pictures


@every_task
def test_question_does_not_know_the_answer(task, monkeypatch):
    module = task_module(task)
    items = [item(task, level, seed) for level in LEVELS for seed in range(3)]
    asked = [(one.question("image"), one.question("text"), one.answer) for one in items]
    for name in ("solve", "trace", "check"):
        monkeypatch.setattr(module, name, lambda *_: pytest.fail("the question looked at the solution"))
    for one, (image, text, answer) in zip(items, asked):
        assert (one.question("image"), one.question("text")) == (image, text)
        assert len(answer) <= 4 or answer not in image and answer not in text
    assert not set(module.State.__dataclass_fields__) & {"solution", "answer", "path", "route"}


@every_task
def test_questions_have_no_broken_lines(task):
    """A line ends where a sentence ends, or before something that is listed."""
    for one in (item(task, level, 1) for level in LEVELS):
        for text in (one.question("image"), one.question("text")):
            assert not re.search(r"\S {2,}", text.partition("\n\n")[0]), which(one)
            for line, following in zip(text.split("\n"), [*text.split("\n")[1:], ""]):
                goes_on = re.match(r"(?!row \d|column \d)[a-z(]{2}", following)
                assert not (goes_on and re.search(r"[^.?!:]$", line)), (which(one), line, following)
                assert not re.search(r"(,|\b(the|is|are|of|to|and|or|with))$", line), (which(one), line)


LOOKS = ("light", "dark", *(f"look:{number}" for number in range(8)))  # of all arrangements
COLORS = {"green": "green", "red": "red", "blue": "blue", "grey": "faint"}
ANSWERS = {"kukurasu": ("black", "white")}  # colours of the answer, not of the picture


@every_task
def test_words_match_the_picture(task):
    """What a question calls green, red, blue, grey, black or white is drawn so in every look."""
    one = item(task, 3, 0)
    words = {*re.findall(r"\b(green|red|blue|grey|black|white)\b", one.question("image"))} - {*ANSWERS.get(task, ())}
    for name in LOOKS:
        style, canvas = style_named(name), task_module(task).layout(one.state, style_named(name))
        drawn = {color for shape in canvas.shapes for color in (shape.fill, shape.outline)}
        drawn |= {label.color for label in canvas.labels}
        wanted = {getattr(style, COLORS[word]) for word in words & {*COLORS}}
        wanted |= {{"black": "#111111", "white": "#ffffff"}[word] for word in words - {*COLORS}}
        assert wanted <= drawn, (name, words)


def test_limits_of_pictures():
    """A canvas refuses larger sides and smaller glyphs."""
    assert (MAX_SIDE, MIN_GLYPH) == (768, 14)


@pytest.mark.fresh
@every_task
def test_pictures_are_legible(task, run_seed, rng):
    """Labels stand clear of each other and of all that is drawn, and nothing covers what is to be seen, in any look."""
    module = task_module(task)
    for one in fresh(run_seed, task, 2):
        for style in ("light", "dark", f"look:{rng.randrange(10**6)}", f"look:{rng.randrange(10**6)}"):
            canvas = module.layout(one.state, style_named(style))
            assert canvas.clashes() == [], (which(one), style)
            assert canvas.image.size == (canvas.width, canvas.height) and canvas.image.mode == "RGB", which(one)


@every_task
def test_there_is_a_second_arrangement(task):
    """Looks differ by more than colours and letters."""
    one, plain = item(task, 3, 1), style_named("light")
    pictures = {
        task_module(task).layout(one.state, replace(plain, variant=number)).image.tobytes() for number in (0, 1, 2)
    }
    assert len(pictures) >= 2


MINI = {("maze", 1), ("binairo", 1)}  # the levels whose puzzles fit a mini picture; the lab draws smaller ones


@every_task
def test_mini_pictures_fit_or_say_why_not(task):
    module = task_module(task)
    for level in LEVELS:
        state = item(task, level, 0).state
        if (task, level) in MINI:
            assert module.draw(state, "mini").size == (MINI_SIDE, MINI_SIDE)
            assert module.layout(state, STYLES["mini"]).clashes() == []
        else:
            with pytest.raises(ValueError, match="mini"):
                module.draw(state, "mini")
    with pytest.raises(ValueError, match="sepia"):
        module.draw(state, "sepia")


def test_pictures_are_cheap():
    """At most 500 vision tokens of 28 x 28 px on average; the published pictures average 2,018."""
    sizes = [item(task, level, 0).image.size for task in TASKS for level in LEVELS]
    assert sum(round(width / 28) * round(height / 28) for width, height in sizes) / len(sizes) <= 500


@every_task
def test_photos_show_the_same(task):
    """The sheet is seen wholly and nearly as large as it is, and its ink stays dark."""
    one, module = item(task, 5, 2), task_module(task)
    canvas = module.layout(one.state, style_named("photo:3"))
    photo = one.picture("photo:3")
    assert Image.open(io.BytesIO(picture_file(photo))).format == "JPEG" and max(photo.size) <= MAX_SIDE
    number = zlib.crc32(canvas.image.tobytes())
    lying = pose(canvas.image.size, Random(f"photo/3/{number}"))
    assert lying.scale > 0.85
    grey = photo.convert("L")
    for label in canvas.labels:
        left, top, right, bottom = label.box(3)
        around = [lying.seen(x, y) for x in (left, right) for y in (top, bottom)]
        (x, p), (y, q) = ((min(axis), max(axis)) for axis in zip(*around))
        assert 0 <= x <= p <= photo.width and 0 <= y <= q <= photo.height, label
        darkest, lightest = grey.crop((int(x) - 2, int(y) - 2, int(p) + 3, int(q) + 3)).getextrema()
        assert lightest - darkest > 60, label


def test_a_photo_has_a_number():
    """It is the same whenever it is taken, and another one by another number."""
    one = item("sudoku", 2, 0)
    files = [picture_file(one.picture(f"photo:{number}")) for number in (3, 3, 4)]
    assert files[0] == files[1] != files[2]
    assert picture_file(one.picture("photo")) == picture_file(one.picture(chosen("photo", one.state)))


def test_each_row_draws_its_style():
    """`mixed` is one of all styles by the puzzle, and the row says which."""
    rows = [benchmark_row(item(task, 1, seed), "mixed") for task in ("maze", "nibbles") for seed in range(12)]
    for row in rows:
        picture = Image.open(io.BytesIO(row["images"][0]["bytes"])).convert("RGB")
        assert picture.tobytes() == item_of(row).picture(row["style"]).tobytes(), row["id"]
    assert len({row["style"].partition(":")[0] for row in rows}) == 4


# One solution

UNIQUE = [task for task in TASKS if judge_of(task).count]


@pytest.mark.fresh
@pytest.mark.parametrize("task", UNIQUE)
def test_there_is_exactly_one_solution(task, run_seed):
    for one in fresh(run_seed, task, 4):
        assert judge_of(task).count(one.state, 2) == 1, which(one)


# Levels


@every_task
def test_effort_rises_with_the_level(task):
    effort = [median(item(task, level, seed).solution.effort for seed in range(40)) for level in LEVELS]
    assert effort == sorted(set(effort)), effort


@every_task
def test_items_differ(task):
    small = small_spaces(task)
    forms = [{item(task, level, seed).canon for seed in range(20)} for level in LEVELS]
    for level, found in zip(LEVELS, forms):
        assert len(found) >= (12 if small.get(level, 1000) < 1000 else 18), (level, len(found))
    assert sum(map(len, forms)) - len(set.union(*forms)) <= 2  # levels do not share puzzles


# The same puzzle in another guise


@pytest.mark.fresh
@every_task
def test_canonical_form_sees_through_symmetry(task, run_seed, rng):
    module = task_module(task)
    for one in fresh(run_seed, task):
        for other in (judge_of(task).guise(one.state, rng) for _ in range(3)):
            assert module.canon(other) == one.canon, which(one)
            row = {"initial_state": other.to_official(), "question_text": module.ask(other, "text")}
            assert module.State.from_official(row) == other, which(one)


# Any text


@pytest.mark.fresh
@every_task
def test_check_never_raises(task, draws):
    items = [item(task, level, 0) for level in (1, 2)]

    def attack(text):
        for one in items:
            for verdict in (
                one.check(text),
                task_module(task).check(one.state, text),
                one.check(f"\\boxed{{{text}}}"),
            ):
                assert isinstance(verdict, Verdict) and verdict.reason

    draws(attack, text=st.text(max_size=300))


PIECES = (*"[](){},\\$²٣&", "->", "No", "0", "-1", "9" * 30, "\\n")


@pytest.mark.fresh
@every_task
def test_check_never_raises_on_text_like_answers(task, draws):
    one, check = item(task, 1, 1), task_module(task).check
    pieces = [*re.findall(r"\w+|\s+|[^\w\s]", one.answer), *PIECES]

    def attack(parts):
        verdict = check(one.state, "".join(parts))
        assert isinstance(verdict, Verdict) and verdict.reason

    draws(attack, parts=st.lists(st.sampled_from(pieces), max_size=60))


@every_task
def test_long_answers_are_judged_quickly(task):
    """The longest text that a check reads; what is longer is tried on the shared readers, in test_answers."""
    one, check = item(task, 5, 0), task_module(task).check
    for attack in ATTACKS:
        answer = attack[:MAX_ANSWER]
        assert not check(one.state, answer), answer[:20]
        assert seconds(lambda answer=answer: check(one.state, answer)) < 1, answer[:20]
    assert "at most" in check(one.state, "9" * (MAX_ANSWER + 1)).reason


def test_nothing_is_evaluated():
    for path in PACKAGE.rglob("*.py"):
        called = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"eval", "exec", "compile"}, path


# Independent judges (tests/judges): they share no code with the checks, and judge tokens, so that the reading of the answer is tested with them

BACK = {"up": "down", "down": "up", "left": "right", "right": "left"}


def mutate(tokens: list[str], others: list[str], rng: Random) -> list[str]:
    "Some tokens deleted, doubled, swapped, replaced, put in, turned round, or walked to and fro."
    tokens = list(tokens)
    for _ in range(rng.choice((1, 1, 2, 3))):
        kind, at = rng.randrange(7), rng.randrange(max(1, len(tokens)))
        if not tokens or kind == 0:
            tokens.insert(at, rng.choice(others))
        elif kind == 1:
            del tokens[at]
        elif kind == 2:
            tokens.insert(at, tokens[at])
        elif kind == 3:
            tokens[at] = rng.choice(others)
        elif kind == 4:
            tokens[at:] = tokens[at:][::-1]
        elif tokens[at] in BACK:
            tokens[at:at] = [tokens[at], BACK[tokens[at]]]
        else:
            to = rng.randrange(len(tokens))
            tokens[at], tokens[to] = tokens[to], tokens[at]
    return tokens


@pytest.mark.fresh
@every_task
def test_judge_agrees_on_mutated_answers(task, run_seed, rng):
    """What `check` accepts and what an independent judge accepts is the same, on right answers that were damaged."""
    judge, check, number = judge_of(task), task_module(task).check, 2000 * FUZZ
    items = [*fresh(run_seed, task), *(item(task, level, seed) for level in (1, 2, 3) for seed in range(10))]
    accepted = changed = 0
    for _ in range(number):
        one = rng.choice(items)
        right = judge.split(one.answer)
        tokens = mutate(right, judge.OTHERS, rng)
        text, expected = judge.write(one.state, tokens), judge.judge(one.state, tokens)
        verdict = check(one.state, text)
        assert bool(verdict) == bool(one.check(f"\\boxed{{{text}}}")) == expected, (which(one), text, verdict)
        accepted, changed = accepted + expected, changed + (tokens != right)
    assert changed > 0.6 * number
    assert not judge.SEVERAL or accepted > number / 150  # other right answers occur


def test_no_is_right_exactly_without_a_path():
    items = [item("hamiltonian_path", level, seed) for level in (1, 2, 3) for seed in range(40)]
    verdicts = [bool(one.check("No")) for one in items]
    assert verdicts == [not judge_of("hamiltonian_path").has_path(one.state) for one in items]
    assert 20 < sum(verdicts) < 80  # about half of the easier graphs, a fifth of the harder ones


def test_straight_lines_through_walls_are_wrong():
    for level in LEVELS:
        for seed in range(20):
            one = item("maze", level, seed)
            (r, c), (row, column) = one.state.find("S"), one.state.find("E")
            walk = ["down" if row > r else "up"] * abs(row - r) + ["right" if column > c else "left"] * abs(column - c)
            assert not one.check(" ".join(walk)) and not judge_of("maze").judge(one.state, walk)
