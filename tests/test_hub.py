"""What `mmhelix publish` writes is what a hub's readers can load, and says whose it is; what is none of both is one line."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmhelix_nb.benchmark.publish import Order, build
from mmhelix_nb.book.results import save_results, write_json
from mmhelix_nb.book.rows import item_of
from mmhelix_nb.reporting.cards import CardError, own_files, read_card, write_hashes
from mmhelix_nb.running.cli import app

SHARE = {"right": 9, "n": 10, "accuracy": 0.9, "low": 0.596, "high": 0.982}
PUZZLES = {"micro": SHARE, "macro": 0.9, "category": {"games": SHARE}, "task": {"maze": SHARE}, "level": {"1": SHARE}}
OWN = """
model: {{name: {base}, quantise: none, lora_rank: 2}}
generators: {{tasks: [maze], levels: [1], per_cell: 2}}
"""


def publish(*words, code: int = 0) -> str:
    """What the command says."""
    done = CliRunner().invoke(app, ["publish", *map(str, words)])
    assert done.exit_code == code, done.output
    assert code == 0 or done.output.strip().count("\n") == 0 or "ready" in done.output, done.output
    return done.output


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Path:
    """A benchmark as `mmhelix generate` leaves it, and what others left beside it."""
    folder = tmp_path_factory.mktemp("made") / "bench"
    build(folder, Order(("maze", "hanoi"), (1, 2), 2))
    (folder / "server.json").write_text('{"url": "http://10.0.0.1"}')
    return folder


@pytest.fixture(scope="module")
def traces(tmp_path_factory) -> Path:
    """A finished folder of `mmhelix serg`, made without Snakemake."""
    from mmhelix_nb.traces import factory

    folder, batch = tmp_path_factory.mktemp("made") / "traces", factory.Batch(4, ("maze",), (1, 1, 0, 0, 0))
    with factory.at_work(folder, batch):
        numbers = range(len(factory.shards(batch)))
        for number in numbers:
            factory.make_shard(folder, batch, number)
        sums = factory.settle_sums(folder, [factory.shard_paths(folder, batch, number)[0] for number in numbers])
        factory.write_card(folder, batch, sums)
    return folder


def test_a_benchmark_loads_as_its_card_says(bench, tmp_path):
    from datasets import load_dataset

    said = publish(bench, "--dry-run", "--out", tmp_path / "hub")
    assert "rows 8 in test" in said and "pictures: 8 decoded" in said
    rows = load_dataset(str(tmp_path / "hub"), split="test", cache_dir=str(tmp_path / "cache"))
    assert item_of(rows[0]).check("\\boxed{" + rows[0]["answer"] + "}")
    data, body = read_card(tmp_path / "hub")
    assert data["dataset_info"]["splits"][0]["num_examples"] == 8 and data["size_categories"] == ["n<1K"]
    assert (
        "| maze | 2 | 2 | 4 |" in body and "@article{zhao2025mmhelix" in body and "mmhelix generate --out DIR" in body
    )
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path / "hub", check=True)
    assert own_files(tmp_path / "hub") == [
        "README.md",
        "checksums.json",
        "data/test-00000-of-00001.parquet",
        "order.json",
    ]


def test_traces_have_a_split_for_each_level(traces, tmp_path):
    said = publish(traces, "--dry-run", "--out", tmp_path / "hub", "--to", "someone/told")
    assert "default: rows 4 in train" in said and "by_level: rows 2 in level_1, 2 in level_2" in said
    data, body = read_card(tmp_path / "hub")
    assert {one["config_name"] for one in data["dataset_info"]} == {"default", "by_level"}
    assert 'load_dataset("someone/told", split="train")' in body and (tmp_path / "hub/failed").is_dir()


def test_again_replaces_its_own_folder_and_no_other(bench, tmp_path):
    out = ("--dry-run", "--out", tmp_path / "hub")
    publish(bench, *out)
    first = (tmp_path / "hub/SHA256SUMS").read_text()
    publish(bench, *out)
    assert (tmp_path / "hub/SHA256SUMS").read_text() == first
    (tmp_path / "hub/README.md").write_text("mine")
    assert "give a new folder" in publish(bench, *out, code=2)
    assert (tmp_path / "hub/README.md").read_text() == "mine"


def test_what_is_neither_data_nor_model_is_one_line(bench, tmp_path):
    import shutil

    assert "is neither a data set" in publish(tmp_path, "--dry-run", code=2)
    assert "no such folder" in publish(tmp_path / "none", "--dry-run", code=2)
    assert "--to: is missing" in publish(bench, code=2)
    for name in ("a b/c", "../bench"):
        assert "must be OWNER/NAME" in publish(bench, "--to", name, code=2)
    shutil.copytree(bench, tmp_path / "bench")
    file = tmp_path / "bench/data/test-00000-of-00001.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    assert "damaged" in publish(tmp_path / "bench", "--dry-run", "--out", tmp_path / "hub", code=2)
    (tmp_path / "bench/checksums.json").unlink()
    assert "is not finished" in publish(tmp_path / "bench", "--dry-run", "--out", tmp_path / "hub", code=2)
    assert not (tmp_path / "hub").exists()


@pytest.fixture
def hub(monkeypatch) -> list:
    """What is sent to a hub, which is not there."""
    import huggingface_hub

    sent: list = []
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_x")
    monkeypatch.setattr(huggingface_hub.HfApi, "create_repo", lambda self, name, **how: sent.append((name, how)))
    monkeypatch.setattr(huggingface_hub.HfApi, "upload_folder", lambda self, **how: sent.append(how))
    return sent


def test_it_is_sent_after_it_was_checked(bench, tmp_path, hub):
    said = publish(bench, "--to", "someone/bench", "--private", "--out", tmp_path / "hub")
    assert said.strip().endswith("/datasets/someone/bench")
    assert hub[0] == ("someone/bench", {"repo_type": "dataset", "private": True, "exist_ok": True})
    assert hub[1]["folder_path"] == tmp_path / "hub" and hub[1]["repo_type"] == "dataset"


def test_a_hub_that_is_not_there_is_one_line(bench, tmp_path, hub, monkeypatch):
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    def away(kind):
        def create(self, name, **how):
            raise kind

        monkeypatch.setattr(huggingface_hub.HfApi, "create_repo", create)
        return publish(bench, "--to", "a/b", "--out", tmp_path / "hub", code=2)

    assert "with a network the same command sends" in away(OfflineModeIsEnabled("offline"))
    assert "is not reached (HTTPError)" in away(HfHubHTTPError.__bases__[0]("refused"))
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    assert "there is no token of the hub here: hf auth login" in publish(
        bench, "--to", "a/b", "--out", tmp_path / "hub", code=2
    )


def reported(root: Path, profile: str, job: str) -> Path:
    """The reports of a job that trained and of the evaluation that asked its weights; returns the folder for these."""
    key = job.removeprefix("ahpo-")
    labels = {"profile": profile, "seed": 0}
    save_results(root / f"runs/reports/{profile}/{job}", {"settings": {"steps": 4}}, model=profile, **labels)
    found = {"modality": {"image": {"puzzles": PUZZLES}}, "settings": {"temperature": 0.0}}
    save_results(root / f"runs/reports/{profile}/evaluation-{key}", found, model=profile, **labels)
    write_json(
        root / f"runs/{profile}/evaluation-{key}/replies.settings.json", {"model": f"runs/{profile}/{job}/model"}
    )
    return root / f"runs/{profile}/{job}/model"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Runs with weights, and with adapters of a model in another folder."""
    pytest.importorskip("torch")
    models = pytest.importorskip("mmhelix_nb.training.models")
    root = tmp_path_factory.mktemp("run")
    processor = models.build_processor(models.build_tokenizer(["up down left right"] * 2))
    models.save(models.build_mini(processor), processor, reported(root, "mini", "ahpo-ahpo"))
    (root / "runs/mini/ahpo-ahpo/model/training_args.bin").write_bytes(b"a pickle")
    models.save(*models.load(root / "runs/mini/ahpo-ahpo/model", lora_rank=2), reported(root, "own", "sft"))
    (root / "own.yaml").write_text(OWN.format(base=root / "runs/mini/ahpo-ahpo/model"))
    write_json(root / "runs/own/profile.json", {"file": str(root / "own.yaml")})
    return root / "runs"


