"""SERG with a small real model on a real server: the paper's comparison in miniature, whatever comes out.

Needs what `make serg-server` installs and minutes of two cores, so it runs only with MMHELIX_SERVER set (`make serg-study`)."""

import os

import pytest
from small_server import missing, prepare, running

from mmhelix_nb.book.results import save_results
from mmhelix_nb.book.server import Server
from mmhelix_nb.core import make
from mmhelix_nb.traces.polish import Polishing, compare

pytestmark = pytest.mark.skipif(
    "MMHELIX_SERVER" not in os.environ or bool(missing()),
    reason=f"run by make serg-study; missing: {missing() or 'nothing'}",
)
TASKS = (
    "count_hills_and_valleys",
    "best_time_to_buy_and_sell_stock",
    "slidingpuzzle",
    "maze",
    "eulerian_path",
)  # those with the shortest skeletons, about 250 tokens
MODEL = "SmolLM2-135M-Instruct"
K, MAX_TOKENS = 2, 400


def test_comparison_on_a_real_server(tmp_path):
    items = [make(task, 1, seed) for task in TASKS for seed in range(int(os.environ["MMHELIX_SERVER"]))]
    with running(prepare()) as (address, name):
        how = Polishing(attempts=K, max_tokens=MAX_TOKENS)
        table = compare(items, Server(address, name, concurrency=2), how, tmp_path / "replies.sqlite")
    direct, skeleton, serg = table
    assert skeleton["pass@k"]["share"] == 1.0
    for line in (direct, serg):
        assert 0 <= line["pass@1"]["share"] <= line["pass@k"]["share"] <= 1 and line["items"] == len(items)
    save_results(
        "reports/serg",
        {
            "tasks": TASKS,
            "level": 1,
            "max_tokens": MAX_TOKENS,
            "temperature": how.temperature,
            "weights": "Q4_1, computed in float32",
            "table": table,
        },
        model=MODEL,
        profile="serg-study",
        seed=0,
    )
    for line in table:
        print(line)
