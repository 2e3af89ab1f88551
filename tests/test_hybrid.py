"""Every method of the loss family against its formula, written here anew in a few lines, in value and gradient; and thirty steps of each."""

import math
import warnings

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")
warnings.filterwarnings("ignore")
torch.set_num_threads(1)

from test_ahpo import PROCESSOR, ROWS, by_state, gradient, row, settings, tiny, train_ahpo, weights, weights_of  # noqa: E402

from mmhelix_nb import ahpo  # noqa: E402
from mmhelix_nb.ahpo import make_trainer  # noqa: E402
from mmhelix_nb.book.methods import METHODS, trained_by  # noqa: E402
from mmhelix_nb.book.results import read_curve  # noqa: E402
from mmhelix_nb.training.experts import as_expert  # noqa: E402
from mmhelix_nb.training.gates import GateWarning  # noqa: E402
from mmhelix_nb.training.terms import expert_temperature, logps, read_tokens  # noqa: E402

G = 5


def ready(tmp_path, method, reward=by_state, rows=ROWS, done=0, prompts=(4, 2), **more):
    """A trainer in 64 bits, and a batch of rollouts as it stands after `done` of 10 steps."""
    mix = {"prompts_in_domain": prompts[0], "prompts_general": prompts[1], "steps": 10} | more
    trainer = make_trainer(tiny().double(), PROCESSOR, rows, settings(**mix), tmp_path / "ready", method, reward=reward)
    trainer.model.train()
    trainer.current_gradient_accumulation_steps, trainer.state.global_step = 1, done
    trainer.state.max_steps = 10
    inputs = next(iter(trainer.get_train_dataloader()))
    return trainer, trainer._generate_and_score_completions(inputs), inputs


def parts(trainer, batch):
    """What every formula is made of, prompt by prompt: log-probabilities and entropies of rollouts (G, T) and experts (E,), rewards."""
    logp, entropy = read_tokens(trainer, trainer.model, batch, entropies=True)
    expert = logps(trainer, trainer.model, as_expert(batch))
    for q, group in enumerate(trainer.groups):
        i, kept = slice(G * q, G * q + G), batch["expert_mask"][G * q].bool()
        yield {
            "logp": logp[i],
            "entropy": entropy[i].detach(),
            "mask": batch["completion_mask"][i],
            "reward": torch.tensor([r.reward for r in group], dtype=torch.float64),
            "expert": expert[G * q][kept],
            "given": [len(begun) for begun in trainer.experts.begun[i]],
        }


def surrogate(one, advantage):
    """-A r of each token, at the point where the ratio is 1."""
    return -advantage[:, None] * (one["logp"] - one["logp"].detach()).exp() * one["mask"]


def normalised(reward):
    return (reward - reward.mean()) / (reward.std() + 1e-4)


def own_mean(one, advantage):
    return surrogate(one, advantage).sum() / one["mask"].sum()


def per_budget(one, advantage, budget=8):
    """Dr. GRPO: a sum over tokens, divided by the longest that a rollout may be."""
    return surrogate(one, advantage).sum() / G / budget


def likelihood(one):
    return -one["expert"].mean() if len(one["expert"]) else 0.0


def fails(one):
    return bool(len(one["expert"])) and one["reward"].sum() == 0


def grpo(one, done):
    return own_mean(one, normalised(one["reward"]))


def static(one, done):
    return grpo(one, done) + likelihood(one)


def adaptive(one, done):
    return grpo(one, done) + (likelihood(one) if one["reward"].sum() < 2 else 0.0)


def instead(one, done):
    return likelihood(one) if fails(one) else grpo(one, done)


def hpt(one, done):
    return likelihood(one) if fails(one) else per_budget(one, one["reward"] - one["reward"].mean())


def chord_mu(one, done):
    mu = 0.05 + 0.85 * (1 + math.cos(math.pi * min(done / 0.5, 1))) / 2
    return (1 - mu) * grpo(one, done) + mu * likelihood(one)