def test_weights_come_with_what_they_get_right(run, tmp_path):
    said = publish(run / "mini/ahpo-ahpo", "--dry-run", "--out", tmp_path / "hub", "--to", "someone/mini")
    assert "1 shares in model-index" in said and "weights load" in said
    data, body = read_card(tmp_path / "hub")
    (entry,) = data["model-index"][0]["results"]
    assert entry["metrics"][0]["value"] == 90.0 and entry["metrics"][0]["args"]["low"] == 59.6
    assert "AHPO (arXiv 2510.08540)" in body and "90.0" in body and "of no use as an assistant" in body
    assert "training_args.bin" not in own_files(tmp_path / "hub")


def test_adapters_name_their_parent(run, tmp_path):
    out = ("--dry-run", "--out", tmp_path / "hub")
    assert "--base OWNER/NAME says it" in publish(run / "own/sft", *out, code=2)
    assert "--license NAME says it" in publish(run / "own/sft", *out, "--base", "someone/mini", code=2)
    assert "license = apache" in publish(run / "own/sft", *out, "--base", "someone/mini", "--license", "apache", code=2)
    said = publish(run / "own/sft", *out, "--base", "someone/mini", "--license", "apache-2.0")
    assert "LoRA matrices for someone/mini" in said
    data, body = read_card(tmp_path / "hub")
    assert (data["base_model"], data["base_model_relation"], data["library_name"]) == (
        "someone/mini",
        "adapter",
        "peft",
    )
    config = json.loads((tmp_path / "hub/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "someone/mini" and "PeftModel" in body
    assert str(run) not in "".join(path.read_text() for path in (tmp_path / "hub").glob("*.json"))


def test_weights_that_do_not_load_are_named(run, tmp_path):
    from safetensors.torch import load_file, save_file

    from mmhelix_nb.reporting.hub_model import check_model

    publish(run / "mini/ahpo-ahpo", "--dry-run", "--out", tmp_path / "hub")
    file = tmp_path / "hub/model.safetensors"
    weights = load_file(file)
    name = next(one for one in weights if "norm" in one)
    file.unlink()  # a link to the run's own
    save_file({one: value for one, value in weights.items() if one != name}, file, metadata={"format": "pt"})
    with pytest.raises(CardError, match="SHA-256"):
        check_model(tmp_path / "hub")
    write_hashes(tmp_path / "hub")
    with pytest.raises(CardError, match="the weights lack"):
        check_model(tmp_path / "hub")
