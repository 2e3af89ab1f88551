"""The hybrid loss inside TRL's trainer: what it reduces to, what it adds, and that a killed run comes back the same."""

import math
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")
warnings.filterwarnings("ignore")
torch.set_num_threads(1)

from PIL import Image  # noqa: E402
from transformers import TrainerCallback  # noqa: E402
from trl import GRPOConfig, GRPOTrainer  # noqa: E402

from mmhelix_nb import ahpo  # noqa: E402
from mmhelix_nb.ahpo import ExpertGate, make_trainer, train_ahpo  # noqa: E402
from mmhelix_nb.book.methods import METHODS, trained_by  # noqa: E402
from mmhelix_nb.book.results import read_curve  # noqa: E402
from mmhelix_nb.book.settings import Ahpo  # noqa: E402
from mmhelix_nb.training.experts import as_expert, expert_tokens, select_rows  # noqa: E402
from mmhelix_nb.training.families import ModelError  # noqa: E402
from mmhelix_nb.training.gates import group_xi  # noqa: E402
from mmhelix_nb.training.loop import CurveCallback  # noqa: E402
from mmhelix_nb.training.models import MiniSize, build_mini, build_processor, build_tokenizer, freeze_tower  # noqa: E402
from mmhelix_nb.training.terms import logps, luffy_term  # noqa: E402

SIZE = MiniSize(hidden=32, layers=1, heads=2, inner=64, vision_hidden=16, vision_layers=1)
PROCESSOR = build_processor(build_tokenizer(["sort low user assistant \\boxed{0123456789}"] * 4, 280))


def row(i: int, expert: bool = True) -> dict:
    """A row that is told by its colour, its prompt and its expert, whose lengths differ."""
    picture = Image.new("RGB", (56, 56), (10 * i % 256, 90, 200))
    reply = [{"role": "assistant", "content": f"e{i}" + "x" * (i % 4)}]
    return {
        "images": [picture],
        "prompt": [{"role": "user", "content": f"p{i}"}],
        "completion": reply if expert else [],
        "task": "sort" if expert else "skill:low",
        "state": str(i),
        "answer": str(i),
        "level": 1 + i % 2,
        "seed": i,
    }


ROWS = [row(i, i % 3 != 2) for i in range(18)]


def tiny(seed: int = 0, frozen: bool = True):
    model = build_mini(PROCESSOR, SIZE, seed)
    if frozen:
        freeze_tower(model)
    return model


def chance(completions, **columns):
    """A reward with spread that is a pure function of the reply."""
    return [float(len(c[0]["content"]) % 2) for c in completions]


def never(completions, **columns):
    return [0.0] * len(completions)


def settings(**more) -> Ahpo:
    small = {
        "steps": 3,
        "prompts_in_domain": 2,
        "prompts_general": 1,
        "max_completion_length": 8,
        "learning_rate": 1e-3,
        "warmup_steps": 0,
        "save_steps": 0,
        "scheduler": "constant",
        "max_grad_norm": 1e9,
        "micro_batch": None,
        "generation_batch": None,
        "optim": "adamw_torch",
        "bf16": False,
        "gradient_checkpointing": False,
    }
    return Ahpo(**{**small, **more})


def trained(tmp_path, reward=chance, rows=ROWS, name="run", method="ahpo", frozen=True, **more):
    out = tmp_path / name
    trainer = train_ahpo(tiny(frozen=frozen), PROCESSOR, rows, settings(**more), out, method, reward=reward)
    return trainer, read_curve(out / "curve.jsonl")


def weights(trainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in trainer.model.parameters()])


def ready(tmp_path, reward=chance, rows=ROWS, method="ahpo", **more):
    """A trainer in training mode and one batch of rollouts that it has written and scored."""
    trainer = make_trainer(tiny(), PROCESSOR, rows, settings(**more), tmp_path / "ready", method, reward=reward)
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    inputs = next(iter(trainer.get_train_dataloader()))
    return trainer, trainer._generate_and_score_completions(inputs)


