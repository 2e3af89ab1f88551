"""SERG with a small real model on a real server: the paper's comparison in miniature, whatever comes out.

Needs what `make serg-server` installs and minutes of two cores, so it runs only with MMHELIX_SERVER set (`make serg-study`)."""
import os

import pytest
from small_server import missing, prepare, running

from mmhelix_nb.core import make
from mmhelix_nb.polish import Server, compare
from mmhelix_nb.results import write_json

pytestmark = pytest.mark.skipif("MMHELIX_SERVER" not in os.environ or bool(missing()), reason=f"run by make serg-study; missing: {missing() or 'nothing'}")
TASKS = ("maze", "slidingpuzzle", "best_time_to_buy_and_sell_stock", "hanoi", "binairo")


def test_comparison_on_a_real_server(tmp_path):
    items = [make(task, 1, seed) for task in TASKS for seed in range(int(os.environ["MMHELIX_SERVER"]))]
    with running(prepare()) as (address, name):
        table = compare(items, Server(address, name, concurrency=2, max_tokens=512, timeout_s=600), 2, tmp_path / "replies.sqlite")
    direct, skeleton, serg = table
    assert skeleton["pass@k"]["share"] == 1.0
    for line in (direct, serg): assert 0 <= line["pass@1"]["share"] <= line["pass@k"]["share"] <= 1 and line["items"] == len(items)
    write_json("reports/bench/serg_model.json", {"model": "SmolLM2-135M-Instruct (Q4_1 weights, float32)", "tasks": TASKS, "level": 1, "max_tokens": 512, "table": table})
    for line in table: print(line)
