"""A tiny random model of every family, and what works with it: `python tests/families.py` writes reports/families.json; `make test` repeats the quick trials.

The models are built from their configurations; tokenizers are the miniature's with the family's own markers, chat templates those that TRL keeps for its tests."""

import json
import logging
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
import transformers
import trl
from datasets import Dataset, disable_progress_bars
from PIL import Image
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast
from transformers.trainer_callback import PrinterCallback

from mmhelix_nb.ahpo import AHPOConfig, AHPOTrainer
from mmhelix_nb.book.rows import make_row, to_dataset
from mmhelix_nb.book.settings import Evaluation, Model, Sft
from mmhelix_nb.evaluation import conversation, generate_batch
from mmhelix_nb.sft import sft_trainer, train_sft
from mmhelix_nb.training import families as F
from mmhelix_nb.training import models as M
from mmhelix_nb.training.experts import as_expert, select_rows
from mmhelix_nb.training.terms import logps

REPORT = Path(__file__).parents[1] / "reports" / "families.json"
TEMPLATES = Path(trl.__file__).parent / "chat_templates"
TRIALS = ("sft", "ahpo", "tower", "lora", "nf4", "several", "resume", "replies")
QUICK = ("sft", "ahpo", "nf4", "several", "replies")  # in every `make test`; the others when the table is written
SIZE = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
TEXT = {**SIZE, "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 1024, "tie_word_embeddings": True}
EYES = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
SIGLIP = {**EYES, "image_size": 28, "patch_size": 14, "model_type": "siglip_vision_model", "vision_use_head": False}
QWEN_EYES = {"depth": 2, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 32}
GRIDS = [[28, 28], [28, 56], [56, 28]]


# ---- tokenizers and processors ------------------------------------------------------------------------------------


def tokenizer(template: str, special=(), ends: str = "<|im_end|>", begins: str = "", **named: str):
    """The miniature's tokenizer with `special` and `named` markers, and one that `begins` every text, as Gemma's does."""
    words = M.build_tokenizer(["user assistant model User Assistant colour red blue \\boxed{0123456789}"] * 4)
    words.add_tokens([*special, *named.values()], special_tokens=True)
    found = PreTrainedTokenizerFast(
        tokenizer_object=words.backend_tokenizer,
        eos_token=ends,
        pad_token="<|endoftext|>",
        padding_side="left",
        chat_template=template,
        extra_special_tokens=named,
        **({"bos_token": begins} if begins else {}),
    )
    if begins:
        marks = [(begins, found.bos_token_id)]
        found.backend_tokenizer.post_processor = TemplateProcessing(single=f"{begins} $A", special_tokens=marks)
    return found


def template(name: str) -> str:
    """A chat template that TRL keeps."""
    return (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")


def pictures(module: str, name: str, **size: Any):
    """A family's image processor that works without torchvision."""
    kind = getattr(import_module(f"transformers.models.{module}.image_processing_pil_{module}"), name)
    return kind(**size)


def ids(words, **named: str) -> dict[str, int]:
    """The ids of markers, under the names that a configuration gives them."""
    return {name: words.convert_tokens_to_ids(text) for name, text in named.items()}


def qwen_ids(words) -> dict[str, int]:
    around = {"vision_start_token_id": "<|vision_start|>", "vision_end_token_id": "<|vision_end|>"}
    return ids(words, image_token_id="<|image_pad|>", video_token_id="<|video_pad|>", **around)


# ---- families: each a configuration and what prepares its rows ----------------------------------------------------


def qwen2_5_vl():
    processor = M.build_processor(tokenizer(M.TEMPLATE))
    size = M.MiniSize(hidden=32, layers=2, heads=2, inner=64, vision_hidden=16, vision_layers=2, std=0.02)
    return M.mini_config(processor.tokenizer, size), processor


def qwen_3(kind, words, **text: Any):
    """Qwen3-VL and Qwen3.5 see alike."""
    reader = pictures("qwen2_vl", "Qwen2VLImageProcessorPil", min_pixels=1024, max_pixels=4096, patch_size=16)
    eyes = {**QWEN_EYES, "num_position_embeddings": 64, "patch_size": 16}
    text = {**TEXT, "vocab_size": len(words), **text}
    config = kind(text_config=text, vision_config=eyes, tie_word_embeddings=True, **qwen_ids(words))
    return config, F.processor_class(config)(reader, words, chat_template=words.chat_template)


def qwen3_vl():
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [4, 2, 2]}
    config, processor = qwen_3(transformers.Qwen3VLConfig, tokenizer(template("qwen3_vl")), rope_parameters=rope)
    config.vision_config.deepstack_visual_indexes = [
        0
    ]  # what enters behind the last language layer tells no token anything
    return config, processor


def qwen3_5():
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 0], "partial_rotary_factor": 0.25}
    linear = {f"linear_{kind}_head_dim": 8 for kind in ("key", "value")}
    linear |= {f"linear_num_{kind}_heads": 2 for kind in ("key", "value")}
    layers = {"layer_types": ["linear_attention", "full_attention"], "rope_parameters": rope}
    return qwen_3(transformers.Qwen3_5Config, tokenizer(template("qwen3_5_nothink")), **linear, **layers)