def chord_phi(one, done):
    p = one["expert"].detach().exp()
    return 0.9 * grpo(one, done) - (0.1 * (p * (1 - p) * one["expert"]).mean() if len(p) else 0.0)


REFERENCES = {
    "grpo": grpo,
    "sft_grpo": grpo,
    "static": static,
    "ahpo": adaptive,
    "superrl": instead,
    "hpt": hpt,
    "chord_mu": chord_mu,
    "chord_phi": chord_phi,
}


def agree(trainer, batch, reference, tolerance=1e-6):
    """The trainer's loss, and its gradient, are those of the reference."""
    ours = trainer._compute_loss(trainer.model, batch)
    assert abs(ours.item() - reference.item()) <= tolerance * max(1, abs(reference.item())), (ours, reference)
    a, b = gradient(trainer.model, ours), gradient(trainer.model, reference)
    assert b.abs().max() > 0 and (a - b).abs().max() <= tolerance * b.abs().max(), ((a - b).abs().max(), b.abs().max())


@pytest.mark.parametrize("done", [2, 7])
@pytest.mark.parametrize("method", REFERENCES)
def test_loss_is_that_of_the_formula(tmp_path, method, done):
    trainer, batch, _ = ready(tmp_path, method, done=done)
    found = [REFERENCES[method](one, done / 10) for one in parts(trainer, batch)]
    agree(trainer, batch, sum(found) / len(found))


def first_letter(completions, answer, **columns):
    """Right are the expert and what begins as it does; what the untrained policy writes is not."""
    return [float(c[0]["content"].startswith(f"e{a}")) for c, a in zip(completions, answer)]


def luffy(trainer, batch):
    """Groups whose last rollout is the expert: A = R - mean, f(p) = p / (p + 0.1) for its tokens."""
    total, taught = 0.0, batch["by_policy"].view(-1, G)[:, -1]
    for q, one in enumerate(parts(trainer, batch)):
        advantage = (one["reward"] - one["reward"].mean())[:, None]
        p = one["logp"].exp()
        token = -advantage * p / p.detach()
        if not taught[q]:
            token[-1] = -advantage[-1] * p[-1] / (p[-1] + 0.1)
        total = total + (token * one["mask"]).sum() / G / 8
    return total / len(trainer.groups)


def srft(trainer, batch):
    """LUFFY's expert and 0.5 e^-H of its likelihood; rollouts by 0.1 e^H where right, -1 where wrong, times log p."""
    total, taught = 0.0, batch["by_policy"].view(-1, G)[:, -1]
    for q, one in enumerate(parts(trainer, batch)):
        H = (one["entropy"] * one["mask"]).sum(1) / one["mask"].sum(1)
        weight = torch.where(one["reward"] == 1, 0.1 * H.exp(), -torch.ones_like(H))[:, None]
        token = -weight * one["logp"]
        if not taught[q]:
            A, p = (one["reward"] - one["reward"].mean())[-1], one["logp"][-1].exp()
            token[-1] = -A * p / (p + 0.1) - 0.5 * (-H[-1]).exp() * one["logp"][-1]
        total = total + (token * one["mask"]).sum() / G / 8
    return total / len(trainer.groups)


@pytest.mark.parametrize("method, reference", [("luffy", luffy), ("srft", srft)])
def test_an_expert_in_the_group(tmp_path, method, reference):
    trainer, batch, _ = ready(tmp_path, method, first_letter)
    agree(trainer, batch, reference(trainer, batch))


