"""The doors to other people's toolboxes, each gone through once without a network; one whose package is missing is skipped, and says so."""

import json
from itertools import count

import pytest

from mmhelix_nb import make, tasks


def needed(package: str):
    """The package behind a door; skips with a notice where it is not installed."""
    return pytest.importorskip(package, reason=f"{package} is not installed: make doors-test brings it")


# TRL: a whole step of its trainer, whose model says what this test tells it to say


def call(answer: str) -> str:
    """A call of the tool in the form of Qwen's chat template."""
    told = json.dumps({"name": "submit", "arguments": {"answer": answer}})
    return f"<tool_call>\n{told}\n</tool_call><|im_end|>"


def trained(tmp_path, monkeypatch, replies):
    """GRPO on one maze, two rollouts that say `replies[turn][rollout]`; returns trainer, environments and all that was told to them."""
    torch, trl = needed("torch"), needed("trl")
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")
    from transformers import Qwen3Config, Qwen3ForCausalLM
    from trl.chat_template_utils import qwen3_chat_template

    from mmhelix_nb.doors.trl_environment import PuzzleEnvironment, environment_rows
    from mmhelix_nb.training.models import build_tokenizer

    tokenizer = build_tokenizer(["<tool_call> </tool_call>"])
    tokenizer.chat_template = qwen3_chat_template
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    sizes |= {"num_key_value_heads": 2, "head_dim": 16, "vocab_size": len(tokenizer)}
    torch.manual_seed(0)
    model = Qwen3ForCausalLM(Qwen3Config(**sizes, pad_token_id=tokenizer.pad_token_id, max_position_embeddings=8192))
    rows = environment_rows(["maze"], levels=(1,), count=1, tries=2)
    options = {"max_completion_length": 4000, "num_generations": 2, "per_device_train_batch_size": 2, "max_steps": 1, "logging_steps": 1}
    options |= {"use_cpu": True, "bf16": False, "report_to": [], "disable_tqdm": True, "save_strategy": "no"}
    config = trl.GRPOConfig(str(tmp_path), **options)
    made = {"model": model, "processing_class": tokenizer, "args": config, "train_dataset": rows}
    trainer = trl.GRPOTrainer(**made, environment_factory=PuzzleEnvironment)
    turn, heard = count(), []

    def say(prompt_ids, *_arguments, **_more):
        heard.extend(tokenizer.decode(ids) for ids in prompt_ids)
        said = replies(rows[0]["answer"])[next(turn)]
        return [tokenizer(text)["input_ids"] for text in said], None

    monkeypatch.setattr(trainer, "_generate_single_turn", say)
    trainer.train()
    return trainer, heard


def test_trl_trains_on_second_tries(tmp_path, monkeypatch):
    """One rollout mends its answer after the verdict, the other does not: rewards 1 and 0, and weights that move."""
    done = "I am done.<|im_end|>"
    turns = lambda gold: [[call("up " * 30)] * 2, [call(gold), call("sideways")], [done, done]]  # noqa: E731
    trainer, heard = trained(tmp_path, monkeypatch, turns)
    assert "submit" in heard[0] and "Tries: 2." in heard[0]  # the tool and the question
    assert "Wrong: move" in heard[2] and "Tries left: 1." in heard[2]  # what comes back after the first try
    assert "Right: " in heard[4] and "Tries left: 0." in heard[5]
    log = trainer.state.log_history[0]
    assert log["rewards/PuzzleEnvironment/mean"] == 0.5 and log["tools/failure_frequency"] == 0
    assert log["grad_norm"] > 0


def test_trl_reads_the_tool():
    needed("transformers")
    from transformers.utils import get_json_schema

    from mmhelix_nb.doors.trl_environment import PuzzleEnvironment

    told = get_json_schema(PuzzleEnvironment().submit)["function"]
    assert told["name"] == "submit" and told["parameters"]["required"] == ["answer"]


def test_trl_takes_every_right_answer():
    from mmhelix_nb.doors.trl_environment import PuzzleEnvironment, environment_rows

    environment = PuzzleEnvironment()
    rows = environment_rows(tasks(), levels=(2,), count=1)
    for row in rows:
        environment.reset(**row)
        assert "Tries left: 2" in environment.submit("?") and environment.get_reward() == 0
        environment.submit(row["answer"])
        assert environment.get_reward() == 1, row["task"]
    assert len(rows) == 42
