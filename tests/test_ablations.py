"""The paper's numbers, paired tests, claims and the page, on reports made up here."""

import json
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from statistics import fmean
from xml.etree import ElementTree

import pytest

from mmhelix_nb import ablations as ab
from mmhelix_nb.book.figures import svg
from mmhelix_nb.book.methods import METHODS, compared
from mmhelix_nb.book.pages import Table
from mmhelix_nb.book.profiles import Profile, ProfileError, read_profile
from mmhelix_nb.book.results import append_curve, read_results, save_results
from mmhelix_nb.book.statistics import mean_interval
from mmhelix_nb.evaluation import Judged, summarise
from mmhelix_nb.reporting import claims as cl
from mmhelix_nb.reporting import measured as ms

ROOT = Path(__file__).resolve().parents[1]
PAPER = Path(__file__).resolve().parents[1] / "reports" / "paper"
EQUAL = {"sft": {"steps": 100}, "ahpo": {"steps": 100}}
BOOK = Profile.model_validate({"name": "toy", "ablations": {"window": 5, "resamples": 2_000}, **EQUAL})
ALONE = [BOOK]
SEEDS = BOOK.model_copy(
    update={
        "ablations": BOOK.ablations.model_copy(update={"seeds": (0, 1)}),
        "overrides": ("ablations.seeds=[0,1]",),
    }
)
RATES = {
    "base": (0.0, 0.95),
    "grpo": (0.03, 0.95),
    "sft": (0.6, 0.2),
    "sft_grpo": (0.6, 0.9),
    "luffy": (0.05, 0.95),
    "static": (0.62, 0.95),
    "ahpo": (0.6, 0.96),
}


def write_evaluation(reports, method, rates, n=150, practised=("read",), asked="p", tag=""):
    rng, judged = Random(f"{method}{tag}"), []
    for task, rate in (("binairo", rates[0]), ("skill:read", rates[1]), ("skill:flip", rates[1])):
        category = "general" if task.startswith("skill") else "puzzles"
        judged += [
            Judged(
                f"{task}/{i}", task, category, 1, "image", rng.random() < rate, "", 9, "stop", f"{asked}{task}{i}", ""
            )
            for i in range(n)
        ]
    save_results(
        reports / "toy" / f"evaluation-{method}{tag}",
        {**summarise(judged), "practised": list(practised)},
        model="toy",
        profile="toy",
        seed=0,
    )


def write_curve(reports, method, final, steps=40, tag=""):
    for step in range(1, steps + 1):
        own = final * step / steps
        append_curve(
            reports / "toy" / f"ahpo-{method}{tag}" / "curve.jsonl",
            {
                "step": step,
                "reward/on_policy": own,
                "reward/with_expert": own if method in ("grpo", "sft_grpo") else (1 + 5 * own) / 6,
                "reward/in_domain": own,
                "xi": {"grpo": 0, "static": 1}.get(method, 1 - own),
                "zero_spread/in_domain": 1 - own,
                "zero_spread/general": 0.7,
                "loss": 0.1,
            },
        )


def write_runs(folder, methods=tuple(RATES), tag=""):
    for method in methods:
        write_evaluation(folder, method, RATES[method], tag=tag)
        if method not in ("base", "sft"):
            write_curve(folder, method, RATES[method][0], tag=tag)


def make_reports(folder, methods=tuple(RATES)):
    (folder / "paper").mkdir(parents=True)
    for path in PAPER.glob("*.csv"):
        (folder / "paper" / path.name).write_bytes(path.read_bytes())
    write_runs(folder, methods)
    return folder


@pytest.fixture
def reports(tmp_path):
    return make_reports(tmp_path / "reports")


def test_paper_is_found_from_below(monkeypatch):
    monkeypatch.chdir(PAPER.parents[1] / "nbs")
    assert len(ab.paper_table(1)) == 23 and len(ab.paper_curves()) == 5
    with pytest.raises(FileNotFoundError, match="nothing.csv"):
        ab.paper_file("nothing.csv")