def chatml(picture: str) -> str:
    """The miniature's template with another family's marker of a picture."""
    return M.TEMPLATE.replace("<|vision_start|><|image_pad|><|vision_end|>", f"{picture}\n")


def internvl():
    named = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
    words = tokenizer(chatml("<IMG_CONTEXT>"), **named, video_token="<video>")
    reader = pictures("got_ocr2", "GotOcr2ImageProcessorPil", size={"height": 56, "width": 56}, max_patches=2)
    config = transformers.InternVLConfig(
        text_config={**TEXT, "model_type": "qwen2", "vocab_size": len(words)},
        vision_config={**EYES, "image_size": [56, 56], "patch_size": [14, 14]},
        image_seq_length=4,
        **ids(words, image_token_id="<IMG_CONTEXT>"),
    )
    return config, F.processor_class(config)(reader, words, image_seq_length=4, chat_template=words.chat_template)


def gemma3():
    special = ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>")
    named = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    words = tokenizer(template("gemma3"), special, "<eos>", "<bos>", **named)
    reader = pictures("gemma3", "Gemma3ImageProcessorPil", size={"height": 56, "width": 56})
    config = transformers.Gemma3Config(
        text_config={**TEXT, "vocab_size": len(words), "sliding_window": 64},
        vision_config={**SIGLIP, "image_size": 56},
        mm_tokens_per_image=4,
        **{f"{name}_index": words.convert_tokens_to_ids(text) for name, text in named.items()},
    )
    return config, F.processor_class(config)(reader, words, image_seq_length=4, chat_template=words.chat_template)


def idefics(kind, words, reader):
    """Idefics3 and SmolVLM see alike."""
    config = kind(
        text_config={**TEXT, "model_type": "llama", "vocab_size": len(words), "pad_token_id": words.pad_token_id},
        vision_config={**EYES, "image_size": 28, "patch_size": 14},
        scale_factor=2,
        tie_word_embeddings=True,
        **ids(words, image_token_id="<image>"),
    )
    return config, F.processor_class(config)(reader, words, image_seq_len=1, chat_template=words.chat_template)


TILES = (*(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)), "<global-img>")
IDEFICS = ("<fake_token_around_image>", "<image>", "<end_of_utterance>", "<|begin_of_text|>", *TILES)
EDGES = {"size": {"longest_edge": 56}, "max_image_size": {"longest_edge": 28}}


def idefics3():
    words = tokenizer(template("idefics3"), IDEFICS, "<|endoftext|>")
    return idefics(transformers.Idefics3Config, words, pictures("idefics3", "Idefics3ImageProcessorPil", **EDGES))


def smolvlm():
    words = tokenizer(template("smolvlm"), IDEFICS, "<|endoftext|>")
    return idefics(transformers.SmolVLMConfig, words, pictures("smolvlm", "SmolVLMImageProcessorPil", **EDGES))


def llava_onevision():
    words = tokenizer(chatml("<image>"), ("<image>", "<video>"))
    size = {"size": {"height": 28, "width": 28}, "image_grid_pinpoints": GRIDS}
    reader = pictures("llava_onevision", "LlavaOnevisionImageProcessorPil", **size)
    config = transformers.LlavaOnevisionConfig(
        text_config={**TEXT, "model_type": "qwen2", "vocab_size": len(words)},
        vision_config=SIGLIP,
        image_grid_pinpoints=GRIDS,
        tie_word_embeddings=True,
        **ids(words, image_token_index="<image>", video_token_index="<video>"),
    )
    more = {"num_image_tokens": 4, "vision_feature_select_strategy": "full", "chat_template": words.chat_template}
    return config, F.processor_class(config)(reader, words, **more)


