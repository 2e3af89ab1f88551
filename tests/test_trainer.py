"""What the trainer takes: models, configurations, data sets of every conversational form, rewards, adapters, streams, and vLLM, of which a stand-in checks the arguments."""

import dataclasses
import inspect
import json
import warnings
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import create_autospec

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")
warnings.filterwarnings("ignore")
torch.set_num_threads(1)

from datasets import Dataset, IterableDataset  # noqa: E402
from families import FAMILIES  # noqa: E402
from PIL import Image  # noqa: E402
from test_ahpo import PROCESSOR, gradient, tiny, weights  # noqa: E402
from transformers import Qwen3Config, Qwen3ForCausalLM, TrainerCallback  # noqa: E402
from trl import GRPOConfig, GRPOTrainer  # noqa: E402
from trl.data_utils import prepare_multimodal_messages  # noqa: E402

from mmhelix_nb.ahpo import AHPOConfig, AHPOTrainer, ExpertOptions, options_page  # noqa: E402
from mmhelix_nb.training.experts import select_rows  # noqa: E402
from mmhelix_nb.training.families import language_name, model_class, reads_pictures  # noqa: E402
from mmhelix_nb.training.pictures import share_pictures  # noqa: E402

TOKENIZER = deepcopy(PROCESSOR.tokenizer)  # a processor that is saved writes its name into its own
CPU = {"use_cpu": True, "bf16": False, "report_to": [], "disable_tqdm": True, "save_strategy": "no"}


SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
SIZES |= {
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": len(TOKENIZER),
    "pad_token_id": TOKENIZER.pad_token_id,
}


def speaker(seed=0):
    """A tiny model that reads no pictures."""
    torch.manual_seed(seed)
    model = Qwen3ForCausalLM(Qwen3Config(**SIZES))
    model.generation_config.update(eos_token_id=TOKENIZER.eos_token_id, pad_token_id=TOKENIZER.pad_token_id)
    return model


@pytest.fixture
def folder(tmp_path):
    """The same as a folder, which is a model's name."""
    speaker().save_pretrained(tmp_path / "speaker")
    TOKENIZER.save_pretrained(tmp_path / "speaker")
    return str(tmp_path / "speaker")


def even(completions, **columns):
    """Right where a reply has an even length."""
    return [float(len(c if isinstance(c, str) else c[0]["content"]) % 2 == 0) for c in completions]


def never(completions, **columns):
    return [0.0] * len(completions)


def first_of_two(completions, **columns):
    """Every other rollout is right."""
    return [float(i % 2 == 0) for i in range(len(completions))]


def config(tmp_path, kind=AHPOConfig, **more):
    small = {"max_steps": 1, "per_device_train_batch_size": 4, "num_generations": 2, "max_completion_length": 8}
    return kind(str(tmp_path / "out"), **CPU | small | {"logging_steps": 1, "learning_rate": 1e-2} | more)


def user(content):
    return [{"role": "user", "content": content}]


def assistant(content):
    return [{"role": "assistant", "content": content}]


def part(text):
    return [{"type": "text", "text": text}]


def taught(prompt, completion, more=None, n=2):
    """Rows with an expert."""
    return Dataset.from_list([{"prompt": prompt, "completion": completion, **(more or {})} for _ in range(n)])


def run(tmp_path, data, reward=never, model=None, processing=TOKENIZER, kind=AHPOTrainer, options=None, **more):
    """A trainer that has taken its steps, and the lines of its log."""
    args = config(tmp_path, **(options or {}))
    trainer = kind(model or speaker(), reward, args, data, processing_class=processing, **more)
    trainer.train()
    return trainer, [line for line in trainer.state.log_history if "loss" in line]


# Conversational forms