def test_overall_column_mixes_two_means():
    kinds = [ab.both_means(row, "img")["printed_is"] for row in ab.paper_table(1, PAPER.parent)]
    assert kinds.count("macro") == 5 and "neither" not in kinds
    base = next(row for row in ab.paper_table(1, PAPER.parent) if row["model"] == "Qwen-2.5-VL-7B")
    assert round(ab.both_means(base, "img")["micro"], 1) == 5.0


def test_pairs_need_the_same_items(reports):
    found = ms.measured(reports, BOOK)
    assert ms.paired(found["ahpo"], found["base"], "in_domain")["difference"] > 0.4
    write_evaluation(reports, "base", RATES["base"], asked="q")
    assert ms.paired(found["ahpo"], ms.measured(reports, BOOK)["base"], "in_domain") is None


def test_groups(reports):
    result = ms.measured(reports, BOOK)["ahpo"]
    assert [len(ms.marks(result, group)[0]) for group in ms.GROUPS] == [150, 150, 150, 300]
    assert ms.accuracy({**result, "practised": []}, "untouched") is None
    assert ms.accuracy(result, "general")["n"] == 300


def test_table2_keeps_paper_and_ours_apart(reports):
    rows = ab.table2(reports, ALONE)
    assert [row["method"] for row in rows] == [method.key for method in compared() if method.in_paper]
    by_name = {row["method"]: row for row in rows}
    assert (
        by_name["static"]["paper"] == {"mm_helix": None, "average": None}
        and by_name["ahpo"]["paper"]["mm_helix"] == 24.9
    )
    assert by_name["sft_grpo"]["updates"] == by_name["ahpo"]["updates"] == by_name["sft"]["updates"]
    head = ab.table2_table(rows).head
    assert tuple(name for name in head if name.startswith("paper:")) == head[-2:] and "seeds" not in head


def test_tables_and_figures_take_several_seeds(reports):
    for seed in (1, 2):
        write_runs(reports, tag=f"@seed={seed}")
    books = ms.books_of(SEEDS.model_copy(update={"ablations": SEEDS.ablations.model_copy(update={"seeds": (0, 1, 2)})}))
    rows = ab.table2(reports, books)
    table = ab.table2_table(rows)
    assert isinstance(table, Table) and table.head[1] == "seeds" and {row[1] for row in table.rows} == {"3"}
    assert "over 3 seeds" in ab.main_figure(rows, reports).note
    runs = [[(step, seed / 10) for step in range(1, 6)] for seed in (4, 5, 6)]
    line = ab.curve_series("AHPO", "red", runs, 2)
    low, high = line.spans[-1]
    assert line.y[-1] == pytest.approx(0.5) and low < 0.4 < 0.6 < high and high - low == pytest.approx(0.497, abs=0.001)
    one = ab.curve_series("AHPO", "red", runs[:1], 2)
    assert one.spans == ((0.4, 0.4),) * 5


def test_unequal_budgets_are_said(reports):
    found = ms.measured_runs(reports, ALONE)
    assert any("equal steps" in said for said in ab.caveats(ALONE, found))
    unequal = Profile.model_validate({"name": "toy", **EQUAL, "sft": {"steps": 200}})
    assert any("unequal numbers of updates" in said for said in ab.caveats([unequal], found))


def test_budgets_count_what_a_method_starts_from():
    book = Profile.model_validate({"sft": {"steps": 120, "batch_size": 8}, "ahpo": {"steps": 100}})
    half = {"updates": 60, "rollouts": 0, "sft_samples": 60 * 8 * book.sft.gradient_accumulation_steps}
    assert ab.budget(book, "sft_half") == half and ab.budget(book, "base")["updates"] == 0
    assert ab.budget(book, "sft_grpo") == {**half, "updates": 110, "rollouts": 50 * book.ahpo.rollouts}
    assert (
        ab.budget(book, "ahpo")["rollouts"] - ab.budget(book, "luffy")["rollouts"] == 100 * book.ahpo.prompts_in_domain
    )