def qwen3():
    words = tokenizer(template("qwen3"))
    return transformers.Qwen3Config(**TEXT, vocab_size=len(words)), words


FAMILIES: dict[str, Callable] = {
    "Qwen2.5-VL": qwen2_5_vl,
    "Qwen3-VL": qwen3_vl,
    "Qwen3.5": qwen3_5,
    "InternVL": internvl,
    "Gemma 3": gemma3,
    "Idefics3": idefics3,
    "SmolVLM": smolvlm,
    "LLaVA-OneVision": llava_onevision,
    "Qwen3 (text)": qwen3,
}


# ---- what is tried ------------------------------------------------------------------------------------------------


def chance(completions, **columns) -> list[float]:
    """A reward with spread that is a pure function of the reply."""
    return [float(len(one[0]["content"]) % 2) for one in completions]


@dataclass(frozen=True)
class Family:
    """A family's model in `folder`, and rows and trainers for it."""

    name: str
    folder: Path

    @property
    def reads(self) -> bool:
        """Whether it reads pictures."""
        return "text" not in self.name

    def build(self) -> None:
        """Write the model into the folder, as if it had been published."""
        config, processor = FAMILIES[self.name]()
        torch.manual_seed(0)
        model = F.model_class(config).from_config(config)
        for weight in model.parameters():  # Gemma's projector starts at zero, and would hide its pictures
            if weight.dim() > 1 and not weight.any():
                torch.nn.init.normal_(weight, std=0.02)
        M.save(model, processor, self.folder)

    def load(self, **held: Any):
        torch.manual_seed(0)
        return M.load(self.folder, Model(name="mini", **held))

    def rows(self, *counts: int, reads: bool | None = None) -> Dataset:
        """Rows with so many pictures each, none where the model reads none; some are wide, so that they are cut into tiles."""
        made, reads = [], self.reads if reads is None else reads
        for number, count in enumerate(counts):
            size = (56, 56) if number % 2 else (112, 56)
            shown = [Image.effect_noise(size, 60 + number).convert("RGB") for _ in range(count * reads)]
            row = make_row(
                "maze", "", "", f"colour {number}", reply="red" + " blue" * (number % 3), level=1, seed=number
            )
            made.append({**row, "images": shown})
        return to_dataset(made)

    def settings(self, rows, steps: int = 3, save_steps: int = 0) -> Sft:
        """Supervised training on all rows in each step."""
        plain = {"optim": "adamw_torch", "bf16": False, "gradient_checkpointing": False, "save_steps": save_steps}
        batch = {"batch_size": len(rows), "gradient_accumulation_steps": 1, "learning_rate": 1e-2, "warmup_steps": 0}
        return Sft(steps=steps, **batch, **plain)

    def sft(self, model, processor, rows):
        """A supervised trainer, with the checks before the first step done."""
        return sft_trainer(model, processor, rows, self.settings(rows), self.folder / "sft")

    def ahpo(self, model, processor, rows):
        """A hybrid trainer whose gate is open, two rollouts a prompt and as many in a pass."""
        config = AHPOConfig(
            str(self.folder / "ahpo"),
            per_device_train_batch_size=2,
            gradient_accumulation_steps=len(rows),
            num_generations=2,
            max_steps=2,
            learning_rate=1e-2,
            max_completion_length=8,
            success_threshold=3,
            long_experts="keep",
            use_cpu=True,
            bf16=False,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            logging_steps=1,
        )
        trainer = AHPOTrainer(model, chance, config, rows, processing_class=processor)
        trainer.remove_callback(PrinterCallback)
        return trainer


def logged(trainer, name: str) -> list[float]:
    """What a trainer has logged under a name while it trained."""
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return [line[name] for line in trainer.state.log_history if name in line]


def try_sft(family: Family) -> None:
    losses = logged(family.sft(*family.load(), family.rows(1, 1, 1)), "loss")
    assert len(losses) == 3 and losses[-1] < losses[0], losses