def test_prefix_rft(tmp_path):
    """The last rollout goes on from the expert; A is against the others; of the prefix a fifth of the tokens is learned, where entropy is highest."""
    long = [{**row(i), "completion": [{"role": "assistant", "content": f"e{i}xyz"}]} for i in range(4)]
    trainer, batch, _ = ready(tmp_path, "prefix_rft", first_letter, long, done=4, prompts=(4, 0))
    total = 0.0
    for one, ids in zip(parts(trainer, batch), trainer.experts.ids[::G]):
        n = one["given"][-1]
        assert one["given"][:-1] == [0] * 4 and 0 <= n <= 0.95 * len(ids)
        advantage = (one["reward"] - one["reward"][:-1].mean())[:, None].expand_as(one["mask"]).clone()
        high = one["entropy"][-1][:n].argsort(descending=True)[: math.ceil(0.2 * n)]
        advantage[-1][[k for k in range(n) if k not in high]] = 0.0
        total = total - (advantage * (one["logp"] - one["logp"].detach()).exp() * one["mask"]).sum() / G / 8
    assert any(group[-1].reward == 1 for group in trainer.groups)
    agree(trainer, batch, total / len(trainer.groups))
    tokens = batch["completion_ids"].view(4, G, -1)[:, -1]
    for ids, begun, told in zip(trainer.experts.ids[::G], trainer.experts.begun[G - 1 :: G], tokens):
        assert told[: len(begun)].tolist() == begun == ids[: len(begun)]


def even_and_right(completions, answer, **columns):
    """Right is what begins as the expert does, if its length is even."""
    return [right * (len(c[0]["content"]) % 2 == 0) for right, c in zip(first_letter(completions, answer), completions)]


def test_bread(tmp_path):
    """Groups that failed are written again from a hint, which is not learned; the others stay."""
    trainer, batch, inputs = ready(tmp_path, "bread", even_and_right, done=3)
    given = torch.tensor([len(begun) for begun in trainer.experts.begun]).view(-1, G)
    assert [set(g) for g in given.bool().tolist()] == [{True}] * 4 + [{False}] * 2  # no expert, no hint
    told = PROCESSOR.batch_decode(batch["completion_ids"], skip_special_tokens=True)
    right = even_and_right([[{"content": text}] for text in told], [r["answer"] for r in inputs])
    total = 0.0
    for one, start, reward in zip(parts(trainer, batch), given, torch.tensor(right).double().view(-1, G)):
        mask = one["mask"] * (torch.arange(one["mask"].shape[1]) >= start[:, None])
        total = total + surrogate({"logp": one["logp"], "mask": mask}, normalised(reward)).sum() / mask.sum()
    agree(trainer, batch, total / len(trainer.groups))
    assert trainer._metrics["train"]["reward/on_policy"] == [0.0]  # logged once, before the hint


def test_relift(tmp_path):
    """Prompts that failed wait until there are as many as a step has; then a step learns them, and nothing else."""
    trainer, batch, inputs = ready(
        tmp_path, "relift", lambda completions, **columns: [0.0] * len(completions), prompts=(2, 1)
    )
    assert batch["expert_weight"].abs().max() == 0 and len(trainer.buffer) == 2  # two of three prompts have an expert
    assert trainer._generate_and_score_completions(inputs)["expert_weight"].abs().max() == 0
    assert [row["state"] for row in trainer.buffer] == [inputs[0]["state"], inputs[G]["state"]] * 2
    batch = trainer._generate_and_score_completions(inputs)
    assert len(trainer.buffer) == 1 and batch["advantages"].abs().max() == 0
    taught = [likelihood(one) for one in parts(trainer, batch)]
    assert len(taught) == 3
    agree(trainer, batch, sum(taught) / 3)


@pytest.mark.parametrize("method", trained_by("ahpo"))
def test_thirty_steps(tmp_path, method):
    """Each trains: the expert's likelihood rises wherever it is learned, and every line of the curve is a number."""
    s = settings(steps=30, learning_rate=3e-3, max_grad_norm=1.0)
    trainer = train_ahpo(tiny(), PROCESSOR, ROWS, s, tmp_path, method, reward=first_letter)
    curve = read_curve(tmp_path / "curve.jsonl")
    assert len(curve) == METHODS[method].steps(30) and all(math.isfinite(line["loss"]) for line in curve)
    nll = [line["expert/nll"] for line in curve if "expert/nll" in line]
    if method in ("grpo", "sft_grpo", "prefix_rft", "bread"):
        assert not nll
    else:
        assert nll[-1] < nll[0] and not torch.equal(weights(trainer), weights_of(tiny()))


