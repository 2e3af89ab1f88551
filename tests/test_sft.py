"""SFT: the loss falls, adapters learn, a killed run goes on to the same end, and faults are found before the first step."""

import shutil

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from datasets import Dataset  # noqa: E402
from PIL import Image  # noqa: E402
from transformers import TrainerCallback  # noqa: E402

from mmhelix_nb import sft as S  # noqa: E402
from mmhelix_nb.book.results import read_curve  # noqa: E402
from mmhelix_nb.book.settings import Base  # noqa: E402
from mmhelix_nb.training import models as M  # noqa: E402
from mmhelix_nb.training.loop import TrainingError, last_checkpoint  # noqa: E402

SMALL = M.MiniSize(hidden=32, layers=1, heads=2, inner=64, vision_hidden=16, vision_layers=1)
NAMES = ("red", "blue", "green", "white")
QUICK = Base(
    learning_rate=2e-2, steps=8, warmup_steps=1, batch_size=4, adam_beta2=0.999, min_lr_ratio=0.1, save_steps=0
)


def quick(**changes):
    "`QUICK` with `changes`."
    return QUICK.model_copy(update=changes)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def rows():
    return Dataset.from_list(
        [
            {
                "images": [Image.new("RGB", (56, 56), name)],
                "prompt": [{"role": "user", "content": "colour"}],
                "completion": [{"role": "assistant", "content": name}],
                "task": "skill:colour",
                "seed": i,
            }
            for i, name in enumerate(NAMES)
        ]
    )


@pytest.fixture(scope="module")
def processor():
    return M.build_processor(M.build_tokenizer(["user assistant colour " + " ".join(NAMES)] * 4))


@pytest.fixture(scope="module")
def trained(processor, rows, tmp_path_factory):
    "A model after `QUICK`, and the folder of the run."
    out = tmp_path_factory.mktemp("sft")
    model = S.train_sft(M.build_mini(processor, SMALL), processor, rows, QUICK, out).model
    M.save(model, processor, out / "model")
    return model, out


def losses(out):
    return [line["loss"] for line in read_curve(out / "curve.jsonl")]


def test_loss_falls_and_a_repeated_run_is_equal(processor, rows, trained, tmp_path):
    model, out = trained
    assert losses(out)[-1] < 0.7 * losses(out)[0]
    again = S.train_sft(M.build_mini(processor, SMALL), processor, rows, QUICK, tmp_path).model
    assert (tmp_path / "curve.jsonl").read_bytes() == (out / "curve.jsonl").read_bytes()
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values()))


def test_another_seed_is_another_order(processor, rows, trained, tmp_path):
    S.train_sft(M.build_mini(processor, SMALL), processor, rows, quick(batch_size=2), tmp_path, seed=1)
    S.train_sft(
        M.build_mini(processor, SMALL),
        processor,
        rows,
        quick(batch_size=2),
        tmp_path / "b",
        seed=2,
    )
    assert losses(tmp_path) != losses(tmp_path / "b")


@pytest.mark.parametrize("quantise", ["none", "nf4"])
def test_adapters_learn(processor, rows, trained, tmp_path, quantise):
    if quantise == "nf4":
        pytest.importorskip("bitsandbytes")
    model, _ = M.load(trained[1] / "model", quantise=quantise, lora_rank=4)
    frozen = {name: weight.detach().clone() for name, weight in model.named_parameters() if not weight.requires_grad}
    model = S.train_sft(model, processor, rows, QUICK, tmp_path).model
    assert losses(tmp_path)[-1] < losses(tmp_path)[0]
    assert all(weight.abs().sum() > 0 for name, weight in model.named_parameters() if "lora_B" in name)
    assert all(torch.equal(weight, frozen[name]) for name, weight in model.named_parameters() if name in frozen)


def test_gradient_checkpointing_reaches_every_adapter(processor, rows, trained, tmp_path):
    model, _ = M.load(trained[1] / "model", lora_rank=4)
    S.train_sft(model, processor, rows, quick(steps=2, gradient_checkpointing=True), tmp_path)
    assert len(losses(tmp_path)) == 2


def test_vision_tower_stays_as_it_was(processor, rows, trained, tmp_path):
    model, _ = M.load(trained[1] / "model")
    before = model.model.visual.patch_embed.proj.weight.clone()
    S.train_sft(model, processor, rows, quick(steps=2), tmp_path)
    assert torch.equal(before, model.model.visual.patch_embed.proj.weight)


def test_killed_run_goes_on_to_the_same_end(processor, rows, trained, tmp_path):
    class Kill(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 6:
                raise KeyboardInterrupt

    saving = quick(save_steps=4)
    trainer = S.sft_trainer(M.build_mini(processor, SMALL), processor, rows, saving, tmp_path)
    trainer.add_callback(Kill())
    with pytest.raises(KeyboardInterrupt):
        trainer.train()
    assert last_checkpoint(tmp_path).endswith("checkpoint-4")
    model = S.train_sft(M.build_mini(processor, SMALL, seed=9), processor, rows, saving, tmp_path).model
    assert losses(tmp_path) == losses(trained[1])
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), trained[0].state_dict().values()))


