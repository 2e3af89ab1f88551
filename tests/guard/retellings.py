"""Thirty-nine skeletons, one a task, retold by hand as a good model would; they stand in `retellings.jsonl` with their steps, so that no change of a generator or a teller moves them."""

import json
from pathlib import Path

from mmhelix_nb.core import Instance, Solution, unpack
from mmhelix_nb.serg import Sample
from mmhelix_nb.steps import Step


def retellings() -> list[tuple[Sample, str]]:
    """The skeletons, each with its retelling as a reply."""
    found = []
    for line in Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").strip().split("\n"):
        told = json.loads(line)
        item = Instance(told["task"], told["level"], told["seed"], unpack(told["task"], told["state"]))
        vars(item)["solution"] = Solution(told["answer"], told["effort"])
        steps = tuple(Step(**step) for step in told["steps"])
        sample = Sample(item, told["skeleton"], "skeleton", item.check(told["skeleton"]), steps)
        found.append((sample, f"<think>\n{told['retelling']}</think>\n\n\\boxed{{{told['answer']}}}"))
    return found