def gradient(model, loss) -> torch.Tensor:
    model.zero_grad()
    loss.backward()
    return torch.cat(
        [
            (p.grad if p.grad is not None else torch.zeros_like(p)).flatten()
            for p in model.parameters()
            if p.requires_grad
        ]
    )


def close(a, b, tolerance: float = 1e-5):
    assert (a - b).abs().max() <= tolerance * max(1e-3, b.abs().max().item()), ((a - b).abs().max(), b.abs().max())


def sft_loss(trainer, batch, rows) -> torch.Tensor:
    """Mean over `rows` of the cross-entropy of the expert, through the model's own loss."""
    total = 0.0
    for i in rows:
        ids = torch.cat(
            [
                batch["prompt_ids"][i][batch["prompt_mask"][i].bool()],
                batch["expert_ids"][i][batch["expert_mask"][i].bool()],
            ]
        )[None]
        labels = ids.clone()
        labels[:, : int(batch["prompt_mask"][i].sum())] = -100
        patches = batch["image_grid_thw"].prod(-1).cumsum(0).tolist()
        pixels = batch["pixel_values"][patches[i - 1] if i else 0 : patches[i]]
        kinds = (ids == trainer.model.config.image_token_id).long()
        out = trainer.model(
            input_ids=ids,
            labels=labels,
            pixel_values=pixels,
            image_grid_thw=batch["image_grid_thw"][i : i + 1],
            mm_token_type_ids=kinds,
        )
        total = total + out.loss / len(rows)
    return total


# ---- what the loss reduces to -------------------------------------------------------------------------------------


def plain_grpo(tmp_path, **more):
    """TRL's own trainer with the same numbers."""
    config = GRPOConfig(
        str(tmp_path / "trl"),
        per_device_train_batch_size=15,
        num_generations=5,
        max_steps=3,
        learning_rate=1e-3,
        warmup_steps=0,
        lr_scheduler_type="constant",
        max_grad_norm=1e9,
        max_completion_length=8,
        loss_type="grpo",
        beta=0.0,
        shuffle_dataset=False,
        use_cpu=True,
        bf16=False,
        activation_checkpointing=False,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        logging_steps=1,
        seed=0,
        generation_kwargs={"suppress_tokens": ahpo.vision_tokens(tiny().config)},
        **more,
    )
    trainer = GRPOTrainer(tiny(), chance, config, ahpo.mixed(ROWS, settings()), processing_class=PROCESSOR)
    trainer.train()
    return trainer


def test_threshold_zero_is_trl_grpo_bit_for_bit(tmp_path):
    ours, _ = trained(tmp_path, method="grpo", sft_norm="sequence")
    theirs = plain_grpo(tmp_path)
    close(weights(ours), weights(theirs), 1e-4)
    for skip in (True, False):  # leaving rows without advantage out of the pass changes nothing
        trainer, batch = ready(tmp_path, method="grpo", sft_norm="sequence")
        trainer.args.skip_zero_advantage = skip
        a = gradient(trainer.model, trainer._compute_loss(trainer.model, batch))
        b = gradient(trainer.model, GRPOTrainer._compute_loss(trainer, trainer.model, batch))
        assert b.abs().max() > 0
        close(a, b)
        assert skip or torch.equal(a, b)


def group_advantages(rewards):
    return (rewards - rewards.mean()) / (rewards.std() + 1e-4)


def paper_loss(ratio, mask, rewards, expert_logp, expert_mask, xi, norm):
    """The loss of one prompt as the paper writes it: eqs. 1, 3 and 4 (own), or 5 (joint)."""
    advantage = group_advantages(rewards)[:, None]
    on = -(torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage) * mask).sum()
    off = -(expert_logp * expert_mask).sum()
    if norm == "joint":
        return (xi * off + on) / (mask.sum() + (xi > 0) * expert_mask.sum())
    return xi * off / expert_mask.sum() + on / mask.sum()


