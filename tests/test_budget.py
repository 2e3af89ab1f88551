"""The budget of a run: its arithmetic against counts by hand and against torch's own allocations, the shipped profiles, and `mmhelix plan`."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.book.rows import rows_path
from mmhelix_nb.running.cli import app
from mmhelix_nb.training import budget as B

SEVEN, THREE = B.SHIPPED.values()


def call(*arguments):
    "Exit code and output of a command, in this process."
    found = CliRunner().invoke(app, list(arguments))
    if found.exception and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.exit_code, found.output


def made_for(name: str, *overrides: str) -> B.Plan:
    "The plan of a profile on the card that it is made for."
    book = read_profile(name, overrides=overrides)
    return B.reckon(book, B.of_size(book.machine.gpu_gb), "nowhere")


@pytest.fixture
def card(tmp_path, monkeypatch):
    "Makes a driver that says what it is told."

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def driver(line: str) -> None:
        program = tmp_path / "bin" / "nvidia-smi"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho '{line}'\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return driver


# By hand


def test_weights_of_the_7b_by_hand():
    layer = 3584 * 3584 * 2 + 3584 * 512 * 2 + 3584 * 18944 * 3
    parts = B.weight_bytes(SEVEN, "nf4", True, 2)
    assert parts["language layers"] / 1e9 == pytest.approx(28 * layer * (0.5 + 1 / 64) / 1e9, rel=0.002)
    assert parts["embeddings and head"] == 2 * 2 * 152064 * 3584
    assert {name: round(size / 1e9, 2) for name, size in parts.items()} == {
        "language layers": 3.37,
        "embeddings and head": 2.18,
        "vision tower": 1.35,
    }
    assert B.weight_bytes(THREE, None, True, 2)["embeddings and head"] == 2 * 151936 * 2048  # one table


def test_what_learns_by_hand():
    gpu24 = read_profile("gpu24")
    lora = 28 * 32 * (2 * (3584 + 3584) + 2 * (3584 + 512) + 3 * (3584 + 18944))
    found = B.learning_bytes(SEVEN, gpu24.model, gpu24.ahpo)
    assert found["LoRA weights"] == found["gradients"] == 4 * lora
    assert (found["LoRA weights"] + found["gradients"]) / 1e9 == pytest.approx(0.65, abs=0.01)
    assert found["optimizer states"] / 1e9 == pytest.approx(0.16, abs=0.01)


def test_a_pass_by_hand():
    row, lora = 900 + 2048, B.Numbers(2, 2, rank=32)
    one = B.Pass(1, row, 2048, 0)
    kept = B.kept_bytes(SEVEN, lora, one, True, False)
    assert kept / 1e9 == pytest.approx(28 * row * 3584 * 2 / 1e9, rel=0.16)  # the inputs of 28 layers, and both ends
    assert B.layer_keeps(SEVEN.layer, B.Numbers(2, 2), row) == pytest.approx(226e3, rel=0.01)
    assert B.head_bytes(SEVEN, lora, one) >= 2048 * 32768 * 2
    assert B.cache_bytes(SEVEN, 2) * 10 * row / 1e9 == pytest.approx(1.69, abs=0.01)


def test_full_training_takes_sixteen_bytes_a_weight():
    paper = read_profile("paper")
    parts = B.weight_bytes(SEVEN, "none", True, 4) | B.learning_bytes(SEVEN, paper.model, paper.ahpo)
    assert (sum(parts.values()) - parts["vision tower"]) / 1e9 == pytest.approx(122, abs=1)
    update = made_for("paper").phases[2].parts
    learning = [update[part] for part in ("language layers", "embeddings and head", "gradients", "optimizer states")]
    assert sum(learning) == pytest.approx(122 / 8, abs=0.2)


# Beside torch


def off(found: dict) -> dict:
    "How far each reckoned figure is from the measured one, as a share."
    return {part: abs(said / real - 1) for part, (real, said) in found.items()}


def test_the_budget_agrees_with_what_torch_allocates():
    torch = pytest.importorskip("torch")
    pytest.importorskip("trl")
    from allocations import How, compare_layer, compare_model, compare_writing, small_config

    torch.set_num_threads(1)
    config = small_config(hidden=128, layers=3, inner=384, heads=4, eye=(2, 64, 128))
    lora, plain = How(torch.bfloat16, 8, True, True), How()
    ahpo = [B.Pass(1, 256, 128, 0), B.Pass(1, 192, 96, 0)]
    found = [
        compare_model(config, [B.Pass(1, 256, 128, 0)], plain),
        compare_model(config, ahpo, lora),
        compare_layer(lora, 256, 256, 768, 4, 2),
        compare_writing(config, plain, 4, 64, 24),
    ]
    assert all(max(off(one).values()) < 0.15 for one in found), [off(one) for one in found]


def test_a_model_is_counted_without_memory():
    torch = pytest.importorskip("torch")
    from allocations import How, blank, made, small_config

    config = small_config(layers=2)
    model, shape = made(config, How(torch.bfloat16)), B.counted(blank(config))
    assert shape.weights == sum(weight.numel() for weight in model.parameters())
    assert shape.matrices + shape.rest == sum(
        weight.numel() for weight in model.get_decoder().layers.parameters()
    ) + sum(weight.numel() for weight in model.get_decoder().norm.parameters())
    with pytest.raises(B.BudgetError, match="no shape is shipped"):
        B.shape_of("some/other-model")


@pytest.mark.parametrize("kind", ["Gemma3", "LlavaOnevision", "Qwen3VL", "SmolVLM", "Qwen3"])
def test_every_family_is_counted(kind):
    transformers = pytest.importorskip("transformers")
    from mmhelix_nb.training.models import blank

    widths = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    text = widths | {"num_key_value_heads": 2, "head_dim": 16, "vocab_size": 300, "pad_token_id": 0}
    eye = widths | {"num_heads": 4, "depth": 2, "out_hidden_size": 64, "image_size": 56, "patch_size": 14}
    own = {"SmolVLM": {"model_type": "llama"}, "LlavaOnevision": {"model_type": "qwen2"}}.get(kind, {})
    parts = text if kind == "Qwen3" else {"text_config": text | own, "vision_config": eye}
    model = blank(getattr(transformers, f"{kind}Config")(**parts))
    shape = B.counted(model)
    assert shape.weights == sum(weight.numel() for weight in model.parameters())
    assert shape.layers == 2 and (shape.tower is None) == (kind == "Qwen3") and shape.rest < shape.matrices / 50


# The shipped profiles


def test_gpu24_keeps_its_limits():
    plan = made_for("gpu24", "serg.kind=skeleton")
    gb = {one.name: one.gb for one in plan.phases}
    assert plan.experts.longest + 900 >= 4_096 and gb["SFT"] <= 14
    assert read_profile("gpu24").ahpo.max_completion_length == 2_048
    assert max(gb["AHPO update"], gb["AHPO rollouts"]) <= 18 and gb["evaluation"] <= 18


def test_gpu16_and_night_fit_a_card_of_16_gb():
    assert made_for("gpu16").largest.gb <= 14.5
    for named in ("RTX 4060 Ti", "RTX 4080", "RTX 3090", "L4"):
        night = B.reckon(read_profile("night"), B.card_named(named), "nowhere")
        assert night.fits and night.largest.gb <= 14.5 and night.hours <= B.NIGHT, named


def test_paper_fits_eight_cards_of_80_gb():
    plan = made_for("paper")
    assert plan.cards == 8 and plan.fits and plan.hours > 100


@pytest.mark.parametrize(
    "larger",
    [
        "sft.batch_size=2",
        "sft.gradient_checkpointing=false",
        "model.quantise=none",
        "model.attention=eager",
        "sft.optim=adamw_torch",
    ],
)
def test_what_takes_more_is_reckoned_as_more(larger):
    assert made_for("gpu24", larger).phases[0].gb > made_for("gpu24").phases[0].gb + 0.1


def test_long_experts_drive_memory_unless_they_are_skipped():
    usual, kept = made_for("gpu24").phases[2], made_for("gpu24", "ahpo.long_experts=keep").phases[2]
    assert kept.gb > usual.gb + 0.3
    assert made_for("gpu24", "generators.levels=[1]").phases[0].gb < made_for("gpu24").phases[0].gb - 0.5


def test_vllm_takes_its_share_of_the_card_and_must_hold_the_weights_in_it():
    plain, shared = made_for("paper").phases[1], made_for("paper", "ahpo.vllm=yes").phases[1]
    assert shared.parts["vLLM"] == pytest.approx(0.3 * 80) and "KV cache, or prefill" not in shared.parts
    assert made_for("paper", "ahpo.vllm=yes").hours < made_for("paper").hours and plain.gb > shared.gb
    with pytest.raises(
        B.BudgetError, match=r"ahpo.vllm_gpu_memory_utilization = 0.3: .*; set it to 0.\d+, or ahpo.vllm=no"
    ):
        made_for("gpu16", "ahpo.vllm=yes")
    code, said = call("plan", "--profile", "gpu16", "--card", "16", "--set", "ahpo.vllm=yes")
    assert code == 2 and len(said.strip().splitlines()) == 1


def test_lengths_come_from_samples_where_there_are_some(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = rows_path(read_profile("gpu24"), "sft", tmp_path)
    path.parent.mkdir(parents=True)
    told = [[{"role": "assistant", "content": "no way " * n}] for n in (10, 4_000)]
    pq.write_table(pa.table({"completion": told}), path)
    found = B.expert_lengths(read_profile("gpu24"), tmp_path)
    assert found.longest >= 8_000 and str(path) == found.source
    assert B.expert_lengths(read_profile("gpu24"), tmp_path / "nowhere").longest == 3_200


# What makes it fit


@pytest.mark.parametrize(
    "name, gb, overrides",
    [
        ("gpu24", 16, ["sft.batch_size=4", "ahpo.generation_batch=null"]),
        ("gpu24", 12, []),
        ("gpu24", 8, []),
        ("gpu24", 24, ["model.quantise=none", "ahpo.max_completion_length=16384"]),
        ("gpu16", 8, []),
        ("paper", 40, []),
        ("paper", 24, ["machine.gpus=1", "machine.sharding=none"]),
    ],
)
def test_the_named_change_makes_it_fit(name, gb, overrides):
    asked = ["plan", "--profile", name, "--card", str(gb), *(part for text in overrides for part in ("--set", text))]
    code, said = call(*asked)
    line = said.splitlines()[-1]
    assert code == 1 and "GB and a card of" in line and "it fits with --set" in line
    assert call(*asked, *shlex.split(line.split("it fits with ")[1]))[0] == 0


def test_what_costs_nothing_is_named_first():
    book = read_profile("gpu24", overrides=["sft.batch_size=8", "sft.gradient_accumulation_steps=4"])
    change = B.cheapest(book, lambda new: B.reckon(new, B.of_size(16), "nowhere"))
    assert change == {"sft.batch_size": 2, "sft.gradient_accumulation_steps": 16}


def test_where_nothing_fits_it_is_said():
    code, said = call("plan", "--card", "1")
    assert code == 1 and "no setting makes it fit" in said.splitlines()[-1]


# The command


def test_plan_says_what_to_do_next():
    code, said = call("plan", "--profile", "gpu24", "--card", "RTX 4090")
    assert code == 0 and said.splitlines()[-1].startswith("Next: mmhelix run --profile night")
    assert all(part in said for part in ("KV cache", "optimizer states", "in all", "It fits", "more than a night"))
    code, said = call("plan", "--profile", "night", "--card", "24")
    assert code == 0 and said.splitlines()[-1] == "Next: mmhelix run --profile night"
    code, said = call("plan", "--profile", "mini")
    assert code == 0 and "takes no GPU" in said


def test_plan_as_json_holds_the_sums():
    code, said = call("plan", "--card", "24", "--json")
    found = json.loads(said)
    assert code == 0 and found["fits"] and found["card"]["figures"] == "RTX 3090"
    assert found["hours"] == pytest.approx(sum(one["hours"] for one in found["works"]))
    assert all(one["gb"] == pytest.approx(sum(one["parts"].values())) for one in found["phases"])


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--card", "Voodoo 2"), "--card Voodoo 2: must be gigabytes such as 24, or one of RTX 3090"),
        (("--card", "0"), "--card 0: must be gigabytes"),
        (("--profile", "gpu2"), "did you mean gpu24?"),
        (("--set", "ahpo.stepps=3"), "did you mean steps?"),
        (("--root", "nowhere"), "--root nowhere: no such folder"),
        (("--set", "model.name=./nowhere/model"), "model.name = ./nowhere/model: no such folder"),
    ],
)
def test_a_wrong_question_is_one_line(arguments, said):
    code, output = call("plan", *arguments)
    assert code == 2 and said in output and len(output.strip().splitlines()) == 1


def test_plan_needs_no_torch_for_shipped_models():
    block = (
        "import sys; sys.modules['torch'] = None; sys.modules['transformers'] = None;"
        "from mmhelix_nb.running.cli import app; app(['plan', '--card', '24'])"
    )
    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True)
    assert done.returncode == 0 and "It fits" in done.stdout


def test_another_model_is_read_from_its_folder(tmp_path):
    pytest.importorskip("trl")
    from allocations import small_config

    small_config().save_pretrained(tmp_path / "own")
    code, said = call("plan", "--set", f"model.name={tmp_path}/own", "--card", "24")
    assert code == 0 and "It fits: " in said and float(re.search(r"It fits: ([\d.]+)", said)[1]) < 6


# The card of this machine


def test_the_driver_names_the_card(card):
    card("NVIDIA GeForce RTX 4090, 24564, 312")
    code, said = call("plan")
    assert code == 0 and "NVIDIA GeForce RTX 4090: 25.8 GB, 1,008 GB a second" in said


def test_a_card_that_is_hidden_is_not_there(card, monkeypatch):
    card("NVIDIA GeForce RTX 4090, 24564, 312")
    assert [one.name for one in B.seen()] == ["NVIDIA GeForce RTX 4090"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert B.seen() == []


def test_a_run_that_cannot_fit_does_not_begin(card, tmp_path):
    card("NVIDIA GeForce RTX 4080, 16376, 9000")
    pytest.importorskip("snakemake")
    code, said = call("run", "--profile", "gpu24", "--only", "sft", "--root", str(tmp_path))
    assert code == 1 and len(said.strip().splitlines()) == 1 and "of which others use 9.4" in said
    assert "it fits with" in said and not (tmp_path / "runs").exists()


def test_a_run_asks_no_driver_where_it_needs_no_card(card, tmp_path):
    from mmhelix_nb.running.planning import room_lines

    card("Odd One, 16376, 0")
    assert room_lines([read_profile("mini")], {"sft"}, tmp_path) == []
    assert room_lines([read_profile("gpu24")], {"serg"}, tmp_path) == []
    (line,) = room_lines([read_profile("gpu24")], {"sft", "serg"}, tmp_path)
    assert line.startswith("gpu24 takes 11.") and "on Odd One" in line
