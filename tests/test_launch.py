"""Jobs in two processes: the same steps as in one, nothing left behind when one of them is killed, and the same end afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

import psutil  # noqa: E402
from test_ahpo import PROCESSOR, ROWS, tiny  # noqa: E402

from mmhelix_nb.ahpo import run_ahpo  # noqa: E402
from mmhelix_nb.book.results import read_curve, read_results  # noqa: E402
from mmhelix_nb.book.rows import save_rows  # noqa: E402
from mmhelix_nb.book.settings import Machine  # noqa: E402
from mmhelix_nb.sft import run_sft  # noqa: E402
from mmhelix_nb.training import launch  # noqa: E402
from mmhelix_nb.training.loop import last_checkpoint  # noqa: E402
from mmhelix_nb.training.models import load, save  # noqa: E402

# Rollouts at this temperature are the likeliest words, whoever draws them.
PROFILE = """
extends: mini
machine: {gpus: 0}
sft: {steps: 12, samples: 16, warmup_steps: 1, batch_size: 4, save_steps: 4}
ahpo: {steps: 3, warmup_steps: 1, prompts_in_domain: 2, prompts_general: 1, num_generations: 4, temperature: 0.001, long_experts: keep, save_steps: 2, max_completion_length: 6, methods: [ahpo]}
"""
CODE = "import sys; from mmhelix_nb.{module} import run_{module} as run; run(*sys.argv[1:5], sys.argv[5:])"


def filled(home: Path) -> Path:
    """`home` with a profile, a base and its rows."""
    (home / "pair.yaml").write_text(PROFILE)
    save(tiny(), PROCESSOR, home / "runs" / "pair" / "base" / "model")
    boxed = [{"role": "assistant", "content": "\\boxed{4}"}]
    told = [{**row, "task": "skill:sort", "answer": "4", "completion": boxed, "modality": "image"} for row in ROWS]
    mixed = [{**row, "completion": row["completion"] if i % 3 < 2 else []} for i, row in enumerate(told)]
    for name, rows in (("sft", told), ("rl", mixed)):
        save_rows(rows, home / "runs" / "pair" / "base" / f"{name}.parquet")
    return home


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return filled(tmp_path_factory.mktemp("launch"))


def command(place: Path, module: str, method: str, reports: str, *overrides: str) -> list[str]:
    """The job of a chapter."""
    arguments = [str(place / "pair.yaml"), method, str(place / "runs"), str(place / reports), *overrides]
    return [sys.executable, "-c", CODE.format(module=module), *arguments]


def started(place: Path, *job: str) -> subprocess.Popen:
    """The job of a chapter in a process of its own."""
    return subprocess.Popen(
        command(place, *job),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        cwd=place,
    )


def said(process: subprocess.Popen) -> str:
    """What a job said that ended well."""
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output[-3000:]
    return output


def numbers(curve: list[dict], *names: str) -> list[float]:
    return [line[name] for line in curve for name in names]


def test_two_processes_are_one_and_survive_a_kill(place):
    """The first is killed when one checkpoint is there; both end, and the same command goes on to what one process finds."""
    one = run_sft(str(place / "pair.yaml"), "sft", str(place / "runs"), str(place / "one"), ["sft.save_steps=0"])
    two = ("machine.processes=2", "sft.batch_size=2")
    home = place / "runs" / "pair" / "sft@sft.batch_size=2"
    killed = started(place, "sft", "sft", "two", *two)
    until = time.monotonic() + 120
    while last_checkpoint(home) is None and time.monotonic() < until and killed.poll() is None:
        time.sleep(0.01)
    ranks = [one for one in psutil.Process(killed.pid).children(recursive=True) if one.environ().get("RANK") == "1"]
    assert ranks
    ranks[0].send_signal(signal.SIGKILL)
    output = killed.communicate(timeout=120)[0]
    assert killed.returncode and "goes on from the last checkpoint" in output.strip().splitlines()[-1]
    assert not [one for one in psutil.process_iter() if one.pid in {rank.pid for rank in ranks}]
    assert not (place / "two" / "pair" / home.name / "results.json").is_file()

    assert said(started(place, "sft", "sft", "two", *two)).count("trainable") == 1
    both = read_results(place / "two" / "pair" / home.name)["results"]
    assert both["samples"] == one["samples"]
    curves = [
        read_curve(place / name / "curve.jsonl") for name in ("one/pair/sft@sft.save_steps=0", f"two/pair/{home.name}")
    ]
    assert [line["step"] for line in curves[1]] == list(range(1, 13))
    alone, together = (numbers(curve, "loss", "grad_norm") for curve in curves)
    assert together == pytest.approx(alone, rel=1e-5, abs=1e-6)
    models = [load(place / "runs" / "pair" / name / "model")[0] for name in ("sft@sft.save_steps=0", home.name)]
    for a, b in zip(*(model.state_dict().values() for model in models), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_ahpo_in_two_processes(place):
    def curve(reports: str) -> list[dict]:
        (place / "runs" / "pair" / "ahpo-ahpo").rename(place / f"model-{reports}")
        return read_curve(place / reports / "pair" / "ahpo-ahpo" / "curve.jsonl")

    run_ahpo(str(place / "pair.yaml"), "ahpo", str(place / "runs"), str(place / "alone"))
    alone = curve("alone")
    said(started(place, "ahpo", "ahpo", "together", "machine.processes=2"))
    names = ("loss", "grad_norm", "xi", "reward/with_expert")
    assert numbers(curve("together"), *names) == pytest.approx(numbers(alone, *names), rel=1e-4, abs=1e-6)


def test_what_a_process_finds_or_dies_of_comes_back(tmp_path):
    assert launch.launched("json:loads", Machine(processes=2), tmp_path, {"s": "[1]"}) == [1]
    with pytest.raises(launch.LaunchError, match="^Expecting value: line 1 column 2"):
        launch.launched("json:loads", Machine(processes=2), tmp_path, {"s": "["})
    with pytest.raises(launch.LaunchError, match="machine.gpus: 64 cards are asked for and torch sees"):
        launch.processes_of(Machine(gpus=64))
    assert not list(tmp_path.iterdir())


def test_one_card_of_many_is_shown(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(launch, "visible_cards", lambda: 8)
    launch.one_card(Machine(gpus=1))
    assert os.environ.pop("CUDA_VISIBLE_DEVICES") == "0"
    launch.one_card(Machine(gpus=8))
    assert "CUDA_VISIBLE_DEVICES" not in os.environ and launch.processes_of(Machine(gpus=8)) == 8
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert launch.own_device() == "cuda:3"
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    assert launch.own_device() == "cpu"


@pytest.mark.parametrize("sharding", ["none", "fsdp", "zero3"])
def test_accelerate_reads_the_file_of_each_sharding(sharding):
    told = launch.sharding_environment(8, sharding)
    assert told["ACCELERATE_MIXED_PRECISION"] == ("no" if sharding == "none" else "bf16")
    assert (told.get("ACCELERATE_USE_FSDP"), told.get("FSDP_VERSION")) == (
        ("true", "2") if sharding == "fsdp" else (None, None)
    )
    assert told.get("ACCELERATE_DEEPSPEED_ZERO_STAGE") == ("3" if sharding == "zero3" else None)