def test_relift_goes_on_after_a_kill(tmp_path):
    """The rows that wait are part of a checkpoint."""
    from test_ahpo import Stop

    s = settings(steps=6, save_steps=1)
    whole = train_ahpo(tiny(), PROCESSOR, ROWS, s, tmp_path / "whole", "relift", reward=first_letter)
    killed = make_trainer(tiny(), PROCESSOR, ROWS, s, tmp_path / "cut", "relift", reward=first_letter)
    killed.add_callback(Stop(3))
    with pytest.raises(KeyboardInterrupt):
        killed.train()
    again = train_ahpo(tiny(seed=5), PROCESSOR, ROWS, s, tmp_path / "cut", "relift", reward=first_letter)
    assert torch.equal(weights(whole), weights(again))


# Limits


def test_limits_of_the_family():
    opens = ahpo.ExpertGate
    assert [opens("adaptive", 0)(s) for s in range(6)] == [opens("closed")(s) for s in range(6)]
    assert [opens("adaptive", 6)(s) for s in range(6)] == [opens("open")(s) for s in range(6)]
    assert [opens("schedule", mu=1.0)(s) for s in range(6)] == [opens("open")(s) for s in range(6)]


def test_chord_without_weight_is_grpo(tmp_path):
    trainer, batch, _ = ready(tmp_path, "chord_mu")
    trainer.args.mu_peak = trainer.args.mu_valley = 0.0
    rows = next(iter(trainer.get_train_dataloader()))
    torch.manual_seed(0)
    batch = trainer._generate_and_score_completions(rows)
    found = [grpo(one, 0) for one in parts(trainer, batch)]
    agree(trainer, batch, sum(found) / len(found))


# What else weighs tokens


def own_reference(tmp_path):
    """A model that TRL can load once more as its reference."""
    from mmhelix_nb.training.models import load, save

    save(tiny(), PROCESSOR, tmp_path / "model")
    return load(tmp_path / "model")[0]


def with_reference(tmp_path, **more):
    model, mix = own_reference(tmp_path), {"prompts_in_domain": 4, "prompts_general": 2, "steps": 10} | more
    trainer = make_trainer(model, PROCESSOR, ROWS, settings(**mix), tmp_path / "ready", "ahpo", reward=by_state)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    return trainer, trainer._generate_and_score_completions(next(iter(trainer.get_train_dataloader())))


@pytest.mark.parametrize("norm, corrected", [("own", True), ("joint", True), ("own", False)])
def test_kl_is_averaged_as_the_rollouts_are(tmp_path, norm, corrected):
    """Also with TRL's correction for what was sampled, a factor r in the gradient."""
    trainer, batch = with_reference(tmp_path, beta=0.3, sft_norm=norm)
    trainer.args.use_bias_correction_kl = corrected
    total = 0.0
    for q, one in enumerate(parts(trainer, batch)):
        distance = batch["ref_per_token_logps"][G * q : G * q + G] - one["logp"]
        kl = (distance.exp() - distance - 1) * one["mask"]
        kl = kl * (one["logp"] - one["logp"].detach()).exp() if corrected else kl
        on, n = (surrogate(one, normalised(one["reward"]).float()) + 0.3 * kl).sum(), one["mask"].sum()
        taught = bool(len(one["expert"])) and one["reward"].sum() < 2
        off = -one["expert"].sum() if taught else 0.0
        if norm == "joint":
            total = total + (on + off) / (n + taught * len(one["expert"]))
        else:
            total = total + on / n + (off / len(one["expert"]) if taught else 0.0)
    agree(trainer, batch, total / len(trainer.groups), 2e-5)
    assert trainer._metrics["train"]["kl"][0] > 0


