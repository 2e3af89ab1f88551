"""Statistics of an evaluation against slower ways to say the same, and the report that is made of it."""

import csv
import json
import random
import re
from collections import Counter
from dataclasses import asdict, replace
from fractions import Fraction
from itertools import combinations, product
from statistics import fmean
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mmhelix_nb.book import statistics as st
from mmhelix_nb.book.results import write_json
from mmhelix_nb.book.rows import item_row
from mmhelix_nb.core import make, tasks
from mmhelix_nb.evaluation import CUT, REFUSED, Judged, Reply, item_name, judge_reply, prompt_hash
from mmhelix_nb.reporting import scores as sc

RIGHT, WRONG, THOUGHT = "So \\boxed{{}}", "So \\boxed{7 7 7}", "<think>Let me see"


def judged(task, level, seed, text, sample=0, finish="stop", **known):
    """The verdict on a made-up reply to a real puzzle in words; `{}` in the text stands for a right answer."""
    row = item_row(make(task, level, seed), modality="text")
    said = text.replace("{}", row["answer"])
    reply = Reply(item_name(row), prompt_hash(row), said, known.pop("tokens", 50), finish, sample, **known)
    return judge_reply(row, reply)


def keep(folder, verdicts, model="org/Some_Model-7B", **settings):
    """A folder as `mmhelix eval` leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "judged.jsonl").write_text("".join(json.dumps(asdict(one)) + "\n" for one in verdicts))
    labels = {"model": model, "profile": "gpu24", "seed": 3, "commit": "c0ffee", "version": "0.1"}
    write_json(folder / "results.json", {**labels, "results": {"settings": settings}})
    return folder


def shown_as_picture(j):
    return replace(j, modality="image", item=j.item.replace("/text", "/image"))


@pytest.fixture(scope="module")
def many():
    """Four samples of each of 24 puzzles in three tasks, in both modalities."""
    rng = random.Random(5)
    texts = [RIGHT, RIGHT, WRONG, THOUGHT, ""]
    found = [
        judged(task, level, seed, rng.choice(texts), sample, tokens_in=80, seconds=1.5, tokens=10 * (sample + 1))
        for task in ("h_index", "maze", "hanoi")
        for level in (1, 2)
        for seed in range(4)
        for sample in range(4)
    ]
    return [*found, *map(shown_as_picture, found[::-1])]


def test_wilson_is_what_others_print():
    for (k, n), (low, high) in {
        (0, 10): (0.0, 0.2775),
        (1, 10): (0.0179, 0.4042),
        (5, 10): (0.2366, 0.7634),
        (15, 148): (0.0624, 0.1605),  # Newcombe 1998, Table I
        (81, 263): (0.2553, 0.3662),
    }.items():
        assert st.wilson(k, n) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize("a, b", [(0, 0), (1, 4), (0, 9), (5, 7), (6, 6)])
def test_mcnemar_counts_coin_flips(a, b):
    n, worst = a + b, abs(a - b)
    as_far = sum(abs(2 * sum(flips) - n) >= worst for flips in product((0, 1), repeat=n))
    assert st.mcnemar(a, b) == pytest.approx(float(Fraction(as_far, 2**n)))


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_pass_at_k_counts_draws(n):
    for right in range(n + 1):
        marks = [1] * right + [0] * (n - right)
        for k in range(1, n + 1):
            draws = [any(draw) for draw in combinations(marks, k)]
            assert st.pass_at_k(right, n, k) == pytest.approx(fmean(draws))


@given(some.lists(some.floats(0, 1), min_size=1, max_size=8), some.sampled_from([0.01, 0.05, 0.2]))
def test_holm_rejects_what_its_steps_reject(p, level):
    rejected = set()
    for step, name in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if p[name] * (len(p) - step) > level:
            break
        rejected.add(name)
    adjusted = st.holm({str(i): value for i, value in enumerate(p)})
    assert {i for i in range(len(p)) if adjusted[str(i)] <= level} == rejected


def slow_ends(items, draws=4_000):
    """The bootstrap by drawing items one by one."""
    rng, shares = random.Random(1), []
    for _ in range(draws):
        drawn = rng.choices(items, k=len(items))
        shares.append(sum(right for right, _ in drawn) / sum(asked for _, asked in drawn))
    shares.sort()
    return shares[round(0.025 * draws)], shares[round(0.975 * draws)]


def test_bootstrap_draws_whole_items():
    rng = random.Random(2)
    items = [(rng.choice((0, 0, 1, 4, 4)), 4) for _ in range(80)]
    assert st.share_bootstrap(items, 10_000) == pytest.approx(slow_ends(items), abs=0.012)
    assert st.share_bootstrap(items) == st.share_bootstrap(items[::-1])
    uneven = [(1, 1)] * 20 + [(0, 3)] * 20
    assert st.share_bootstrap(uneven, 10_000) == pytest.approx(slow_ends(uneven), abs=0.012)


def test_samples_that_agree_do_not_narrow_an_interval():
    once = [judged("maze", 1, seed, RIGHT if seed % 2 else WRONG) for seed in range(12)]
    often = [replace(j, sample=sample) for j in once for sample in range(8)]
    alone, together = sc.score(once), sc.score(often)
    assert (together["wilson"], together["bootstrap"]) == (alone["wilson"], alone["bootstrap"])
    assert (together["items"], together["replies"], together["accuracy"]) == (12, 96, 0.5)


def test_intervals_cover_where_samples_of_an_item_agree():
    """Two equal models, four samples of each of 120 items that are mostly easy or hard."""
    import numpy as np

    rng, runs, rejected, covered = np.random.default_rng(0), 300, 0, Counter()
    for _ in range(runs):
        chance = rng.beta(0.5, 0.5, 120)
        a, b = rng.binomial(4, chance), rng.binomial(4, chance)
        pair = st.paired_samples([(int(x - y), 4) for x, y in zip(a, b, strict=True)], 500)
        ends = {"pair": (pair["low"] + 0.5, pair["high"] + 0.5)}
        ends["share"] = st.share_bootstrap([(int(x), 4) for x in a], 500)
        ends["wilson"] = st.wilson(a.sum() / 4, 120)
        ends["as if 480 items"] = st.wilson(a.sum(), 480)
        rejected += pair["p"] < 0.05
        covered.update(name for name, (low, high) in ends.items() if low <= 0.5 <= high)
    assert rejected / runs < 0.06
    assert all(covered[name] / runs > 0.92 for name in ("pair", "share", "wilson"))
    assert covered["as if 480 items"] / runs < 0.85  # why items are drawn, and not replies


def test_micro_and_both_macros_by_hand():
    counts = {"h_index": (1, 4), "crypto_math": (2, 2), "maze": (0, 6)}  # right of asked
    found = [
        judged(task, 1, seed, RIGHT if seed < right else WRONG)
        for task, (right, asked) in counts.items()
        for seed in range(asked)
    ]
    groups = sc.all_scores(found)["text"]
    assert groups["micro"]["puzzles"]["accuracy"] == 3 / 12
    assert groups["macro"]["over tasks"]["accuracy"] == pytest.approx((1 / 4 + 1 + 0) / 3)
    assert groups["macro"]["over categories"]["accuracy"] == pytest.approx((3 / 6 + 0) / 2)
    assert (groups["macro"]["over tasks"]["groups"], groups["macro"]["over categories"]["groups"]) == (3, 2)
    low, high = groups["macro"]["over tasks"]["bootstrap"]
    assert low < (1 / 4 + 1) / 3 < high  # crypto_math and maze have no spread: only h_index moves


def test_general_skills_stay_out_of_the_means():
    puzzle = judged("maze", 1, 0, RIGHT)
    skill = replace(puzzle, task="skill:read", category="general", item="skill:read/3/1/text", ok=False)
    groups = sc.all_scores([puzzle, skill])["text"]
    assert groups["micro"]["puzzles"]["accuracy"] == 1 and groups["micro"]["general items"]["accuracy"] == 0
    assert list(groups["task"]) == ["maze"] and list(groups["skill"]) == ["read"]
    assert list(sc.all_scores([skill])["text"]) == ["micro", "macro", "skill"]


@pytest.mark.parametrize(
    "texts, right",
    [
        ((WRONG, RIGHT, RIGHT), True),
        ((RIGHT, WRONG, WRONG), False),
        ((RIGHT, WRONG), True),  # a tie goes to the first
        ((WRONG, RIGHT), False),
        ((WRONG, "It is **{}**.\n\\boxed{ {} }", "<answer>{}</answer>"), True),  # one answer, set differently
        ((THOUGHT, "", RIGHT), True),  # no answer, no vote
        ((THOUGHT, ""), None),
    ],
)
def test_majority(texts, right):
    samples = [judged("h_index", 1, 0, text, i) for i, text in enumerate(texts)]
    best = sc.vote(samples[::-1])  # their order in the file does not matter
    assert (best and best.ok) == right


def test_different_right_answers_do_not_vote_together():
    """Two ways out of a maze are two answers: the vote does not know that both are right."""
    base = judged("maze", 1, 0, WRONG)
    ways = ["right right down", "down right right", "up up up", "up, up, up"]
    samples = [replace(base, answer=way, ok=i < 2, reason=f"{i < 2}", sample=i) for i, way in enumerate(ways)]
    assert sc.vote(samples).answer == "up up up"


def test_pass_and_majority_in_the_scores(many):
    words = [j for j in many if j.modality == "text"]
    found = sc.all_scores(words)["text"]["samples"]
    items = sc.by_item(words).values()
    assert list(found) == ["pass@1", "pass@2", "pass@4", "majority"]
    assert found["pass@1"]["accuracy"] == pytest.approx(fmean(j.ok for j in words))
    assert found["pass@4"]["accuracy"] == pytest.approx(fmean(any(j.ok for j in samples) for samples in items))
    pairs = [any(pair) for samples in items for pair in combinations([j.ok for j in samples], 2)]
    assert found["pass@2"]["accuracy"] == pytest.approx(fmean(pairs))
    uneven = [j for j in words if j.sample < 2 or j.task != "maze"]
    assert list(sc.sample_scores(uneven)) == ["pass@1", "pass@2", "majority"]


def test_failures_are_told_apart_and_counted(many):
    cut = [judged("maze", 1, 0, THOUGHT, finish="length"), judged("maze", 2, 0, "I go \\boxed{up", finish="length")]
    held = judged("maze", 1, 1, "", finish="content_filter")
    found = sc.failures([*many, *cut, held])
    kinds = {name: sum(one["replies"] for one in found if one["failure"] == name) for name in sc.FAILURES}
    assert kinds["cut off"] == 2 and kinds["refused"] == 1 and kinds["no answer"] > 0 and kinds["wrong answer"] > 0
    assert sum(kinds.values()) == sum(not j.ok for j in [*many, *cut, held])
    assert sc.score([*many, *cut])["cut_off"] == 2 / (len(many) + 2)
    assert [one["failure"] for one in found] == sorted((one["failure"] for one in found), key=sc.FAILURES.index)
    assert all(not re.search(r"\d", one["reason"]) for one in found)
    assert cut[0].reason == CUT


@pytest.mark.parametrize(
    "reason, kind",
    [
        ("row 3, column 4 is given as 7", "row #, column # is given as #"),
        ("it has 1,200 of -3.5", "it has # of #"),
        ("the path (0, 1), (0, 2) ends", "the path (#, ...), (#, ...) ends"),
        ("(0,2)-(1,2):1 leaves node -3 by 0-4", "(#, ...)-(#, ...):# leaves node # by #-#"),
        ("'catt' and \"dogg\" are no words", "'...' and '...' are no words"),
    ],
)
def test_reasons_of_one_kind(reason, kind):
    assert sc.reason_kind(reason) == kind


def test_floors_are_about_the_items_that_were_asked(many):
    from mmhelix_nb.verifiers import floors_of

    strange = replace(many[0], item="maze/1/None/text")
    found = sc.floors([*many, strange])
    assert (found["puzzles"], found["not_made_again"]) == (24, 1)
    items = [make("hanoi", level, seed) for level in (1, 2) for seed in range(4)]
    assert found["task"]["hanoi"] == floors_of("hanoi", items)
    assert found["mean"]["constant"] == pytest.approx(fmean(one["constant"] for one in found["task"].values()))


def test_the_best_of_few_constants_is_not_shown_off():
    for each, shown in ((3, False), (10, True)):
        found = [judged("maze", 1, seed, WRONG) for seed in range(each)]
        scores = sc.scores_of(sc.Evaluated("run", {"model": "m", "settings": {}}, found))
        assert scores["floors"]["task"]["maze"]["constant"] >= 1 / each
        assert (
            ("best constant" in scores["says"])
            == ("best constant answer" in str(sc.task_figure(scores).panels))
            == shown
        )
        assert any("fewer than 10" in said for said in sc.floor_text(scores)) == (not shown)


def test_a_row_with_a_number_for_its_name_is_no_seed():
    """A published row may be called 17, and is another puzzle than the one of seed 17."""
    own, other = judged("h_index", 2, 17, RIGHT), judged("h_index", 2, 3, RIGHT)
    assert own.answer != other.answer
    found = sc.floors(
        [own, replace(other, item="maze/2/17/text", task="maze"), replace(other, item="h_index/2/18/text")]
    )
    assert (found["puzzles"], found["not_made_again"], list(found["task"])) == (1, 2, ["h_index"])


def test_prompt_hash_is_that_of_the_evaluation(many):
    from mmhelix_nb.book.profiles import read_profile
    from mmhelix_nb.evaluation import Order, told

    assert told(Order(read_profile("gpu24")), [], many)["prompts"] == sc.asked_hash(many[::-1])


def test_refused_requests_are_no_answers():
    refused = judged("maze", 1, 0, "refused by the server (HTTP 400): the picture is not allowed", finish=REFUSED)
    found = sc.failures([refused])[0]
    assert (found["failure"], found["reason"]) == (
        "refused",
        "refused by the server (HTTP #): the picture is not allowed",
    )
    assert sc.vote([refused]) is None


def test_cost_is_what_the_tokens_cost(many):
    words = many[: len(many) // 2]
    spent = sc.usage(words, (2, 10))
    assert spent["cost"] == pytest.approx((96 * 80 * 2 + 24 * (10 + 20 + 30 + 40) * 10) / 1e6)
    assert spent["cost_per_right"] == pytest.approx(spent["cost"] / sum(j.ok for j in words))
    assert (spent["tokens_out_median"], spent["tokens_out_p90"], spent["seconds_total"]) == (25, 40, 144)
    silent = sc.usage([replace(j, tokens_in=0, seconds=0.0) for j in words])
    assert silent["tokens_in_known"] == 0 and "tokens_in_median" not in silent and "cost" not in silent


def test_report_holds_everything_and_loads_nothing(many, tmp_path):
    folder = keep(tmp_path / "run", many, temperature=0.6, top_p=0.95, k=4)
    page = sc.write_report(folder, (0.5, 2)).read_text()
    made = {"report.html", "scores.json", "scores.csv", "scores.tex"}
    figures = {f"by_{name}.svg" for name in ("modality", "category", "level", "task")}
    assert {path.name for path in folder.iterdir()} == made | figures | {"judged.jsonl", "results.json"}
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)|@import|url\(|<script|<link""", page)
    assert "prefers-color-scheme:dark" in page and "org/Some_Model-7B" in page
    for said in (
        "pass@4",
        "majority",
        "micro",
        "macro",
        "top_p",
        "0.95",
        "a million tokens",
        "Answers that look at nothing",
    ):
        assert said in page
    for name in figures:
        ElementTree.parse(folder / name)
    found = json.loads((folder / "scores.json").read_text())
    assert found["says"] in page and found["prompt_hash"] in page and found["settings"]["k"] == 4 and found["seed"] == 3
    assert "the evaluation is of another: 0.1" in page and "c0ffee" in page
    again = sc.write_report(folder, (0.5, 2)).read_text()
    assert again == page


