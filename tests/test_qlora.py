"""AHPO on a model in four bits with LoRA, the way the 7B runs on one GPU, in miniature on a CPU."""

import warnings

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")
pytest.importorskip("peft")
pytest.importorskip("bitsandbytes")
warnings.filterwarnings("ignore")
torch.set_num_threads(1)

from test_ahpo import PROCESSOR, ROWS, Stop, chance, never, settings  # noqa: E402

from mmhelix_nb.ahpo import make_trainer, train_ahpo  # noqa: E402
from mmhelix_nb.book.results import read_curve  # noqa: E402
from mmhelix_nb.training.models import MiniSize, build_mini, load, save  # noqa: E402

SIZE = MiniSize(hidden=64, layers=2, heads=2, inner=128, vision_hidden=16, vision_layers=1)
LORA = {"quantise": "nf4", "lora_rank": 8, "max_pixels": 12_544}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A miniature that has seen the experts for a moment: four bits of random weights would prove little."""
    out = tmp_path_factory.mktemp("base")
    trainer = train_ahpo(
        build_mini(PROCESSOR, SIZE),
        PROCESSOR,
        ROWS,
        settings(steps=8, learning_rate=3e-3),
        out / "run",
        "static",
        reward=never,
    )
    return save(trainer.model, PROCESSOR, out / "model")


def lora(model, kind):
    return {n: p for n, p in model.named_parameters() if f"lora_{kind}" in n}


def quantised(folder):
    torch.manual_seed(0)  # LoRA's A is drawn at random when it is added
    return load(folder, **LORA)


def start(folder, method, tmp_path, **more):
    model, processor = quantised(folder)
    trainer = make_trainer(
        model, processor, ROWS, settings(learning_rate=5e-3, **more), tmp_path / method, method, reward=chance
    )
    return trainer


def test_every_lora_matrix_gets_a_gradient(folder, tmp_path):
    trainer = start(folder, "static", tmp_path)
    model = trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    batch = trainer._generate_and_score_completions(next(iter(trainer.get_train_dataloader())))
    trainer._compute_loss(model, batch).backward()
    b = lora(model, "B")
    assert len(b) == 2 * 7  # two layers of seven matrices
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in b.values())
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    assert all("lora_" in n and p.dtype == torch.float32 for n, p in trained.items())
    assert any(type(m).__name__ == "Linear4bit" for m in model.modules())


def rounds(curve):
    """Mean of the expert's likelihood per round of six steps, in which every expert comes once."""
    nll = [line["expert/nll"] for line in curve]
    return [sum(nll[i : i + 6]) / 6 for i in range(0, len(nll), 6)]


@pytest.mark.parametrize("checkpointing", [False, True])
def test_expert_nll_falls(folder, tmp_path, checkpointing):
    trainer = start(folder, "ahpo", tmp_path, success_threshold=6, steps=24, gradient_checkpointing=checkpointing)
    frozen = {n: p.clone() for n, p in trainer.model.named_parameters() if not p.requires_grad}
    trainer.train()
    nll = rounds(read_curve(tmp_path / "ahpo" / "curve.jsonl"))
    assert nll[-1] < 0.9 * nll[0], nll
    assert all(torch.equal(p, frozen[n]) for n, p in trainer.model.named_parameters() if n in frozen)


def test_four_bits_learn_like_thirty_two(folder, tmp_path):
    nll = {}
    for kind in ("nf4", "none"):
        torch.manual_seed(0)
        model, processor = load(folder, quantise=kind, lora_rank=8)
        s = settings(learning_rate=5e-3, steps=12)
        trainer = make_trainer(model, processor, ROWS, s, tmp_path / kind, "static", reward=never)
        trainer.train()
        nll[kind] = rounds(read_curve(tmp_path / kind / "curve.jsonl"))
    assert nll["nf4"] == pytest.approx(nll["none"], rel=0.05)


@pytest.mark.parametrize("method", ["grpo", "luffy"])
def test_baselines_run_in_four_bits(folder, tmp_path, method):
    trainer = start(folder, method, tmp_path, steps=2, micro_batch=5)
    trainer.train()
    assert trainer.state.global_step == 2


def test_adapter_resumes_exactly(folder, tmp_path):
    s = settings(steps=4, save_steps=2, learning_rate=5e-3)
    whole = train_ahpo(*quantised(folder), ROWS, s, tmp_path / "whole", reward=chance)
    cut = make_trainer(*quantised(folder), ROWS, s, tmp_path / "cut", reward=chance)
    cut.add_callback(Stop(3))
    with pytest.raises(KeyboardInterrupt):
        cut.train()
    again = train_ahpo(*quantised(folder), ROWS, s, tmp_path / "cut", reward=chance)
    for kind in "AB":
        ours, theirs = lora(again.model, kind), lora(whole.model, kind)
        assert all(torch.equal(p, theirs[n]) for n, p in ours.items())