def try_ahpo(family: Family) -> None:
    trainer = family.ahpo(*family.load(), family.rows(1, 1, 1))
    nll = logged(trainer, "expert/nll")
    assert len(nll) == 2 and nll[-1] < nll[0], nll
    assert set(trainer.generation_config.suppress_tokens or ()) == set(F.vision_tokens(trainer.model.config))


def try_tower(family: Family) -> None:
    """With what reads pictures; every weight has a gradient before the first step, and moves."""
    model, processor = family.load(freeze_vision=False)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    family.sft(model, processor, family.rows(1, 1, 1)).train()
    assert all(not torch.equal(weight, before[name]) for name, weight in model.named_parameters())


def adapters(family: Family, **held: Any) -> dict[str, str]:
    """Train LoRA matrices by both trainers; returns the number types of the model's parts."""
    model, processor = family.load(lora_rank=4, lora_alpha=8, **held)
    types = {row["part"]: row["types"] for row in M.groups(model)}
    sft = family.sft(model, processor, family.rows(1, 1, 1))
    sft.train()
    trained = {name: weight for name, weight in sft.model.named_parameters() if weight.requires_grad}
    language, linear = F.bare(model).get_decoder(), torch.nn.Linear
    layers = [one for name, one in language.named_modules() if isinstance(one, linear) and "lora" not in name]
    assert len(trained) == 2 * len(layers) and all("lora_" in name for name in trained)
    assert all(one.dtype == torch.float32 for one in trained.values())
    assert all(one.abs().max() > 0 for name, one in trained.items() if "lora_B" in name)
    ahpo = family.ahpo(*family.load(lora_rank=4, lora_alpha=8, **held), family.rows(1, 1, 1))
    assert len(logged(ahpo, "expert/nll")) == 2
    assert all(one.dtype == torch.float32 for one in ahpo.model.parameters() if one.requires_grad)
    return types


def try_lora(family: Family) -> None:
    assert set(adapters(family).values()) == {"float32"}


def try_nf4(family: Family) -> None:
    types = adapters(family, quantise="nf4")
    assert "nf4" in types.pop("language layers") and set(types.values()) == {"float32"}, types


def chat(family: Family, row) -> list[dict]:
    """A row's prompt as its chat template wants it."""
    return conversation(row) if family.reads else row["prompt"]


def alone(family: Family, model, processor, row, said: torch.Tensor) -> torch.Tensor:
    """Log-probabilities of the tokens `said` behind the row's prompt, read by the model without TRL and without padding."""
    wanted = {"add_generation_prompt": True, "tokenize": True, "return_dict": True, "return_tensors": "pt"}
    inputs = dict(processor.apply_chat_template([chat(family, row)], **wanted))
    first, more = inputs["input_ids"].shape[1], said[None]
    for name in {"input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids"} & {*inputs}:
        tail = {"input_ids": more, "attention_mask": torch.ones_like(more)}.get(name, torch.zeros_like(more))
        inputs[name] = torch.cat([inputs[name], tail], 1)
    logp = model(**inputs).logits[0, first - 1 : -1].log_softmax(-1)
    return logp.gather(1, more[0][:, None])[:, 0]