def test_own_norm_of_one_prompt_is_trl_bnpo(tmp_path):
    """Eq. 4: one mean over the tokens of the group, which TRL calls bnpo when a batch is one group."""
    some = lambda completions, **c: [1.0, 0.0, 1.0, 0.0, 0.0][: len(completions)]  # noqa: E731
    trainer, batch = ready(tmp_path, some, method="grpo", prompts_in_domain=1, prompts_general=0)
    ends = torch.tensor([8, 3, 5, 1, 8])[:, None]
    batch["completion_mask"] = (torch.arange(batch["completion_ids"].shape[1]) < ends).int()
    advantages = group_advantages(torch.tensor([1.0, 0, 1, 0, 0]))
    on, _ = ahpo.term_weights(batch["completion_mask"].sum(1)[None], torch.zeros(1), torch.zeros(1), "own")
    batch["advantages"] = advantages * on[0]
    ours = gradient(trainer.model, trainer._compute_loss(trainer.model, batch))
    batch["advantages"], trainer.loss_type = advantages, "bnpo"
    close(ours, gradient(trainer.model, GRPOTrainer._compute_loss(trainer, trainer.model, batch)))


def test_equal_rewards_leave_only_sft(tmp_path):
    trainer, batch = ready(tmp_path, never)
    assert batch["advantages"].abs().max() == 0
    ours = gradient(trainer.model, trainer._compute_loss(trainer.model, batch))
    reference = gradient(trainer.model, sft_loss(trainer, batch, [0, 5]) * 2 / 3)  # two of three prompts have an expert
    assert reference.abs().max() > 0
    close(ours, reference)


def test_thresholds_at_both_ends(tmp_path):
    grpo, _ = trained(tmp_path, name="grpo", method="grpo")
    zero, _ = trained(tmp_path, name="zero", success_threshold=0)
    assert torch.equal(weights(grpo), weights(zero))
    static, _ = trained(tmp_path, name="static", method="static")
    above, _ = trained(tmp_path, name="above", success_threshold=6)
    assert torch.equal(weights(static), weights(above))
    assert not torch.equal(weights(static), weights(grpo))


def test_soft_gate_lies_between(tmp_path):
    _, curve = trained(tmp_path, gate_shape="soft", success_threshold=5)
    assert all(0 <= line["xi"] <= 1 for line in curve) and any(0 < line["xi"] < 1 for line in curve)


def test_prompts_without_expert_add_nothing(tmp_path):
    free = [row(i, False) for i in range(9)]
    mix = {"rows": free, "prompts_in_domain": 0, "prompts_general": 3}
    static, curve = trained(tmp_path, name="a", method="static", **mix)
    grpo, _ = trained(tmp_path, name="b", method="grpo", **mix)
    assert torch.equal(weights(static), weights(grpo))
    assert "xi" not in curve[0] and "expert/nll" not in curve[0]


def by_state(completions, state, **columns):
    """Group of prompt `i` has `i % 4` right rollouts."""
    seen, out = {}, []
    for s in state:
        seen[s] = seen.get(s, -1) + 1
        out.append(float(seen[s] < int(s) % 4))
    return out


@pytest.mark.parametrize("norm", ["own", "joint"])
@pytest.mark.parametrize("coef", [1.0, 0.3])
def test_trainer_computes_the_papers_formula(tmp_path, norm, coef):
    """Eqs. 1 + 4 and eq. 5, prompt by prompt, also after a shuffle into micro-batches."""
    trainer, batch = ready(tmp_path, by_state, sft_norm=norm, xi_coef=coef, prompts_in_domain=4, prompts_general=2)
    model, groups = trainer.model, trainer.groups
    logp = logps(trainer, model, batch)
    expert = logps(trainer, model, as_expert(batch))
    total = 0.0
    for q, group in enumerate(groups):
        i, rewards = slice(5 * q, 5 * q + 5), torch.tensor([r.reward for r in group])
        ratio = (logp[i] - logp[i].detach()).exp()
        mask, taught = batch["expert_mask"][5 * q][None], group[0].has_expert
        xi = coef * taught * (rewards.sum() < 2).item()
        total = total + paper_loss(
            ratio, batch["completion_mask"][i], rewards, expert[5 * q][None], mask if taught else mask + 1, xi, norm
        ) / len(groups)
    reference = gradient(model, total)
    assert {group_xi(g, ExpertGate()) for g in groups} == {0.0, 1.0}
    close(gradient(model, trainer._compute_loss(model, batch)), reference)
    order = torch.randperm(30)
    trainer.current_gradient_accumulation_steps = 3
    parts = [trainer._compute_loss(model, select_rows(batch, part)) for part in order.split(10)]
    close(gradient(model, sum(parts)), reference)


