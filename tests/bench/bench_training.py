"""A step of AHPO beside a step of TRL's GRPO, on the same model and the same rollouts, and where its time goes; JSON into reports/bench/training.json.

The miniature on one core, 60 rollouts of 30 tokens a step and an expert as long, which is about what the lab trains; the picture encoder stays as it is, every
advantage differs from zero, so that no rollout is left out, and the two AHPO trainers that are compared with GRPO read each picture as often as it does. Seconds are the process's own CPU seconds, the trainers take turns, and ratios are
those of medians, so that a busy machine does not decide."""

import json
import os
import platform
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from datasets import Dataset
from PIL import Image
from trl import GRPOConfig, GRPOTrainer

from mmhelix_nb import ahpo
from mmhelix_nb.book.place import commit
from mmhelix_nb.training.families import vision_tokens
from mmhelix_nb.training.models import build_mini, build_processor, build_tokenizer, freeze_tower

G, PROMPTS, TOKENS = 5, 12, 30
REPEATS = int(os.environ.get("MMHELIX_BENCH_REPEATS", 15))
OUT = Path("reports/bench/training.json")
WANTED = {
    "none_gated_at_most": 1.03,
    "all_gated_at_most": round(1 + 1.3 / G, 3),
    "ahpo_steps_a_second_at_least": 1.5,
}
CONFIG = {
    "per_device_train_batch_size": G * PROMPTS,
    "num_generations": G,
    "max_completion_length": TOKENS,
    "max_steps": 1,
    "learning_rate": 1e-4,
    "loss_type": "grpo",
    "beta": 0.0,
    "use_cpu": True,
    "bf16": False,
    "report_to": [],
    "save_strategy": "no",
    "disable_tqdm": True,
    "shuffle_dataset": False,
    "activation_checkpointing": False,
    "seed": 0,
}


def rows() -> Dataset:
    """Prompts with a picture and an expert as long as a rollout."""
    expert = [{"role": "assistant", "content": "0123456789" * 2 + "012345678"}]
    return Dataset.from_list(
        [
            {
                "prompt": [{"role": "user", "content": f"sort {i}"}],
                "images": [Image.new("RGB", (112, 112), (20 * i, 90, 200))],
                "completion": expert,
            }
            for i in range(PROMPTS)
        ]
    )


def right(count: int):
    """A reward for which the first `count` rollouts of each group are right: every advantage differs from zero."""
    return lambda completions, **columns: [float(i % G < count) for i in range(len(completions))]