def same_as_alone(family: Family, trainer, rows) -> None:
    """The hybrid trainer reads experts, all together and some of them, as the model reads each alone."""
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = 1
    batch = as_expert(trainer._generate_and_score_completions([row for row in rows for _ in range(2)]))
    with torch.no_grad():
        for chosen in (None, torch.tensor([0, 4]), torch.tensor([1]), torch.tensor([5, 3])):
            part = batch if chosen is None else select_rows(batch, chosen)
            read = logps(trainer, trainer.model, part)
            for number, row in enumerate(range(len(read)) if chosen is None else chosen.tolist()):
                said = batch["completion_ids"][row][batch["completion_mask"][row].bool()]
                own = alone(family, trainer.model, trainer.processing_class, rows[row // 2], said)
                assert torch.allclose(read[number, : len(said)], own, atol=1e-4), (chosen, row)


def try_several(family: Family) -> None:
    """Two pictures, none and one in one batch: losses are those of each row alone; a language model refuses pictures."""
    if not family.reads:
        return refuses(family)
    rows, (model, processor) = family.rows(2, 0, 1), family.load()
    trainer = family.sft(model, processor, rows)
    each = [trainer.data_collator([dict(row)]) for row in rows]
    whole = trainer.data_collator([dict(row) for row in rows])
    with torch.no_grad():
        found = [(model(**one).loss * (one["labels"] != -100).sum()).item() for one in (*each, whole)]
    assert abs(sum(found[:-1]) - found[-1]) < 1e-3 * found[-1], found
    same_as_alone(family, family.ahpo(model, processor, rows), rows)
    assert len(logged(family.ahpo(model, processor, rows), "expert/nll")) == 2


def refuses(family: Family) -> None:
    """Pictures are refused in one line by both trainers."""
    rows = family.rows(0, 1, 1, reads=True)
    for train in (family.sft, lambda *given: family.ahpo(*given).train()):
        try:
            train(*family.load(), rows)
        except F.ModelError as error:
            assert F.NO_PICTURES in str(error) and "\n" not in str(error)
        else:
            raise AssertionError("a picture went through")


def try_resume(family: Family) -> None:
    """A run that lost its second step takes it again from the checkpoint, whatever the weights were by then."""
    rows, out = family.rows(2, 0, 1), family.folder / "resume"
    run = (rows, family.settings(rows, steps=2, save_steps=1), out)
    end = [weight.clone() for weight in train_sft(*family.load(), *run).model.state_dict().values()]
    shutil.rmtree(out / "checkpoints" / "checkpoint-2")
    model, processor = family.load()
    for weight in model.parameters():
        weight.data.normal_(std=0.02)
    again = train_sft(model, processor, *run).model.state_dict().values()
    assert all(torch.equal(one, other) for one, other in zip(again, end, strict=True))


def try_replies(family: Family) -> None:
    """Greedy replies in a batch are those of each row alone, and end where a turn ends."""
    model, processor = family.load()
    settings = Evaluation(max_new_tokens=6)
    rows = list(family.rows(2, 0, 1))
    together = generate_batch(model.eval(), processor, rows, settings)
    assert together == [generate_batch(model, processor, [row], settings)[0] for row in rows]
    ends = model.generation_config.eos_token_id
    assert F.turn_end(processor) in (ends if isinstance(ends, list) else [ends])


# ---- the table ----------------------------------------------------------------------------------------------------


def outcome(trial: Callable[[Family], None], family: Family) -> str:
    """`yes`, or why not."""
    try:
        trial(family)
    except Exception as error:
        return f"no: {type(error).__name__}: {(str(error).splitlines() or [''])[0][:240].strip()}"
    return "yes"


def remark(family: Family) -> str:
    """What the family's processor gives beside tokens, and what it makes of bounds on pixels."""
    model, processor = family.load()
    if not family.reads:
        return "rows with a picture are refused"
    wanted = {"add_generation_prompt": True, "tokenize": True, "return_dict": True, "return_tensors": "pt"}
    given = processor.apply_chat_template([conversation(family.rows(1)[0])], **wanted)
    reader = processor.image_processor
    limit = next((one for one in ("image_grid_pinpoints", "max_patches", "max_image_size") if hasattr(reader, one)), "")
    words = {"image_grid_pinpoints": "a choice of sizes", "max_patches": "tiles", "max_image_size": "the longer edge"}
    bound = "the area" if hasattr(reader, "merge_size") else words.get(limit, "nothing: one size")
    own = ", ".join(sorted(name for name in given if name not in ("input_ids", "attention_mask")))
    return f"{type(processor).__name__}: {own}; max_pixels bounds {bound}"


def observe(name: str, folder: Path, trials: Sequence[str] = TRIALS) -> dict[str, str]:
    """A line of the table."""
    family = Family(name, folder)
    family.build()
    tried = {trial: outcome(globals()[f"try_{trial}"], family) for trial in trials}
    return {"family": name, "model": type(family.load()[0]).__name__, **tried, "remark": remark(family)}


def main() -> None:
    """Write the whole table."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    disable_progress_bars()
    transformers.utils.logging.disable_progress_bar()
    found = []
    for name in sys.argv[1:] or FAMILIES:
        with tempfile.TemporaryDirectory() as folder:
            found.append(observe(name, Path(folder)))
        print(*found[-1].values(), sep=" | ", flush=True)
    if len(sys.argv) == 1:
        REPORT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