def test_joint_norm_with_equal_lengths(tmp_path):
    """Joint = G/(G+1) (L_on + L_off/G) where all lengths agree."""
    n = 4
    on, off = ahpo.term_weights(torch.full((2, 5), n), torch.tensor([n, n]), torch.tensor([1.0, 0.0]), "joint")
    assert torch.allclose(on[0], torch.tensor(5 / 6)) and torch.allclose(on[1], torch.tensor(1.0))
    assert torch.isclose(off[0] / 5, torch.tensor(5 / 6 / 5)) and off[1] == 0


def test_micro_batches_give_the_same_step(tmp_path):
    whole, _ = trained(tmp_path, name="whole", steps=1, method="static")
    parts, _ = trained(tmp_path, name="parts", steps=1, method="static", micro_batch=5)
    close(
        weights(parts) - weights_of(tiny()), weights(whole) - weights_of(tiny()), 2e-2
    )  # Adam's first step is +-lr: only signs of tiny gradients may differ


def weights_of(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# ---- LUFFY -------------------------------------------------------------------------------------------------------


def test_luffy_against_the_hand_formula():
    torch.manual_seed(1)
    logits = (5 * torch.randn(3, 6, 20, dtype=torch.float64)).requires_grad_()  # probabilities down to 1e-10
    target = torch.randint(20, (3, 6))
    A = torch.tensor([0.8, -0.8, 0.4], dtype=torch.float64)[:, None]
    logp = logits.log_softmax(-1).gather(-1, target[..., None])[..., 0]
    loss = luffy_term(logp, logp.detach(), A, torch.tensor([[True]]))
    (found,) = torch.autograd.grad(loss.sum(), logits)
    p, y = logits.softmax(-1), torch.nn.functional.one_hot(target, 20)
    p_y = (p * y).sum(-1, keepdim=True)
    slope = 0.1 / (p_y + 0.1) ** 2
    assert (found - (-A[..., None] * slope * p_y * (y - p))).abs().max() < 1e-16
    assert torch.allclose(-loss / A, p_y[..., 0] / (p_y[..., 0] + 0.1), atol=1e-15)


def expert_is_right(completions, answer, task, **columns):
    """Right is who names the row as its expert does; no policy of ours does."""
    return [float(c[0]["content"].startswith(f"e{a}")) for c, a in zip(completions, answer)]


def test_luffy_puts_the_expert_in_the_group(tmp_path):
    trainer, batch = ready(tmp_path, expert_is_right, method="luffy")
    by_policy = batch["by_policy"].view(3, 5).tolist()
    assert by_policy == [[True] * 4 + [False]] * 2 + [[True] * 5]  # two prompts with an expert, one without
    for i in (4, 9):
        n = int(batch["completion_mask"][i].sum())
        assert batch["completion_ids"][i][:n].tolist() == trainer.experts.ids[i]
    assert torch.allclose(batch["advantages"].view(3, 5)[0], torch.tensor([-0.2] * 4 + [0.8]))  # no deviation
    assert batch["expert_weight"].abs().max() == 0  # and no likelihood beside it
    m = {k: v[0] for k, v in trainer._metrics["train"].items()}
    assert m["reward/on_policy"] == 0 and m["reward/with_expert"] == pytest.approx(2 / 15)
    assert m["zero_spread/in_domain"] == 0 and m["zero_spread/general"] == 1


def test_luffy_loss_by_hand(tmp_path):
    trainer, batch = ready(tmp_path, expert_is_right, method="luffy")
    logp, mask, A = logps(trainer, trainer.model, batch), batch["completion_mask"], batch["advantages"][:, None]
    p = logp.exp()
    token = torch.where(batch["by_policy"][:, None], -A * p / p.detach(), -A * p / (p + 0.1))
    reference = gradient(trainer.model, (token * mask).sum() / 15 / trainer.max_completion_length)
    close(gradient(trainer.model, trainer._compute_loss(trainer.model, batch)), reference)


def test_luffy_clips_neither_sign(tmp_path):
    trainer, batch = ready(tmp_path, expert_is_right, method="luffy")
    batch["old_per_token_logps"] = logps(trainer, trainer.model, batch).detach() - 1.0  # ratio e, far beyond 1.2
    for sign in (1.0, -1.0):
        batch["advantages"] = torch.full((15,), sign)
        part = select_rows(batch, torch.arange(4))
        assert gradient(trainer.model, trainer._compute_loss(trainer.model, part)).abs().max() > 0


# ---- batches, gates, logs ------------------------------------------------------------------------------------------


def test_gate_counts_per_prompt(tmp_path):
    trainer, batch = ready(tmp_path, by_state, prompts_in_domain=6, prompts_general=2)
    weight = batch["expert_weight"].view(-1, 5)
    for group, w in zip(trainer.groups, weight):
        right = sum(r.reward for r in group)
        assert w.tolist() == [5.0 * (group[0].has_expert and right < 2), 0, 0, 0, 0]
    m = trainer._metrics["train"]
    taught = [g for g in trainer.groups if g[0].has_expert]
    assert m["xi"][0] == pytest.approx(sum(sum(r.reward for r in g) < 2 for g in taught) / 6)
    assert m["xi/sort/1"][0] == pytest.approx(
        sum(sum(r.reward for r in g) < 2 for g in taught if g[0].level == 1) / sum(g[0].level == 1 for g in taught)
    )


def test_shuffle_keeps_expert_and_prompt_together(tmp_path):
    trainer = make_trainer(
        tiny(), PROCESSOR, ROWS, settings(micro_batch=3, prompts_in_domain=4, prompts_general=2), tmp_path, reward=never
    )
    trainer.model.train()
    inputs = next(iter(trainer.get_train_dataloader()))
    trainer.current_gradient_accumulation_steps = 10
    seen, orders = 0, []
    for k in range(10):
        trainer._step = k
        part = as_expert(trainer._prepare_inputs(inputs))
        for i in range(3):
            prompt = PROCESSOR.tokenizer.decode(part["prompt_ids"][i][part["prompt_mask"][i].bool()])
            number = prompt.rpartition("p")[2].partition("<")[0]
            orders.append(number)
            expert = PROCESSOR.tokenizer.decode(part["completion_ids"][i][part["completion_mask"][i].bool()])
            reply = ROWS[int(number)]["completion"]
            assert expert == (reply[0]["content"] + "<|im_end|>" if reply else "")
            assert reply or part["expert_weight"][i] == 0
            seen += part["expert_weight"][i] > 0
            start = int(part["image_grid_thw"][:i].prod(-1).sum()) if i else 0
            pixel = part["pixel_values"][start][0]  # the first channel tells the picture
            assert torch.isclose(pixel, first_pixel(int(number)), atol=1e-5)
    assert seen == 4 and orders != sorted(orders)  # each expert once; and they were shuffled


def first_pixel(i: int):
    return PROCESSOR.image_processor(images=[row(i)["images"][0]], return_tensors="pt")["pixel_values"][0][0]


def test_one_expert_pass_per_prompt(tmp_path):
    trainer, batch = ready(tmp_path, never, prompts_in_domain=4)
    passes, original = [], trainer._get_per_token_logps_and_entropies
    trainer._get_per_token_logps_and_entropies = lambda model, ids, *a, **k: (
        passes.append(len(ids)) or original(model, ids, *a, **k)
    )
    trainer._compute_loss(trainer.model, batch)
    assert passes == [1, 4]  # one row stands in for the 25 rollouts without gradient; four prompts, four experts


def test_reused_rollouts_and_accumulation(tmp_path):
    _, curve = trained(
        tmp_path,
        never,
        steps=6,
        num_iterations=2,
        micro_batch=5,
        generation_batch=15,
        method="static",
        learning_rate=3e-3,
    )
    nll = [line["expert/nll"] for line in curve]
    assert len(curve) == 6 and nll[-1] < nll[0]
    config = ahpo.ahpo_config(settings(num_iterations=2, micro_batch=5), METHODS["ahpo"], tmp_path)
    config.steps_per_generation, config.gradient_accumulation_steps, config.generation_batch_size = 2, 2, 10
    data = ahpo.mixed(ROWS, settings())
    trainer = ahpo.AHPOTrainer(
        tiny(), chance, config, data, processing_class=PROCESSOR, callbacks=[CurveCallback(tmp_path / "c.jsonl")]
    )
    trainer.remove_callback(ahpo.PrinterCallback)
    trainer.train()  # two updates per batch of rollouts: old log-probabilities in use
    assert trainer.state.global_step == 3


def test_runs_repeat(tmp_path):
    a, curve_a = trained(tmp_path, name="a")
    b, curve_b = trained(tmp_path, name="b")
    assert torch.equal(weights(a), weights(b)) and curve_a == curve_b
    assert {
        "xi",
        "reward/on_policy",
        "reward/with_expert",
        "reward/in_domain",
        "reward/general",
        "zero_spread/in_domain",
        "zero_spread/general",
        "expert/nll",
        "policy/entropy",
        "completion/length",
        "completion/truncated",
        "loss",
        "grad_norm",
    } <= set().union(*curve_a)


def test_entropy_is_that_of_trl(tmp_path):
    trainer, batch = ready(tmp_path, chance)
    GRPOTrainer._compute_loss(trainer, trainer.model, batch)
    m = trainer._metrics["train"]
    assert m["policy/entropy"][0] == pytest.approx(m["entropy"][0], rel=1e-4)


class Stop(TrainerCallback):
    """Kills a run in the middle of step `at`."""

    def __init__(self, at):
        self.at = at

    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == self.at:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    "method, more",
    [("ahpo", {}), ("luffy", {}), ("static", {"num_iterations": 2, "micro_batch": 5, "generation_batch": 5})],
)
def test_resume_equals_an_uninterrupted_run(tmp_path, method, more):
    s = settings(steps=6, save_steps=2, scheduler="cosine", warmup_steps=1, **more)
    whole = train_ahpo(tiny(), PROCESSOR, ROWS, s, tmp_path / "whole", method, reward=chance)
    killed = make_trainer(tiny(), PROCESSOR, ROWS, s, tmp_path / "cut", method, reward=chance)
    killed.add_callback(Stop(3))
    with pytest.raises(KeyboardInterrupt):
        killed.train()
    assert [line["step"] for line in read_curve(tmp_path / "cut" / "curve.jsonl")] == [1, 2, 3]
    again = train_ahpo(
        tiny(seed=5), PROCESSOR, ROWS, s, tmp_path / "cut", method, reward=chance
    )  # weights come from the checkpoint
    assert torch.equal(weights(whole), weights(again))
    assert read_curve(tmp_path / "whole" / "curve.jsonl") == read_curve(tmp_path / "cut" / "curve.jsonl")


