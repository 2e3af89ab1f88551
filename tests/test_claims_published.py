"""The paper's tables computed again: counts behind percentages, which mean is which, and verdicts that follow from them."""

import json
import shutil
from itertools import combinations
from statistics import fmean

import pytest

from mmhelix_nb.ablations import paper_table
from mmhelix_nb.book.place import book_folder
from mmhelix_nb.book.statistics import ranks_record
from mmhelix_nb.claims import published
from mmhelix_nb.claims.register import verdict

KEPT = book_folder() / "reports/claims"


def test_the_totals_of_table_1():
    """By hand: 63 of 1,260 are 5.0 %, which the paper prints as 6.3, the mean of four categories."""
    models = {one["model"]: one for one in published.models_of(paper_table(1))}
    base, own = models["Qwen-2.5-VL-7B"]["img"], models["MM-HELIX-7B-Thinking"]["img"]
    assert (base["right"], base["n"], own["right"]) == (63, 1260, 314) and len(models) == 23
    assert base["printed_is"] == "macro" and own["printed_is"] == "micro"
    assert round(100 * base["macro"], 1) == 6.3 and round(100 * own["macro"], 1) == 24.0
    assert base["counts"] == {"alg": 16, "graph": 43, "puzzle": 2, "game": 2}
    odd = {name for name, one in models.items() if one["img"]["printed_is"] != "micro"}
    assert odd == {
        "Qwen-2.5-VL-7B",
        "Qwen-2.5-VL-32B",
        "Qwen-2.5-VL-72B",
        "QVQ-72B-Preview",
        "Kimi-VL-16B-A3B-Thinking-2506",
    }
    assert models["Qwen-2.5-VL-32B"]["txt"]["printed_is"] == "macro of rounded cells"


def test_ranks_are_those_of_all_labellings():
    a, b = [3.0, 5.0, 5.0], [1.0, 2.0, 3.0, 4.0]
    both = [*a, *b]
    ranks = [fmean(i + 1 for i, other in enumerate(sorted(both)) if other == value) for value in both]
    sums = [sum(ranks[i] for i in chosen) for chosen in combinations(range(7), 3)]
    far = abs(sum(ranks[:3]) - fmean(sums))
    assert ranks_record(a, b)["p"] == pytest.approx(fmean(abs(one - fmean(sums)) >= far - 1e-9 for one in sums))
    found = ranks_record(range(10, 22), range(10))
    assert found["p"] < 1e-4 and 0 < found["low"] < found["difference"] < found["high"]


def test_thinking_is_tested_and_not_assumed():
    rows = paper_table(1)
    for row in rows:
        row["thinking"] = "no" if row["thinking"] == "yes" else "yes"
    turned = published.table1_tests(published.models_of(rows))
    rules = {claim.key: claim for claim in published.claims()}
    assert verdict(rules["1.6"], turned["1.6"]) == "did not" and turned["1.6"]["difference"] < 0
    few = [
        one for one in published.models_of(paper_table(1)) if one["model"] in ("GPT-5", "GPT-4o", "o4-mini", "GPT-4.1")
    ]
    assert verdict(rules["1.6"], published.thinking_gap(few, "img")) == "stood"
    assert published.thinking_gap(few, "img")["p"] > 0.05  # as few as possible, and so said by the p-value beside it


@pytest.mark.skipif(not (KEPT / "published.json").is_file(), reason="no report of this part is committed")
def test_the_committed_report_is_what_the_tables_give(tmp_path):
    kept = json.loads((KEPT / "published.json").read_text(encoding="utf-8"))
    fresh = published.collected(book_folder() / "reports")
    published.write_published({**fresh, "commit": kept["commit"], "version": kept["version"]}, tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (KEPT / path.name).read_bytes(), path.name
        path.unlink()
    shutil.copy(KEPT / "published.json", tmp_path)
    published.redraw(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (KEPT / path.name).read_bytes(), path.name