@pytest.mark.parametrize("expert", ["e12", assistant("e12"), assistant(part("e12"))], ids=["text", "turn", "parts"])
@pytest.mark.parametrize("prompt", ["p1", user("p1")], ids=["text", "turn"])
def test_forms_of_prompt_and_expert(tmp_path, prompt, expert):
    """Whatever form it has, the expert is the same tokens behind the same prompt."""
    trainer, (line,) = run(tmp_path, taught(prompt, expert))
    assert line["xi"] == 1
    assert TOKENIZER.decode(trainer.experts.ids[0]) == "e12<|im_end|>"
    told = run(tmp_path, taught(prompt, "e12"))[1][0]["expert/nll"]
    assert line["expert/nll"] == pytest.approx(told, rel=1e-6)


def picture(colour):
    return Image.new("RGB", (56, 56), colour)


WAYS = {
    "image": lambda *seen: {"prompt": user("p1"), "image": seen[0]},
    "images": lambda *seen: {"prompt": user("p1"), "images": list(seen)},
    "parts": lambda *seen: {"prompt": user([*({"type": "image"} for _ in seen), *part("p1")]), "images": list(seen)},
    "in parts": lambda *seen: {"prompt": user([*({"type": "image", "image": one} for one in seen), *part("p1")])},
}


@pytest.mark.parametrize("way, seen", [("image", 1), *((way, n) for way in list(WAYS)[1:] for n in (1, 2))])
def test_ways_to_show_pictures(tmp_path, way, seen):
    """One picture or several, in a column or in the message: as many image tokens as there are pictures, and the expert sees them all."""
    rows = [
        WAYS[way](*(picture((90 * i, 60 * k, 200)) for i in range(seen))) | {"completion": assistant("e12")}
        for k in range(2)
    ]
    trainer, (line,) = run(tmp_path, Dataset.from_list(rows), model=tiny(), processing=PROCESSOR)
    part = trainer._buffered_inputs[0]
    images = (part["prompt_ids"] == trainer.model.config.image_token_id).sum(1)
    assert images.tolist() == [4 * seen] * 4 and part["num_images"] == [seen] * 4
    assert line["xi"] == 1 and line["expert/nll"] > 0