def test_other_settings_are_not_continued(tmp_path):
    trained(tmp_path, steps=1)
    with pytest.raises(ValueError, match="other xi_coef"):
        trained(tmp_path, steps=1, xi_coef=0.5)


# ---- pictures ----------------------------------------------------------------------------------------------------


def eager_for_pixels(model):
    """Makes `model` want nothing more than to write <|image_pad|>."""

    def push(module, args, logits):
        logits = logits.clone()
        logits[..., model.config.image_token_id] += 100.0
        return logits

    return model.lm_head.register_forward_hook(push)


def test_image_tokens_are_never_written(tmp_path):
    model = tiny()
    eager_for_pixels(model)
    trainer = make_trainer(model, PROCESSOR, ROWS, settings(), tmp_path, reward=never)
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    inputs = next(iter(trainer.get_train_dataloader()))
    batch = trainer._generate_and_score_completions(inputs)
    assert not torch.isin(batch["completion_ids"], torch.tensor(ahpo.vision_tokens(model.config))).any()
    trainer._compute_loss(model, batch)
    trainer.generation_config.suppress_tokens = None  # without the ban the same model crashes the next pass
    batch = trainer._generate_and_score_completions(inputs)
    assert (batch["completion_ids"] == model.config.image_token_id).any()
    trainer.args.skip_zero_advantage = False
    with pytest.raises(ValueError, match="[Ii]mage features and image tokens do not match"):
        trainer._compute_loss(model, batch)