def test_tidy_numbers_have_one_line_each(many, tmp_path):
    folder = keep(tmp_path, many)
    sc.write_report(folder)
    with open(folder / "scores.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = [(row["modality"], row["group"], row["name"]) for row in rows]
    assert len(set(keys)) == len(keys) and tuple(rows[0]) == sc.COLUMNS
    for kind in ("image", "text"):
        assert {(kind, "micro", "puzzles"), (kind, "macro", "over tasks"), (kind, "macro", "over categories")} <= set(
            keys
        )
        assert {(kind, "task", "maze"), (kind, "level", "2"), (kind, "task x level", "maze 2")} <= set(keys)
    for row in rows:
        assert 0 <= float(row["bootstrap_low"]) <= float(row["accuracy"]) <= float(row["bootstrap_high"]) <= 1


def test_latex_is_escaped_and_whole(many, tmp_path):
    folder = keep(tmp_path, many, model="a_b & 50% {c} \\d ~e ^f #1 $x")
    sc.write_report(folder)
    text = (folder / "scores.tex").read_text()
    assert r"a\_b \& 50\% \{c\} \textbackslash{}d \textasciitilde{}e \textasciicircum{}f \#1 \$x" in text
    bare = re.sub(r"\\[&%$#_{}]", "", "\n".join(line for line in text.split("\n") if not line.startswith("%")))
    assert bare.count("{") == bare.count("}") and not re.search(r"(?<!\\)[_#$^~]", bare)
    for table in text.split(r"\begin{tabular}")[1:]:
        lines = [line for line in table.split(r"\end{tabular}")[0].split("\n") if line.endswith(r"\\")]
        assert len({len(re.findall(r"(?<!\\)&", line)) for line in lines}) == 1
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 2


def test_a_report_of_general_skills_alone_or_of_rows_without_level(tmp_path):
    one = judged("maze", 1, 0, RIGHT)
    skill = replace(one, task="skill:read", category="general", item="skill:read/3/1/text")
    page = sc.write_report(keep(tmp_path / "skills", [skill])).read_text()
    assert "100.0% of 1 general items from words" in page and "There are no puzzles to measure floors on" in page
    assert (tmp_path / "skills" / "by_skill.svg").exists() and "read & 1 &" in (
        tmp_path / "skills" / "scores.tex"
    ).read_text()
    page = sc.write_report(
        keep(tmp_path / "rows", [replace(one, level=None, item="maze/None/row 3/text"), skill])
    ).read_text()
    assert "level not said" in page and "1 puzzle" in page and "all general items (micro mean)" in page


HOSTILE = "<script>alert(1)</script> \ud800 \u2028 \u0085 \x00 ]]> & \\boxed{no}"


def test_any_text_survives(tmp_path):
    found = [judged("maze", 1, 0, HOSTILE), judged("maze", 1, 1, RIGHT, finish=HOSTILE)]
    folder = keep(tmp_path, found, model=HOSTILE.replace("\ud800", ""))
    page = sc.write_report(folder).read_text(encoding="utf-8")
    assert "<script" not in page and "alert(1)" in page and "\x00" not in page
    assert sc.read_evaluation(folder).judged == found
    ElementTree.parse(folder / "by_task.svg")


def test_rows_without_a_seed_are_items_of_their_own():
    one = judged("maze", 1, 0, RIGHT)
    rows = [replace(one, item="maze/1/None/text", prompt_hash=f"{i}", ok=i < 2) for i in range(5)]
    assert sc.score(rows)["items"] == 5 and sc.score([*rows, *rows])["items"] == 10
    assert sc.sample_scores(rows) == {}


@pytest.mark.parametrize(
    "spoil, said",
    [
        (
            lambda f: (f / "judged.jsonl").unlink(),
            "is no finished evaluation, judged.jsonl is missing; mmhelix eval MODEL",
        ),
        (
            lambda f: (f / "results.json").unlink(),
            "is no finished evaluation, results.json is missing; mmhelix eval MODEL",
        ),
        (lambda f: (f / "results.json").write_text("{"), "results.json: not valid JSON"),
        (lambda f: (f / "results.json").write_text("[]"), "results.json: holds no results"),
        (lambda f: (f / "judged.jsonl").write_text("\n"), "judged.jsonl: holds no verdicts"),
        (lambda f: (f / "judged.jsonl").write_text('{"item": "a'), "judged.jsonl:1: is not JSON"),
        (lambda f: (f / "judged.jsonl").write_text("[1]\n"), "judged.jsonl:1: is no verdict"),
        (lambda f: (f / "judged.jsonl").write_text('{"item": "a"}\n'), "judged.jsonl:1: has no field 'category'"),
        (lambda f: (f / "judged.jsonl").write_bytes(b"\xff\xfe\n"), "judged.jsonl:1: is not JSON"),
    ],
)
def test_what_is_missing_is_named(tmp_path, spoil, said):
    folder = keep(tmp_path / "run", [judged("maze", 1, 0, RIGHT)])
    spoil(folder)
    with pytest.raises(sc.EvaluationError) as error:
        sc.write_report(folder)
    assert said in str(error.value) and "\n" not in str(error.value) and not (folder / "scores.json").exists()


@pytest.mark.parametrize("name, value", [("ok", 1), ("task", None), ("tokens", "9"), ("level", "2"), ("sample", True)])
def test_a_field_of_another_type_is_named(tmp_path, name, value):
    record = asdict(judged("maze", 1, 0, RIGHT)) | {name: value}
    (tmp_path / "judged.jsonl").write_text(json.dumps(record) + "\n")
    with pytest.raises(sc.EvaluationError, match=f"judged.jsonl:1: {name} = {re.escape(json.dumps(value))}: must be"):
        sc.read_judged(tmp_path / "judged.jsonl")


def test_all_tasks_have_a_place_in_the_figures():
    one = judged("maze", 1, 0, RIGHT)
    from mmhelix_nb.core import TASKS

    found = [replace(one, task=task, category=TASKS[task].category, item=f"{task}/x/y/text") for task in tasks()]
    run = sc.Evaluated("run", {"model": "m", "settings": {}}, found)
    scores = sc.scores_of(run)
    assert sum(len(panel.rows) for panel in sc.task_figure(scores).panels) == 42
    assert isinstance(found[0], Judged) and "would get" not in scores["says"]