def test_temperature_does_not_bend_the_expert(tmp_path):
    """Rollouts are read at the temperature at which they were written, experts at 1."""
    hot, batch, _ = ready(tmp_path, "static", lambda completions, **c: [0.0] * len(completions), temperature=2.0)
    loss = gradient(hot.model, hot._compute_loss(hot.model, batch))
    with expert_temperature(hot):
        plain = logps(hot, hot.model, as_expert(batch))
    tempered = logps(hot, hot.model, as_expert(batch))
    assert not torch.allclose(plain, tempered)
    mask, taught = batch["expert_mask"], batch["expert_weight"].nonzero()[:, 0]
    nll = -(plain * mask).sum(1)[taught] / mask.sum(1)[taught]
    reference = gradient(hot.model, nll.sum() / len(hot.groups))
    assert reference.abs().max() > 0 and (loss - reference).abs().max() <= 1e-6 * reference.abs().max()


# What a gate counts


def test_the_reward_that_counts_is_named(tmp_path):
    """With rewards [format, correct] the gate looks at the one that is named, from its bar on, and leaves out what was not scored."""

    def looks_right(completions, **columns):
        return [1.0] * len(completions)

    def worth(completions, state, **columns):
        return [None if s == "0" else 0.9 * right for s, right in zip(state, by_state(completions, state))]

    config = ahpo.ahpo_config(settings(prompts_in_domain=4, prompts_general=2), METHODS["ahpo"], tmp_path)
    data = ahpo.mixed(ROWS, settings(prompts_in_domain=4, prompts_general=2))

    def rates(**more):
        for name, value in more.items():
            setattr(config, name, value)
        trainer = ahpo.AHPOTrainer(tiny(), [looks_right, worth], config, data, processing_class=PROCESSOR)
        trainer.model.train()
        trainer._generate_and_score_completions(next(iter(trainer.get_train_dataloader())))
        return trainer._metrics["train"]["xi"][0], trainer

    assert rates()[0] == 0  # the first reward always says right
    assert (
        rates(success_reward="worth", success_bar=1.0)[0] > 0.5
    )  # 0.9 never reaches 1: open but where nothing was scored
    rate, trainer = rates(success_bar=0.9)
    expected = [g for g in trainer.groups if g[0].has_expert]
    by_hand = [any(r.reward == r.reward for r in g) and sum(r.reward >= 0.9 for r in g) < 2 for g in expected]
    assert rate == pytest.approx(sum(by_hand) / len(by_hand)) and 0 < rate < 1
    with pytest.raises(ValueError, match="success_reward='right' must be one of looks_right, worth"):
        rates(success_reward="right")


def test_a_gate_that_stands_still_is_told(tmp_path):
    never = lambda completions, **columns: [0.0] * len(completions)  # noqa: E731
    config = ahpo.ahpo_config(settings(steps=4), METHODS["ahpo"], tmp_path)
    config.gate_patience = 3
    trainer = ahpo.AHPOTrainer(tiny(), never, config, ahpo.mixed(ROWS, settings(steps=4)), processing_class=PROCESSOR)
    with pytest.warns(GateWarning, match="open for every prompt for 3 steps: .*success_bar=1"):
        trainer.train()


# What the trainer takes


@pytest.mark.parametrize("given", ["nothing", "TRL's"])
def test_any_configuration(tmp_path, given, monkeypatch):
    """A model by name with no configuration, or with TRL's own, whose averaging stays."""
    from trl import GRPOConfig

    own_reference(tmp_path)
    monkeypatch.chdir(tmp_path)
    cpu = {"use_cpu": True, "bf16": False, "report_to": []}
    args = None if given == "nothing" else GRPOConfig("out", num_generations=4, loss_type="dapo", **cpu)
    trainer = ahpo.AHPOTrainer(str(tmp_path / "model"), by_state, args, ahpo.as_dataset(ROWS))
    assert trainer.args.gate == "adaptive" and trainer.args.loss_type == ("grpo" if args is None else "dapo")
    assert trainer.generation_config.suppress_tokens == ahpo.vision_tokens(trainer.model.config)