@pytest.mark.parametrize("micro", [8, 2])
def test_rows_with_and_without_pictures(tmp_path, micro):
    """Also where a micro-batch has none at all, and where TRL reads a batch in pieces."""
    seen = [picture((9, 60, 200))]
    rows = [{"prompt": user(f"p{k}"), "images": seen * (k % 2), "completion": assistant("e12")} for k in range(4)]
    options = {"per_device_train_batch_size": micro, "gradient_accumulation_steps": 8 // micro, "num_iterations": 2}
    more = {"model": tiny(frozen=False), "processing": PROCESSOR, "options": options | {"max_steps": 2}}
    trainer, lines = run(tmp_path, Dataset.from_list(rows), **more)
    counts = [count for part in trainer._buffered_inputs for count in part["num_images"]]
    assert sorted(counts) == [0] * 4 + [1] * 4 and all(line["expert/nll"] > 0 for line in lines)


def test_a_picture_is_encoded_once_in_a_pass(tmp_path):
    """Four rollouts of two prompts, written and learned from: two pictures each time, and the same weights as with four."""
    rows = Dataset.from_list([WAYS["image"](picture((90, 60 * k, 9))) | {"completion": "e12"} for k in range(2)])
    read, after = {}, {}
    for share in (True, False):
        model, read[share] = tiny(frozen=False), []
        model.model.visual.patch_embed.register_forward_hook(
            lambda module, args, out, share=share: read[share].append(len(out) // 16)
        )
        options = {"share_pictures": share}
        trainer, _ = run(tmp_path, rows, first_of_two, model, PROCESSOR, options=options)
        after[share] = weights(trainer)
    assert read == {True: [2, 2, 2], False: [4, 4, 2]}  # written, learned from, and the experts
    assert torch.allclose(after[True], after[False], atol=1e-4)


@pytest.mark.parametrize("family", [name for name in FAMILIES if "text" not in name])
def test_every_family_encodes_a_picture_once(family):
    """What the model says is the same to the bit, and the gradient of its picture encoder too, but for the order of a sum."""
    config, processor = FAMILIES[family]()
    sizes = {"red": (56, 84), "blue": (84, 56)}
    seen = [Image.new("RGB", sizes[colour], colour) for colour in ("red", "blue", "red", "red")]
    chats = [prepare_multimodal_messages(user("colour"), images=[one]) for one in seen]
    form = {"tokenize": True, "return_dict": True, "return_tensors": "pt", "processor_kwargs": {"padding": True}}
    batch = processor.apply_chat_template(chats, add_generation_prompt=True, **form)
    told, moved = [], []
    for share in (False, True):
        torch.manual_seed(0)
        model = model_class(config).from_config(config)
        if share:
            share_pictures(model)
        logits = model(**batch).logits
        logits.square().mean().backward()
        told.append(logits.detach())
        language = language_name(model)
        pairs = [(name, w.grad) for name, w in model.named_parameters() if reads_pictures(name, language)]
        moved.append(torch.cat([grad.flatten() for _, grad in pairs if grad is not None]))
    assert torch.equal(*told)
    assert (moved[0] - moved[1]).abs().max() <= 1e-6 * moved[0].abs().max()


# Models and configurations


@pytest.mark.parametrize("kind", [AHPOConfig, GRPOConfig])
def test_a_model_by_name(tmp_path, folder, kind):
    args = config(tmp_path, kind)
    trainer = AHPOTrainer(folder, never, args, taught("p1", "e12"))
    trainer.train()
    assert trainer.args.steps_per_generation == args.steps_per_generation and trainer.state.global_step == 1
    assert trainer.gate.kind == "adaptive" and trainer.groups[0][0].has_expert


def test_a_configuration_with_more_fields(tmp_path):
    """A subclass of TRL's configuration keeps what it adds, and what TRL has worked out is not worked out again."""

    class Mine(GRPOConfig):
        def __post_init__(self):
            super().__post_init__()
            self.mine = 7

    args = config(tmp_path, Mine, generation_batch_size=8, per_device_train_batch_size=2)
    trainer, _ = run(tmp_path, taught("p1", "e12", n=4), options={"max_steps": 0})
    trainer = AHPOTrainer(speaker(), never, args, taught("p1", "e12", n=4), processing_class=TOKENIZER)
    assert (trainer.args.mine, trainer.args.steps_per_generation, trainer.args.generation_batch_size) == (7, 4, 8)


def test_an_adapter(tmp_path):
    from peft import LoraConfig

    adapter = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    trainer, (line,) = run(tmp_path, taught("p1", "e12"), peft_config=adapter, options={"temperature": 0.7})
    moved = [name for name, weight in trainer.model.named_parameters() if weight.requires_grad]
    assert all("lora_" in name for name in moved) and line["grad_norm"] > 0 and line["expert/nll"] > 0


# What a reader of the chapter sees

CHAPTER = json.loads((Path(__file__).parents[1] / "nbs" / "50_ahpo.ipynb").read_text(encoding="utf-8"))["cells"]


def test_the_page_of_options_is_that_of_the_class():
    """Each option is told with a meaning and a source, the chapter shows the page as it is made, and TRL's command line knows them."""
    from transformers import HfArgumentParser

    (shown,) = [cell["outputs"] for cell in CHAPTER if "".join(cell["source"]).endswith("Markdown(options_page())")]
    assert "".join(shown[0]["data"]["text/markdown"]) == options_page()
    rows = [line.strip("| ").split(" | ") for line in options_page().split("\n")[2:]]
    assert [row[0].strip("`") for row in rows] == [one.name for one in dataclasses.fields(ExpertOptions)]
    assert all(len(row) == 4 and all(row) for row in rows)
    (told,) = HfArgumentParser(AHPOConfig).parse_args_into_dataclasses(
        ["--output_dir", "out", "--use_cpu", "--bf16", "False", "--num_generations", "8", "--success_bar", "0.9"]
    )
    assert (told.success_bar, told.success_threshold, told.sft_norm) == (0.9, 2, "own")


def test_the_example_with_own_data(tmp_path, folder, monkeypatch):
    """The ten lines of the chapter run as they stand, on a smaller model and for fewer steps."""
    (text,) = [text for cell in CHAPTER if "```python" in (text := "".join(cell["source"])) and "AHPOTrainer(" in text]
    code = text.split("```python\n")[1].split("```")[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    monkeypatch.chdir(tmp_path)
    small = code.replace("Qwen/Qwen3-0.6B", folder).replace("max_steps=100", "max_steps=1, use_cpu=True, bf16=False")
    assert small.count("use_cpu") == 1 and folder in small
    told = {}
    exec(small.replace("AHPOTrainer(", "trainer = AHPOTrainer(", 1).replace(")).train()", "))\ntrainer.train()"), told)
    assert told["trainer"].state.global_step == 1 and told["trainer"].groups[0][0].has_expert
    assert told["right"]([[{"content": "it is \\boxed{5}"}], [{"content": "5"}]], [5, 5]) == [1.0, 0.0]


# Rewards


async def later(completions, **columns):
    return [0.5] * len(completions)


def test_rewards_of_every_kind(tmp_path):
    """A function, an asynchronous one, a model and one that scores nothing, with weights; the gate counts the one that is named."""
    from transformers import Qwen3ForSequenceClassification

    judge = Qwen3ForSequenceClassification(Qwen3Config(**SIZES, num_labels=1))
    judge.config._name_or_path = "judge"
    unscored = lambda completions, **columns: [None] * len(completions)  # noqa: E731
    options = {"reward_weights": [1.0, 2.0, 0.5, 1.0], "success_reward": "later", "success_bar": 0.5}
    more = {"reward_processing_classes": [None, None, TOKENIZER, None], "options": options}
    _, (line,) = run(tmp_path, taught(user("p1"), assistant("e12")), [even, later, judge, unscored], **more)
    assert line["rewards/later/mean"] == 0.5 and line["xi"] == 0 and line["rewards/judge/std"] is not None


def test_own_columns_reach_the_reward(tmp_path):
    seen = {}

    def look(completions, cut, answer, log_metric, **columns):
        seen.update(cut=cut, answer=answer)
        log_metric("mine", 3.0)
        return [0.0] * len(completions)

    _, (line,) = run(tmp_path, taught("p1", "e12", {"cut": "c", "answer": 5}), look)
    assert seen == {"cut": ["c"] * 4, "answer": [5] * 4} and line["mine"] == 3  # a column of theirs stays theirs
    assert line["completion/truncated"] <= 1


# Streams, evaluation, callbacks, checkpoints


def test_a_stream(tmp_path):
    def rows():
        for i in range(6):
            yield {"prompt": f"p{i}", "completion": f"e{i}" if i % 2 else ""}

    trainer, lines = run(
        tmp_path, IterableDataset.from_generator(rows), options={"max_steps": 3, "shuffle_dataset": False}
    )
    assert len(lines) == 3 and all(line["xi"] == 1 and line["expert/nll"] > 0 for line in lines)


def test_evaluation_leaves_experts_out(tmp_path):
    """An evaluation between steps sees no expert, and training goes on as it would without."""
    data, options = taught("p1", "e12", n=8), {"max_steps": 2}
    plain, _ = run(tmp_path, data, options=options)

    class Seen(TrainerCallback):
        lines: list = []

        def on_evaluate(self, args, state, control, metrics, **kwargs):
            self.lines.append(metrics)

    more = {"eval_strategy": "steps", "eval_steps": 1, "per_device_eval_batch_size": 2, "num_generations_eval": 1}
    trainer, lines = run(tmp_path, data, options=options | more, eval_dataset=data.select(range(2)), callbacks=[Seen()])
    assert len(Seen.lines) == 2 and "eval_reward" in Seen.lines[0] and len(lines) == 2
    assert not any(trainer.experts.ids) and trainer.groups[0][0].has_expert


def test_a_checkpoint_is_gone_on_from(tmp_path):
    data, options = taught("p1", "e12", n=8), {"max_steps": 3, "save_strategy": "steps", "save_steps": 2}
    whole, _ = run(tmp_path, data, even, options=options)
    args = config(tmp_path, **options)
    again = AHPOTrainer(speaker(5), even, args, data, processing_class=TOKENIZER)
    again.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-2"))
    assert torch.equal(weights(whole), weights(again))
    card = (tmp_path / "out" / "checkpoint-2" / ".." / "README.md").read_text()
    assert "AHPO" in card


def easy_first(completions, level, **columns):
    """Level 1 is always right, level 2 for every other rollout, level 3 never."""
    return [{1: 1.0, 2: float(i % 2), 3: 0.0}[lv] for i, lv in enumerate(level)]


def test_a_curriculum_follows_success_and_goes_on_after_a_kill(tmp_path):
    """Middling levels come to be drawn most; a run that is killed draws on as it would have, also where it goes on in a second epoch."""
    rows = [{"prompt": f"p{i}", "completion": "e" * (i % 4 > 0), "level": 1 + i % 3} for i in range(24)]
    data, options = Dataset.from_list(rows), {"max_steps": 32, "save_strategy": "steps", "save_steps": 10}
    options |= {"curriculum": True, "num_iterations": 2, "per_device_train_batch_size": 8, "max_completion_length": 2}
    seen: list = []

    def reward(completions, prompts, level, **columns):
        seen.append(prompts[::2])
        return easy_first(completions, level)

    whole, lines = run(tmp_path, data, reward, options=options)
    last = [line for line in lines if "curriculum/1" in line][-1]
    shares = [last[f"curriculum/{level}"] for level in (1, 2, 3)]
    assert shares[1] > 1.5 * max(shares[0], shares[2]) and sum(shares) == pytest.approx(1)
    told, seen[:] = list(seen), []
    again = AHPOTrainer(speaker(5), reward, config(tmp_path, **options), data, processing_class=TOKENIZER)
    again.train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-20"))
    assert seen == told[10:] and len(seen) == 6 and torch.equal(weights(whole), weights(again))
    assert whole.curriculum.drawn == again.curriculum.drawn


def test_a_curriculum_needs_levels_and_a_table(tmp_path):
    with pytest.raises(ValueError, match="curriculum=True needs the columns level and completion: level missing"):
        run(tmp_path, taught("p1", "e12"), options={"curriculum": True})
    stream = IterableDataset.from_generator(lambda: iter([{"prompt": "p", "completion": "e", "level": 1}]))
    with pytest.raises(ValueError, match="curriculum=True needs a table of rows, not a stream"):
        run(tmp_path, stream, options={"curriculum": True})


# How rollouts are written


@pytest.mark.parametrize("more", [{"num_beams": 2}, {"num_beams": 3, "do_sample": False}], ids=["sampled", "searched"])
def test_beams(tmp_path, more):
    """Beams are read in rows of their own, so entropy is not logged; the rest goes as it goes."""
    _, (line,) = run(tmp_path, taught("p1", "e12"), options={"generation_kwargs": more})
    assert "policy/entropy" not in line and line["expert/nll"] > 0


def test_rollouts_of_others(tmp_path):
    """Own rollouts and an expert beside them; none in their place."""

    def write(prompts, trainer):
        ids = [TOKENIZER(text)["input_ids"] for text in prompts]
        return {"prompt_ids": ids, "completion_ids": [[5, 6]] * len(ids), "logprobs": [[0.0, 0.0]] * len(ids)}

    _, (line,) = run(tmp_path, taught("p1", "e12"), rollout_func=write)
    assert line["completion/length"] == 2 and line["expert/nll"] > 0
    options = {"expert_place": "buffer", "sft_norm": "sequence"}
    with pytest.raises(ValueError, match="expert_place='buffer' goes without tools, rollout_func"):
        run(tmp_path, taught("p1", "e12"), rollout_func=write, options=options)


# vLLM

# The fields of vllm.SamplingParams that may be given (vLLM 0.22 to 0.31)
SAMPLING = """n presence_penalty frequency_penalty repetition_penalty temperature top_p top_k min_p seed stop stop_token_ids ignore_eos
max_tokens min_tokens logprobs prompt_logprobs logprob_token_ids flat_logprobs detokenize skip_special_tokens spaces_between_special_tokens
include_stop_str_in_output output_kind skip_clone structured_outputs logit_bias allowed_token_ids extra_args bad_words
skip_reading_prefix_cache thinking_token_budget repetition_detection""".split()


class Sampling:
    """`SamplingParams`: takes the fields of the real one and no other."""

    def __init__(self, **fields):
        if unknown := fields.keys() - {*SAMPLING}:
            raise TypeError(f"Unexpected keyword argument '{min(unknown)}'")
        vars(self).update(fields)


def pretend_vllm(monkeypatch):
    """Puts a stand-in for vLLM into TRL, which writes the same token over and over; returns it."""
    from trl.generation import vllm_generation

    class Engine:
        calls: list = []
        loaded: list = []

        def __init__(self, **options):
            self.options = options
            loads = SimpleNamespace(load_weights=lambda pairs: self.loaded.extend(name for name, _ in pairs))
            runner = SimpleNamespace(model_runner=SimpleNamespace(model=loads))
            executor = SimpleNamespace(driver_worker=runner)
            self.llm_engine = SimpleNamespace(model_executor=executor)

        def generate(self, prompts, sampling_params, use_tqdm):
            self.calls.append((prompts, sampling_params))
            return [self.one(row, sampling_params) for row in prompts]

        def one(self, row, sampling):
            assert row.keys() <= {"prompt_token_ids", "multi_modal_data"}
            self.written = getattr(self, "written", 0) + 1
            ids = [40 + self.written] * (1 + self.written % sampling.max_tokens)
            said = SimpleNamespace(token_ids=ids, logprobs=[{i: SimpleNamespace(logprob=-5.0, rank=1)} for i in ids])
            return SimpleNamespace(prompt_token_ids=row["prompt_token_ids"], outputs=[said])

        def reset_prefix_cache(self):
            self.calls.append("reset")

        def sleep(self, level):
            self.calls.append(f"sleep {level}")

        def wake_up(self, tags):
            self.calls.append(f"wake {tags}")

    monkeypatch.setattr(vllm_generation, "is_vllm_available", lambda: True)
    monkeypatch.setattr(vllm_generation, "LLM", Engine, raising=False)
    monkeypatch.setattr(vllm_generation, "SamplingParams", Sampling, raising=False)
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "0")  # which TRL sets for vLLM, and nobody takes back
        monkeypatch.delenv(name)
    return Engine


@pytest.mark.parametrize("sleep", [False, True])
def test_vllm_in_the_same_process(tmp_path, monkeypatch, sleep):
    """Only fields that vLLM knows reach it, pictures go with the prompts, weights follow each step, and experts are read beside."""
    engine = pretend_vllm(monkeypatch)
    options = {"use_vllm": True, "vllm_mode": "colocate", "vllm_enable_sleep_mode": sleep, "max_steps": 2}
    seen = [picture((9, 60, 200))]
    rows = [{"prompt": user("p1"), "completion": assistant("e12"), "images": seen * (1 - k % 2)} for k in range(4)]
    options |= {"shuffle_dataset": False}
    trainer, lines = run(tmp_path, Dataset.from_list(rows), model=tiny(), processing=PROCESSOR, options=options)
    prompts, sampling = next(call for call in engine.calls if isinstance(call, tuple))
    assert sampling.max_tokens == 8 and not hasattr(sampling, "suppress_tokens")
    assert [isinstance(p.get("multi_modal_data", {}).get("image"), Image.Image) for p in prompts] == [
        True,
        True,
        False,
        False,
    ]
    assert any("lm_head" in name or "embed_tokens" in name for name in engine.loaded)
    assert len(lines) == 2 and all(line["xi"] == 1 and line["expert/nll"] > 0 for line in lines)
    assert ("sleep 2" in engine.calls) == sleep


def test_vllm_as_a_server(tmp_path, monkeypatch):
    """The calls are those of TRL's client, argument by argument."""
    from trl.generation import vllm_generation
    from trl.generation.vllm_client import VLLMClient

    client = create_autospec(VLLMClient)
    client.return_value.get_server_info.return_value = {"model_config": {"logprobs_mode": "processed_logprobs"}}

    def generate(prompts, features=None, n=1, **sampling):
        inspect.signature(VLLMClient.generate).bind(None, prompts, features=features, n=n, **sampling)
        Sampling(**sampling.pop("generation_kwargs"))
        ids = [[TOKENIZER.convert_tokens_to_ids("e")]] * (n * len(prompts))
        return {"prompt_ids": prompts, "completion_ids": ids, "logprobs": [[[-5.0]]] * len(ids)}

    client.return_value.generate.side_effect = generate
    monkeypatch.setattr(vllm_generation, "is_vllm_available", lambda: True)
    monkeypatch.setattr(vllm_generation, "VLLMClient", client)
    trainer, (line,) = run(tmp_path, taught("p1", "e12"), options={"use_vllm": True, "vllm_mode": "server"})
    assert client.return_value.generate.call_count == 1 and line["expert/nll"] > 0


@pytest.mark.parametrize("mode", ["token_truncate", "sequence_truncate"])
def test_rows_without_gradient_are_left_out_under_vllm_too(tmp_path, monkeypatch, mode):
    """Every field with one column a token is cut with its row, the correction for what vLLM sampled among them."""
    pretend_vllm(monkeypatch)
    options = {"use_vllm": True, "vllm_mode": "colocate", "vllm_importance_sampling_mode": mode, "gate": "closed"}
    args = config(tmp_path, **options, sft_norm="sequence", vllm_importance_sampling_clip_max=1e3)
    trainer = AHPOTrainer(speaker().double(), even, args, taught("p1", "e12"), processing_class=TOKENIZER)
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    batch = trainer._generate_and_score_completions(next(iter(trainer.get_train_dataloader())))
    batch["advantages"] = torch.tensor([1.0, -1.0, 0.0, 0.0])
    part = select_rows(batch, torch.tensor([0, 1]))
    width = int(batch["completion_mask"][:2].sum(1).max())
    assert width < batch["completion_ids"].shape[1]
    cut = [name for name in part if name.endswith("logps") or name.startswith("completion")]
    assert {part[name].shape[1] for name in cut} == {width} and len(cut) == 4
    assert part["importance_sampling_ratio"].shape[1] == (width if mode == "token_truncate" else 1)
    ours = gradient(trainer.model, trainer._compute_loss(trainer.model, batch))
    theirs = gradient(trainer.model, GRPOTrainer._compute_loss(trainer, trainer.model, batch))
    assert theirs.abs().max() > 0 and (ours - theirs).abs().max() <= 1e-6 * theirs.abs().max()


def test_a_profile_asks_for_vllm_where_it_helps(monkeypatch):
    """By itself on a card where it is installed, never for four bits; asked for without it, one line says what to do."""
    from mmhelix_nb import ahpo
    from mmhelix_nb.book.methods import METHODS
    from mmhelix_nb.book.settings import Ahpo

    model, packed = SimpleNamespace(), SimpleNamespace(is_loaded_in_4bit=True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(ValueError, match="ahpo.vllm = yes: vLLM is not installed"):
        ahpo.written_by_vllm(Ahpo(vllm="yes"), METHODS["ahpo"], model)
    monkeypatch.setattr(ahpo, "is_vllm_available", lambda: True)
    asked = [
        (Ahpo(), "ahpo", model),
        (Ahpo(), "ahpo", packed),
        (Ahpo(), "luffy", model),
        (Ahpo(vllm="no"), "ahpo", model),
    ]
    assert [ahpo.written_by_vllm(s, METHODS[name], one) for s, name, one in asked] == [True, False, False, False]
    monkeypatch.undo()
    config = ahpo.ahpo_config(Ahpo(bf16=False), METHODS["ahpo"], "out", vllm=True)
    assert config.use_vllm and config.vllm_enable_sleep_mode and config.vllm_gpu_memory_utilization == 0.3