def test_prompts_are_never_cut(tmp_path):
    long = [{**row(i), "prompt": [{"role": "user", "content": "p" * 300}]} for i in range(4)]
    trainer, batch = ready(tmp_path, never, rows=long, prompts_in_domain=2, prompts_general=0, max_completion_length=4)
    assert batch["prompt_mask"].sum(1).min() > 300
    assert (
        (batch["prompt_ids"] == trainer.model.config.image_token_id).sum(1) == batch["image_grid_thw"].prod(-1) // 4
    ).all()
    ahpo.check_prompt(trainer.model, PROCESSOR, row(0))
    trainer.model.config.image_token_id = trainer.model.config.video_token_id
    with pytest.raises(ModelError, match="0 image tokens for 4 image features"):
        ahpo.check_prompt(trainer.model, PROCESSOR, row(0))


def test_vision_tower_stays(tmp_path):
    before = {n: p.clone() for n, p in tiny().named_parameters() if "visual." in n}
    frozen, _ = trained(tmp_path, name="frozen", method="static")
    assert all(torch.equal(p, before[n]) for n, p in frozen.model.named_parameters() if n in before)
    moving, _ = trained(tmp_path, name="moving", method="static", frozen=False)
    assert not all(torch.equal(p, before[n]) for n, p in moving.model.named_parameters() if n in before)