class Steps:
    """A trainer that takes one step after the other, with the CPU seconds of its parts."""

    def __init__(self, processor, data: Dataset, folder: str, correct: int, share: bool | None):
        model = build_mini(processor)
        freeze_tower(model)
        config = {"output_dir": folder, **CONFIG}
        if share is None:
            banned = {"generation_kwargs": {"suppress_tokens": vision_tokens(model.config)}}
            args, kind = GRPOConfig(**config, **banned), GRPOTrainer
        else:
            args, kind = ahpo.AHPOConfig(**config, share_pictures=share), ahpo.AHPOTrainer
        self.trainer = kind(model, right(correct), args, data, processing_class=processor)
        self.parts, self.inside = {}, []
        self.trainer.model.train()
        self.trainer.create_optimizer_and_scheduler(1000)
        self.trainer.current_gradient_accumulation_steps = 1
        self.inputs = next(iter(self.trainer.get_train_dataloader()))
        self.wholes: list[float] = []
        self.watch()

    @contextmanager
    def part(self, name: str):
        """Counts the seconds of a part, without those of the parts within it."""
        began = time.process_time()
        self.inside.append(0.0)
        yield
        took, within = time.process_time() - began, self.inside.pop()
        if self.inside:
            self.inside[-1] += took
        self.parts[name] = self.parts.get(name, 0.0) + took - within

    def timed(self, name: str, call):
        """A call that counts as a part."""

        def wrapped(*args, **kwargs):
            with self.part(name):
                return call(*args, **kwargs)

        return wrapped

    def watch(self) -> None:
        """Puts watches on what a step consists of."""
        trainer = self.trainer
        for method, name in (("_generate_single_turn", "write"), ("_calculate_rewards", "reward")):
            setattr(trainer, method, self.timed(name, getattr(trainer, method)))
        visual = trainer.model.model.visual
        visual.forward = self.timed("vision tower, forward", visual.forward)
        if isinstance(trainer, ahpo.AHPOTrainer):
            names = {ahpo.policy_term: "rollouts, forward", ahpo.expert_term: "expert, forward"}
            trainer.terms = tuple(self.timed(names[term], term) for term in trainer.terms)

    def step(self) -> float:
        """One step: write, score, and learn; its CPU seconds."""
        trainer, began = self.trainer, time.process_time()
        torch.manual_seed(len(self.wholes))
        with self.part("prepare"):
            batch = trainer._generate_and_score_completions(self.inputs)
        with self.part("loss"):
            loss = trainer._compute_loss(trainer.model, batch)
        with self.part("backward"):
            loss.backward()
        with self.part("optimiser"):
            trainer.optimizer.step()
            trainer.model.zero_grad()
        self.gated = next(iter(trainer._metrics["train"].get("xi", [])), None)
        trainer._metrics["train"].clear()
        self.wholes.append(time.process_time() - began)
        return self.wholes[-1]

    def shares(self) -> dict[str, float]:
        """Of each part, its share of all steps."""
        whole = sum(self.parts.values())
        return {name: round(took / whole, 3) for name, took in sorted(self.parts.items(), key=lambda one: -one[1])}


def same_rollouts(steps: dict[str, Steps]) -> bool:
    """Whether all trainers write the same at the same seed."""
    told = []
    for one in steps.values():
        torch.manual_seed(0)
        told.append(one.trainer._generate_and_score_completions(one.inputs)["completion_ids"])
        one.trainer._metrics["train"].clear()
    return all(torch.equal(told[0], other) for other in told)


def main() -> None:
    """Measure, print, write."""
    torch.set_num_threads(1)
    processor = build_processor(build_tokenizer(["sort user assistant \\boxed{0123456789}"] * 4, 400))
    data = rows()
    with tempfile.TemporaryDirectory() as folder:
        kinds = {
            "TRL's GRPO": (3, None),
            "no prompt gated": (3, False),
            "all prompts gated": (1, False),
            "no prompt gated, pictures shared": (3, True),
            "all prompts gated, pictures shared": (1, True),
        }
        steps = {name: Steps(processor, data, folder, *kind) for name, kind in kinds.items()}
        assert same_rollouts(steps)
        for _ in range(REPEATS):
            for one in steps.values():
                one.step()
        gated = {name: one.gated for name, one in steps.items() if kinds[name][1] is not None}
        assert all(rate == name.startswith("all") for name, rate in gated.items()), gated
    seconds = {name: median(one.wholes) for name, one in steps.items()}
    base, none, every, *shared = seconds.values()
    figures = {
        "cpu_seconds_a_step": {name: round(took, 4) for name, took in seconds.items()},
        "none_gated_over_grpo": round(none / base, 3),
        "all_gated_over_grpo": round(every / base, 3),
        "shared_pictures_save": {
            "none_gated": round(1 - shared[0] / none, 3),
            "all_gated": round(1 - shared[1] / every, 3),
        },
        "ahpo_steps_a_second": round(1 / shared[1], 2),
        "shares": {name: one.shares() for name, one in steps.items()},
        "repeats": REPEATS,
        "rollouts": G * PROMPTS,
        "tokens": TOKENS,
    }
    machine = {
        "commit": commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"machine": machine, "wanted": WANTED, "figures": figures}, indent=1) + "\n")
    print(json.dumps(figures, indent=1), f"\nwritten to {OUT}")


if __name__ == "__main__":
    main()