def test_claims(reports):
    out = {c["claim"]: c["outcome"] for c in cl.claims(ms.measured_runs(reports, ALONE))}
    assert set(out.values()) <= set(cl.OUTCOMES) and "not measured" not in out.values()
    for name in (
        "grpo_starves",
        "luffy_stays_low",
        "sft_learns",
        "sft_forgets",
        "ahpo_learns",
        "ahpo_above_grpo",
        "ahpo_above_luffy",
    ):
        assert out[name] == "reproduced"
    for name in ("ahpo_above_sft", "ahpo_above_sft_grpo", "adaptive_above_static"):
        assert out[name] == "undecided"


def test_claims_can_fail(reports):
    write_evaluation(reports, "ahpo", (0.02, 0.3))
    write_evaluation(reports, "grpo", (0.5, 0.95))
    out = {c["claim"]: c["outcome"] for c in cl.claims(ms.measured_runs(reports, ALONE))}
    for name in (
        "grpo_starves",
        "ahpo_above_grpo",
        "ahpo_above_sft",
        "ahpo_keeps_practised",
        "ahpo_keeps_untouched",
        "ahpo_improves_general",
        "adaptive_above_static",
    ):
        assert out[name] == "not reproduced"


def test_unknown_rule():
    with pytest.raises(ValueError, match="greater, keeps or little"):
        cl.outcome(cl.Claim("", "", "other", "ahpo", "base", "mix"), {"difference": 0, "low": 0, "high": 0, "p": 1})


def test_figures(reports):
    for name, (methods, _) in ab.REWARD_FIGURES.items():
        own, counted, paper = ab.reward_figure(reports, ALONE, name).panels
        assert [s.name for s in own.series] == [METHODS[m].label for m in methods] == [s.name for s in paper.series]
        assert own.y_range == paper.y_range and own.x_range == (0, 40) and paper.x_range[1] > 150
        assert counted.series[-1].y[0] > 0.16 > own.series[-1].y[0] and own.y_label == "mean reward"
        assert all(low <= y <= high for s in own.series for y, (low, high) in zip(s.y, s.spans, strict=True))
    assert [len(panel.series) for panel in ab.gate_figure(reports, ALONE).panels] == [5, 5, 5, 5]
    for figure in ab.report_figures(reports, ALONE, ab.table2(reports, ALONE)).values():
        ElementTree.fromstring(svg(figure))
        assert "one seed" in figure.note