def test_an_expert_ends_as_the_template_ends_a_turn():
    ends = [PROCESSOR.tokenizer.eos_token_id]
    tokens = expert_tokens(row(3), PROCESSOR, ends)
    assert PROCESSOR.tokenizer.decode(tokens) == "e3xxx<|im_end|>"
    assert expert_tokens(row(2, False), PROCESSOR, ends) == []


def test_a_long_expert_is_never_cut(tmp_path):
    long = [{**row(i), "completion": [{"role": "assistant", "content": "e" * (20 if i else 2)}]} for i in range(2)]
    mix = {"rows": long, "prompts_in_domain": 2, "prompts_general": 0}
    skipped, batch = ready(tmp_path, never, **mix)
    assert (batch["expert_weight"] > 0).sum() == 1 and skipped._metrics["train"]["expert/skipped"] == [0.5]
    assert skipped._metrics["train"]["reward/in_domain"] == [0.0] and skipped._metrics["train"]["xi"] == [1.0]
    assert all(map(math.isnan, skipped._metrics["train"]["reward/general"]))  # both prompts have an expert
    _, batch = ready(tmp_path, never, long_experts="keep", **mix)
    assert (batch["expert_weight"] > 0).sum() == 2 and batch["expert_mask"].sum(1).max() > 8
    _, batch = ready(tmp_path, never, max_expert_length=40, **mix)
    assert (batch["expert_weight"] > 0).sum() == 2
    with pytest.raises(ValueError, match="an expert has 21 tokens and a rollout at most 8; raise"):
        ready(tmp_path, never, long_experts="refuse", **mix)
    grpo, batch = ready(tmp_path, never, method="grpo", long_experts="refuse", **mix)  # reads no expert
    assert not any(grpo.experts.ids) and all(grpo.experts.given) and grpo._metrics["train"]["xi"] == [0.0]


