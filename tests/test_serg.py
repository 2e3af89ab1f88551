"""An expert sample costs one telling of the search and one solving; its rows say what the item says."""

from collections import Counter

import pytest

from mmhelix_nb.book.rows import item_of, item_row
from mmhelix_nb.core import make, task_module, tasks
from mmhelix_nb.serg import expert
from mmhelix_nb.verifiers import reward


@pytest.mark.parametrize("task", tasks())
def test_an_expert_sample_searches_once(task, monkeypatch):
    module, calls = task_module(task), Counter()
    items = [make(task, level, 900 + level) for level in (1, 3, 5)]  # puzzles that no cache has seen

    def counting(name, function):
        def counted(*arguments):
            calls[name] += 1
            return function(*arguments)

        return counted

    for name in ("trace", "draw"):
        monkeypatch.setattr(module, name, counting(name, getattr(module, name)))
    if hasattr(module.solve, "cache_info"):  # the check asks again, and nothing is searched for again
        before = module.solve.cache_info().misses
        samples = [expert(item) for item in items]
        calls["solve"] = module.solve.cache_info().misses - before
    else:
        monkeypatch.setattr(module, "solve", counting("solve", module.solve))
        samples = [expert(item) for item in items]
    assert all(sample.verdict for sample in samples)
    assert calls["trace"] == 3 and calls["solve"] <= 3, calls  # the answer is what the trace concludes


@pytest.mark.parametrize("task", tasks())
def test_rows_say_what_the_item_says(task):
    item = make(task, 2, 7)
    sample = expert(item)
    for modality in ("image", "text"):
        row = item_row(item, sample.reply, modality)
        assert row["prompt"][0]["content"].startswith(item.question(modality))
        assert (row["task"], row["level"], row["seed"], row["answer"]) == (task, 2, 7, item.answer)
        assert (row["modality"], len(row["images"])) == (modality, int(modality == "image"))
        assert item_of(dict(row)).state == item.state
        assert reward([row["completion"]], [row["task"]], [row["state"]], [row["answer"]]) == [1.0]