def test_printed_values_stand_on_their_own_whiskers(reports):
    *_, printed, general = ab.main_figure(ab.table2(reports, ALONE), reports).panels
    for x, (low, high) in zip(printed.series[0].x, printed.series[0].spans, strict=True):
        assert low <= x <= high
    assert printed.series[0].spans[0] == (6.3, 6.3) and general.series[0].spans == ()


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.found += [v for k, v in attrs if k in ("href", "src")]
        if tag not in ("meta", "br", "img", "link", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found += [v for k, v in attrs if k in ("href", "src")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def executed(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    out = [{"output_type": "execute_result", "execution_count": 1, "data": {"text/plain": ["4321"]}, "metadata": {}}]
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# A title\n", "\n", "Words."]},
        {
            "cell_type": "code",
            "execution_count": 1,
            "id": "b",
            "metadata": {},
            "source": ["no_part_of_it = 1"],
            "outputs": [],
        },
        {"cell_type": "markdown", "id": "c", "metadata": {}, "source": ["## Run\n", "\n", "Now."]},
        {
            "cell_type": "code",
            "execution_count": 2,
            "id": "d",
            "metadata": {},
            "source": ["if profile:\n", "    go()"],
            "outputs": out,
        },
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def test_job_writes_page_and_data(reports):
    executed(reports / "toy" / "ahpo-ahpo" / "50_ahpo.ipynb")
    results = ab.report_results(BOOK, reports)
    saved = read_results(reports / "toy" / "ablations")
    assert (saved["profile"], saved["model"], len(saved["results"]["claims"])) == (
        "toy",
        BOOK.model.name,
        len(cl.CLAIMS),
    )
    chapter = (reports / "toy" / "chapters" / "ahpo-ahpo.html").read_text()
    assert "A title" in chapter and "4321" in chapter and "no_part_of_it" not in chapter
    text = (reports / "toy" / "index.html").read_text()
    assert (
        "<script" not in text
        and len(text) < 300_000
        and all(sentence.split(":")[0] in text for sentence in results["caveats"])
    )
    page = Links()
    page.feed(text)
    places = [link for link in page.found if not link.startswith(("#", "https://"))]
    assert sum(link.startswith("https://") for link in page.found) == 1  # the book
    assert page.open == [] and places and all((reports / "toy" / link).exists() for link in places)
    assert all(f'id="{link[1:]}"' in text for link in page.found if link.startswith("#"))
    assert sorted(path.name for path in (reports / "toy" / "figures").iterdir()) == [
        "figure6.svg",
        "figure7.svg",
        "gates.svg",
        "main.svg",
    ]


def test_job_twice_gives_the_same_bytes(reports):
    ab.report_results(BOOK, reports)
    files = [path for path in (reports / "toy").rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    ab.report_results(BOOK, reports)
    assert {path: path.read_bytes() for path in files} == before


@pytest.mark.parametrize("methods", [(), ("base",), ("grpo", "ahpo"), ("base", "sft")])
def test_missing_methods_are_said_to_be_missing(tmp_path, methods):
    reports = make_reports(tmp_path / "reports", methods)
    (reports / "toy").mkdir(exist_ok=True)
    results = ab.report_results(BOOK, reports)
    said = next(text for text in results["caveats"] if text.startswith("Not measured"))
    assert all(
        (method.label in said.removeprefix("Not measured: ").rstrip(".").split("; ")) == (method.key not in methods)
        for method in compared()
        if method.in_paper
    )
    page = (reports / "toy" / "index.html").read_text()
    assert page.count("<figure>") == 5 and ("not measured" in page)


def test_real_model_joins_table1(reports):
    judged = [
        Judged(f"{c}{i}", "t", c, 1, kind, i < 3, "", 9, "stop", f"{c}{i}", "")
        for kind in ("image", "text")
        for c in ("algorithms", "graphs", "puzzles", "games")
        for i in range(10)
    ]
    save_results(
        reports / "toy" / "evaluation-ahpo", {**summarise(judged), "practised": []}, model="real", profile="toy", seed=0
    )
    last = ab.table1(reports, ALONE)[-1]
    assert (last["source"], last["model"], round(last["micro_img"], 6), round(last["macro_txt"], 6)) == (
        "here",
        "AHPO",
        30,
        30,
    )
    assert {row["source"] for row in ab.table1(reports, ALONE)[:-1]} == {"paper"}


@pytest.fixture
def seeds(reports):
    write_runs(reports, [method for method in RATES if method != "luffy"], "@seed=1")
    return reports


def test_seeds_are_books_of_their_own():
    asked = ["ahpo.learning_rate=2e-4", "sft.steps=60"]
    several = read_profile("mini", PAPER.parents[1], [*asked, "ablations.seeds=[2,0]"])
    alone = [read_profile("mini", PAPER.parents[1], [*asked, f"seed={seed}"]) for seed in (2, 0)]
    assert ms.books_of(several) == alone and ms.books_of(alone[0]) == alone[:1]
    with pytest.raises(ProfileError, match=r"seed=4: the report is about ablations.seeds \[2, 0\]"):
        ms.books_of(read_profile("mini", PAPER.parents[1], ["seed=4", "ablations.seeds=[2,0]"]))


def test_shares_and_differences_over_seeds_can_be_computed_again(seeds):
    ab.report_results(SEEDS, seeds)
    saved = read_results(ms.page_folder(SEEDS, seeds))
    results = saved["results"]
    assert saved["seed"] == [0, 1] and results["seeds"] == {"asked": [0, 1], "missing": {"luffy": [1]}}
    share = next(row for row in results["table2"] if row["method"] == "ahpo")["in_domain"]
    each = [share["per_seed"][seed]["right"] / share["per_seed"][seed]["n"] for seed in ("0", "1")]
    mean, low, high = mean_interval(each)
    items = [fmean(one[end] for one in share["per_seed"].values()) for end in ("low", "high")]
    assert each[0] != each[1] and share["accuracy"] == pytest.approx(mean, abs=1e-5)
    wider = min(max(0, low), items[0]), max(min(1, high), items[1])
    assert (share["low"], share["high"]) == pytest.approx(wider, abs=1e-5)
    test = next(t for t in results["comparisons"] if (t["second"], t["group"]) == ("static", "in_domain"))
    assert "p" not in test and test["seeds"] == 2
    mean, low, high = mean_interval([one["difference"] for one in test["per_seed"].values()])
    items = [fmean(one[end] for one in test["per_seed"].values()) for end in ("low", "high")]
    wider = min(low, items[0]), max(high, items[1])
    assert (test["difference"], test["low"], test["high"]) == pytest.approx((mean, *wider), abs=1e-5)


def test_differences_are_paired_within_each_seed(seeds):
    write_evaluation(seeds, "ahpo", RATES["ahpo"], asked="q", tag="@seed=1")
    write_evaluation(seeds, "static", RATES["static"], asked="q", tag="@seed=1")
    found = ms.measured_runs(seeds, ms.books_of(SEEDS))
    assert ms.difference(found["ahpo"], found["static"], "in_domain")["seeds"] == 2
    crossed = ms.difference(found["ahpo"], found["grpo"], "in_domain")
    assert (crossed["seeds"], crossed["missing"], crossed["low"], crossed["high"]) == (1, [1], -1, 1)


def test_a_missing_seed_is_named_everywhere(seeds):
    results = ab.report_results(SEEDS, seeds)
    assert "Seeds without an evaluation: LUFFY 1." in results["caveats"]
    rows = dict(zip((row["method"] for row in results["table2"]), ab.table2_table(results["table2"]).rows, strict=True))
    assert rows["luffy"][1] == "1 of 2" and rows["luffy"][2].endswith("[0.0, 100.0]") and rows["ahpo"][1] == "2"
    assert "over 1 to 2 seeds" in ab.main_figure(results["table2"], seeds).note
    pairs = ab.comparison_table(results["comparisons"])
    assert pairs.head[1] == "seeds"
    assert {row[1] for row in pairs.rows if "LUFFY" in row[0]} == {"1 of 2"}
    assert {row[1] for row in pairs.rows if "GRPO" in row[0]} == {"2"}
    six = ab.reward_figure(seeds, ms.books_of(SEEDS), "figure6")
    assert "Fewer seeds: LUFFY 1 of 2" in six.note and "over 2 seeds" in six.note
    page = (ms.page_folder(SEEDS, seeds) / "index.html").read_text()
    assert "seed 0 and 1" in page and "Seeds without an evaluation: LUFFY 1." in page and "One seed" not in page


def test_claims_over_seeds_ask_the_interval_over_seeds(seeds):
    out = {c["claim"]: c for c in cl.claims(ms.measured_runs(seeds, ms.books_of(SEEDS)))}
    assert {c["outcome"] for c in out.values()} <= {"reproduced", "not reproduced", "undecided"}
    for c in out.values():
        low, high = c["paired"]["low"], c["paired"]["high"]
        if "seeds without 0" in c["rule"]:
            assert c["outcome"] == ("reproduced" if low > 0 else "not reproduced" if high < 0 else "undecided")
    assert out["ahpo_above_luffy"]["outcome"] == out["luffy_stays_low"]["outcome"] == "undecided"
    assert "p < 0.01" in cl.rule_text(cl.CLAIMS["ahpo_learns"])
    cells = cl.claim_table(list(out.values())).rows
    assert all("seeds: " in row[4] and " p " not in row[4] for row in cells)


def test_one_named_seed_is_a_report_on_one_seed(seeds):
    one = SEEDS.model_copy(update={"ablations": SEEDS.ablations.model_copy(update={"seeds": (1,)})})
    results = ab.report_results(one, seeds)
    assert results["caveats"][0].startswith("One seed") and read_results(ms.page_folder(one, seeds))["seed"] == 1
    assert "seeds" not in results and "luffy" not in {row["method"] for row in results["table2"]}
    assert all("p" in test and "seeds" not in test for test in results["comparisons"])


def test_executed_chapters_of_all_seeds_are_listed_once(seeds):
    for name in ("generators", "ahpo-ahpo", "ahpo-ahpo@seed=1"):
        executed(seeds / "toy" / name / "chapter.ipynb")
    ab.report_results(SEEDS, seeds)
    folder, page = ms.page_folder(SEEDS, seeds), Links()
    page.feed((folder / "index.html").read_text())
    written = [place for place in page.found if place.startswith("chapters/")]
    assert written == [f"chapters/{name}.html" for name in ("ahpo-ahpo", "ahpo-ahpo@seed=1", "generators")]
    assert all((folder / place).exists() for place in page.found if not place.startswith(("#", "https://")))


def test_real_model_over_seeds_joins_table1(reports):
    for tag, right in (("", 2), ("@seed=1", 4)):
        judged = [
            Judged(f"{c}{i}", "t", c, 1, "image", i < right, "", 9, "stop", f"{c}{i}", "")
            for c in ("algorithms", "graphs", "puzzles", "games")
            for i in range(10)
        ]
        place = reports / "toy" / f"evaluation-ahpo{tag}"
        save_results(place, {**summarise(judged), "practised": []}, model="real", profile="toy", seed=0)
    last = ab.table1(reports, ms.books_of(SEEDS))[-1]
    assert (last["model"], round(last["micro_img"], 6)) == ("AHPO, seeds: 2", 30)


def test_a_chapter_that_is_being_written_has_no_page_yet(tmp_path):
    """Another job of the same run may stand between the opening of its notebook and the first byte."""
    (tmp_path / "30_serg.ipynb").write_text("")
    assert ab.chapter_file(tmp_path / "30_serg.ipynb", "serg", tmp_path) == ""


def test_a_claim_that_could_not_fail_is_said_to_be_so():
    saved = read_results(ROOT / "reports/mini/ablations")["results"]["claims"]
    told = {c["claim"]: cl.told_as(c) for c in saved}
    assert told.pop("grpo_starves") == told.pop("ahpo_above_grpo") == cl.DESIGNED and cl.DESIGNED not in told.values()
    rated = cl.by_rate(saved, ab.kept_elsewhere(read_profile("mini"), ROOT / "reports"))
    assert {c["claim"] for c in rated if cl.told_as(c) == cl.RATED} == {"sft_forgets"}
    counted = "4 agree with the paper, 1 against it, 6 undecided, 2 true by design, 1 by the rate."
    assert cl.claim_counts(rated) == f"14 claims at one seed, which decides nothing: {counted}"
    page = (ROOT / "reports/mini/index.html").read_text(encoding="utf-8")
    assert f"<b>14 claims at one seed, which decides nothing: {counted}</b>" in page
    (starves,) = [c for c in saved if c["claim"] == "grpo_starves"]
    some = [{**share, "accuracy": 0.1} for share in starves["measured"]]
    assert cl.told_as({**starves, "measured": some}) == "reproduced"  # a base that solves some could have failed it


def test_an_interval_without_width_is_wilson_s():
    saved = {c["claim"]: c["paired"] for c in read_results(ROOT / "reports/mini/ablations")["results"]["claims"]}
    assert cl.difference_text(saved["sft_learns"]).startswith("+100.0 [+98.7, +100.0]")
    assert cl.difference_text(saved["grpo_starves"]).startswith("+0.0 [-1.3, +1.3]")
    assert cl.with_width(saved["luffy_stays_low"]) == saved["luffy_stays_low"]
    few = {"difference": 0.0, "low": 0.0, "high": 0.0, "n": 5, "p": 1.0}
    assert cl.outcome(cl.CLAIMS["ahpo_keeps_practised"], few) == "undecided"  # five items say little


def test_words_are_explained_once_and_links_lead_back():
    page = (ROOT / "reports/mini/index.html").read_text(encoding="utf-8")
    assert page.count('<a href="#contents">') == page.count("<section>") and page.count('id="contents"') == 1
    head = page[: page.index("<figure>")]
    assert all(head.count(f">{word}</abbr>") == 1 for word in ("SFT", "AHPO", "GRPO", "LUFFY", "undecided"))