def test_settings_name_their_errors(tmp_path):
    with pytest.raises(ValueError, match="choose one of grpo"):
        make_trainer(tiny(), PROCESSOR, ROWS, settings(), tmp_path, "dpo")
    with pytest.raises(ValueError, match="do not divide"):
        ahpo.ahpo_config(settings(micro_batch=5).model_copy(update={"micro_batch": 4}), METHODS["ahpo"], tmp_path)
    with pytest.raises(ValueError, match="there are none"):
        ahpo.mixed([row(0)], settings())


# ---- the job -----------------------------------------------------------------------------------------------------

PROFILE = """
extends: mini
ahpo: {steps: 4, warmup_steps: 1, prompts_in_domain: 2, prompts_general: 1, micro_batch: 15, max_completion_length: 6, long_experts: keep, save_steps: 2, methods: [METHOD]}
"""


@pytest.mark.parametrize("method", trained_by("ahpo"))
def test_job_of_a_profile(tmp_path, method):
    from mmhelix_nb.book.results import read_results
    from mmhelix_nb.book.rows import save_rows
    from mmhelix_nb.training.models import load, save

    (tmp_path / "tiny.yaml").write_text(PROFILE.replace("METHOD", method))
    for start in ("base", "sft_half"):
        save(tiny(), PROCESSOR, tmp_path / "runs" / "tiny" / start / "model")
    boxed = [{"role": "assistant", "content": "\\boxed{4}"}]
    rows = [
        {**r, "task": "skill:sort", "answer": "4", "completion": boxed if r["completion"] else [], "modality": "image"}
        for r in ROWS
    ]
    save_rows(rows, tmp_path / "runs" / "tiny" / "base" / "rl.parquet")
    last = ahpo.run_ahpo(str(tmp_path / "tiny.yaml"), method, str(tmp_path / "runs"), str(tmp_path / "reports"))
    report = tmp_path / "reports" / "tiny" / f"ahpo-{method}"
    steps = 2 if method == "sft_grpo" else 4
    assert [line["step"] for line in read_curve(report / "curve.jsonl")] == list(range(1, steps + 1))
    results = read_results(report)
    assert results["results"]["method"] == method and results["results"]["settings"]["steps"] == steps
    assert "reward/on_policy" in last and (report / "timing.json").is_file()
    model, _ = load(tmp_path / "runs" / "tiny" / f"ahpo-{method}" / "model")
    assert torch.equal(weights_of(model), weights_of(tiny())) == (
        method in ("grpo", "sft_grpo", "bread")
    )  # starved: nothing was ever right


# ---- two processes -----------------------------------------------------------------------------------------------

TWO = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_ahpo import PROCESSOR, ROWS, chance, never, settings, tiny, train_ahpo, weights
out = Path(sys.argv[2])
for method, reward in (("ahpo", never), ("luffy", chance)):
    small = settings(num_generations=4, steps=2, curriculum=method == "ahpo")
    trainer = train_ahpo(tiny(), PROCESSOR, ROWS, small, out / method, method, reward=reward)
    drawn = trainer.curriculum and trainer.curriculum.drawn
    told = f"{weights(trainer).double().sum().item()} {drawn}"
    (out / f"{method}-{trainer.accelerator.process_index}").write_text(told)
"""


def test_two_processes(tmp_path):
    """Three groups of four on two processes: the middle group lies on both, and one process may have no expert."""
    (tmp_path / "two.py").write_text(TWO)
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc_per_node",
        "2",
        str(tmp_path / "two.py"),
        str(Path(__file__).parent),
        str(tmp_path),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for method in ("ahpo", "luffy"):
        assert (tmp_path / f"{method}-0").read_text() == (tmp_path / f"{method}-1").read_text()
    for line in read_curve(tmp_path / "ahpo" / "curve.jsonl"):
        assert line["xi"] == 1 and line["completion/length"] > 0 and line["reward/with_expert"] == pytest.approx(2 / 14)