class Spoils(TrainerCallback):
    "Makes a trained weight no number before step 6."

    def on_step_begin(self, args, state, control, model=None, **kwargs):
        if state.global_step == 5:
            next(weight for weight in model.parameters() if weight.requires_grad).data[:] = float("nan")


def saving(processor, rows, out):
    "A trainer that saves every second step."
    return S.sft_trainer(M.build_mini(processor, SMALL), processor, rows, quick(save_steps=2), out)


def test_a_step_that_is_no_number_is_not_taken(processor, rows, trained, tmp_path):
    trainer = saving(processor, rows, tmp_path)
    trainer.add_callback(Spoils())
    with pytest.raises(
        TrainingError, match="^step 6: the gradient is nan, .* The same command goes on from .*checkpoint-4$"
    ):
        trainer.train()
    model = S.train_sft(M.build_mini(processor, SMALL), processor, rows, quick(save_steps=2), tmp_path).model
    assert losses(tmp_path) == losses(trained[1])
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), trained[0].state_dict().values()))


def test_a_full_disk_leaves_the_last_checkpoint(processor, rows, trained, tmp_path, monkeypatch):
    trainer, save, full = saving(processor, rows, tmp_path), torch.save, OSError(28, "No space left on device")

    def saves(*args, **kwargs):
        if trainer.state.global_step == 6:
            raise full
        return save(*args, **kwargs)

    monkeypatch.setattr(torch, "save", saves)
    with pytest.raises(
        TrainingError, match="the checkpoint of step 6 cannot be saved: .*No space.* goes on from .*checkpoint-4$"
    ):
        trainer.train()
    monkeypatch.undo()
    assert sorted(one.name for one in (tmp_path / "checkpoints").glob("checkpoint-*")) == [
        "checkpoint-2",
        "checkpoint-4",
        "checkpoint-6",
    ]
    S.train_sft(M.build_mini(processor, SMALL), processor, rows, quick(save_steps=2), tmp_path)
    assert losses(tmp_path) == losses(trained[1])


@pytest.mark.parametrize(
    "file", ["model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json"]
)
def test_a_damaged_checkpoint_is_named(processor, rows, trained, tmp_path, file):
    S.train_sft(M.build_mini(processor, SMALL), processor, rows, quick(save_steps=4), tmp_path)
    shutil.rmtree(tmp_path / "checkpoints" / "checkpoint-8")
    damaged = tmp_path / "checkpoints" / "checkpoint-4" / file
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])

    def again():
        S.train_sft(M.build_mini(processor, SMALL), processor, rows, quick(save_steps=4), tmp_path)

    if file != "trainer_state.json":  # without which a checkpoint is not whole
        with pytest.raises(TrainingError, match="checkpoint-4: this checkpoint cannot be read .* delete the folder"):
            again()
        shutil.rmtree(damaged.parent)
    again()
    assert losses(tmp_path) == losses(trained[1])


def test_faults_are_found_before_the_first_step(processor, rows, tmp_path):
    frozen = M.build_mini(processor, SMALL)
    frozen.model.language_model.layers.requires_grad_(True)
    trainer = S.sft_trainer(frozen, processor, rows, QUICK, tmp_path)
    batch = trainer.data_collator([dict(row) for row in trainer.train_dataset])
    S.check_batch(frozen, batch)
    with pytest.raises(M.ModelError, match="image tokens for"):
        S.check_batch(frozen, {**batch, "input_ids": batch["input_ids"][:, 8:]})
    with pytest.raises(M.ModelError, match="no token to learn"):
        S.check_batch(frozen, {**batch, "labels": torch.full_like(batch["labels"], -100)})
    with pytest.raises(ValueError, match="'cosine', 'linear' or 'constant'"):
        Base(scheduler="cosin")


def test_the_look_at_gradients_costs_less_than_a_step(processor, rows, tmp_path, monkeypatch):
    """The shortest row alone, without logits of the whole row, and with recomputed activations where the run has them."""
    seen, look = [], S.without_gradient
    monkeypatch.setattr(
        S, "without_gradient", lambda model, batch, **how: (seen.append((batch, how)), look(model, batch, **how))[1]
    )
    longer = rows.map(
        lambda row, i: {"completion": [{"role": "assistant", "content": "1 " * (2 + i)}]}, with_indices=True
    )
    trainer = S.sft_trainer(
        M.build_mini(processor, SMALL), processor, longer, quick(gradient_checkpointing=True), tmp_path
    )
    batch, how = seen[0]
    assert how == {"fused_lm_head": True} and trainer.model.is_gradient_checkpointing
    assert len(batch["input_ids"]) == 1
    assert (batch["labels"] != -100).sum() == min(
        (trainer.data_collator([dict(row)])["labels"] != -100).sum() for row in longer
    )
