"""What a profile takes on this card: its model from its widths with random weights, three steps of SFT and three of AHPO, beside what `mmhelix plan` reckons.

`python tests/gpu/check.py [--profile gpu24] [--steps 3] [--dry]` needs no network and no weights; eight minutes on a card of 24 GB.
It writes reports/gpu/<card>-<profile>.json. `--dry` does the same with a tiny model on a CPU and writes nothing there."""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from mmhelix_nb import make, tasks
from mmhelix_nb.ahpo import as_dataset, make_trainer
from mmhelix_nb.book.place import commit
from mmhelix_nb.book.profiles import Profile, read_profile
from mmhelix_nb.book.results import write_json
from mmhelix_nb.book.rows import Row, item_row
from mmhelix_nb.serg import expert
from mmhelix_nb.sft import sft_trainer
from mmhelix_nb.training import budget, shapes
from mmhelix_nb.training.families import picture_modules
from mmhelix_nb.training.models import (
    add_lora,
    blank,
    build_processor,
    build_tokenizer,
    freeze_tower,
    keep_unpacked,
    nf4,
)

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "reports" / "gpu"
DRY = [  # a model and lengths that a CPU takes in seconds
    "model.dtype=float32", "model.max_pixels=12544", "model.min_pixels=784", "model.lora_rank=4",
    "sft.batch_size=1", "sft.bf16=false", "sft.optim=adamw_torch", "sft.gradient_accumulation_steps=2",
    "ahpo.num_generations=4", "ahpo.prompts_in_domain=1", "ahpo.prompts_general=0", "ahpo.micro_batch=2", "ahpo.generation_batch=4",
    "ahpo.max_completion_length=24", "ahpo.bf16=false", "ahpo.optim=adamw_torch",
]  # fmt: skip


def processor_of(book: Profile):
    """A processor with pictures as large as the profile's, and a small vocabulary made of traces."""
    texts = [expert(make(task, 1, 0)).reply for task in tasks()[::6]]
    return build_processor(build_tokenizer(texts, 1000), book.model.min_pixels, book.model.max_pixels)


def config_of(shape: shapes.Shape, tokenizer, vocabulary: int):
    """A Qwen2.5-VL configuration with the widths of `shape`; the markers are those of `tokenizer`."""
    from transformers import Qwen2_5_VLConfig

    layer, eye = shape.layer, shape.tower
    assert eye is not None, "a model without a vision tower"
    half = layer.queries // layer.heads // 2
    side = half * 3 // 8
    one = {name: tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in ("im_end", "endoftext", "image_pad", "video_pad", "vision_start", "vision_end")}  # fmt: skip
    text = {
        "vocab_size": vocabulary,
        "hidden_size": layer.hidden,
        "intermediate_size": layer.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": layer.heads,
        "num_key_value_heads": layer.keys * layer.heads // layer.queries,
        "bos_token_id": one["endoftext"],
        "eos_token_id": one["im_end"],
        "pad_token_id": one["endoftext"],
        "tie_word_embeddings": not shape.head,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [half - 2 * side, side, side]},
    }
    vision = {
        "depth": shape.tower_layers,
        "hidden_size": eye.hidden,
        "intermediate_size": eye.inner,
        "num_heads": eye.heads,
        "out_hidden_size": layer.hidden,
        "fullatt_block_indexes": list(range(7, shape.tower_layers, 8)) or [0],
    }
    return Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        tie_word_embeddings=not shape.head,
        image_token_id=one["image_pad"],
        video_token_id=one["video_pad"],
        vision_start_token_id=one["vision_start"],
        vision_end_token_id=one["vision_end"],
    )


def filled(module: torch.nn.Module, dtype: torch.dtype, device: str, settings: Any) -> None:
    """Give the own weights of a module that has none yet random values on `device`; quantise them where `settings` say so."""
    for name, weight in list(module.named_parameters(recurse=False)):
        norm = weight.dim() == 1 and name == "weight"
        values = torch.ones(weight.shape, dtype=dtype, device=device) if norm else torch.empty(weight.shape, dtype=dtype, device=device).normal_(0, 0.02)  # fmt: skip
        if type(module).__name__ == "Linear4bit" and name == "weight":
            from bitsandbytes.nn import Params4bit

            packed = Params4bit(values.cpu(), requires_grad=False, quant_type="nf4", compress_statistics=settings.bnb_4bit_use_double_quant, module=module)  # fmt: skip
            setattr(module, name, packed.to(device))
        else:
            setattr(module, name, torch.nn.Parameter(values, requires_grad=False))


def random_model(book: Profile, config, device: str) -> Any:
    """The profile's model with random weights, made on `device` module by module, so that it never stands there unquantised."""
    from accelerate import init_empty_weights
    from transformers import Qwen2_5_VLForConditionalGeneration
    from transformers.integrations.bitsandbytes import replace_with_bnb_linear
    from transformers.quantizers import AutoHfQuantizer

    m, dtype, settings = book.model, getattr(torch, book.model.dtype), None
    with init_empty_weights(include_buffers=False):
        model: Any = Qwen2_5_VLForConditionalGeneration._from_config(
            config, attn_implementation=m.attention, dtype=dtype
        )
    if m.quantise == "nf4":
        settings = nf4(picture_modules(blank(config)), dtype, m.double_quantisation)
        skipped = settings.llm_int8_skip_modules
        model = replace_with_bnb_linear(model, modules_to_not_convert=skipped, quantization_config=settings)
        model.is_loaded_in_4bit = model.is_quantized = True
        model.config.quantization_config = settings
        model.hf_quantizer = AutoHfQuantizer.from_config(settings, pre_quantized=False)
    for module in model.modules():
        filled(module, dtype, device, settings)
    model.tie_weights()
    keep_unpacked(model)
    for module in model.modules():  # buffers, such as rotary frequencies, are small
        for name, buffer in module.named_buffers(recurse=False):
            module._buffers[name] = buffer.to(device)
    if m.lora_rank:
        return add_lora(model, m.lora_rank, m.lora_alpha, m.lora_dropout)
    model.requires_grad_(True)
    freeze_tower(model)
    return model


def rows_of(processor, lengths: list[int]) -> list[Row]:
    """Rows whose experts have so many tokens: the beginning of many traces, one after the other."""
    ids: list[int] = []
    while len(ids) < max(lengths):
        ids += processor.tokenizer(expert(make(tasks()[len(ids) % 42], 3, len(ids))).reply)["input_ids"]
    items = [make(tasks()[i % 42], 3, i) for i in range(len(lengths))]
    return [item_row(item, processor.tokenizer.decode(ids[:n])) for item, n in zip(items, lengths, strict=True)]


class Meter:
    """Seconds and the peak of memory of each phase; on a CPU the peak is that of the whole process, so it only grows."""

    def __init__(self, device: str):
        self.cuda, self.found = device.startswith("cuda"), {}

    def __call__(self, phase: str, work: Callable, *args, **kwargs):
        """`work(...)` under the name of a phase; several calls add up, with the highest peak."""
        import psutil

        if self.cuda:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
        began = time.perf_counter()
        out = work(*args, **kwargs)
        if self.cuda:
            torch.cuda.synchronize()
        peak = torch.cuda.max_memory_reserved() if self.cuda else psutil.Process().memory_info().rss
        line = self.found.setdefault(phase, {"calls": 0, "seconds": 0.0, "peak_gb": 0.0})
        line["calls"] += 1
        line["seconds"] += time.perf_counter() - began
        line["peak_gb"] = max(line["peak_gb"], peak / 1e9)
        return out

    def wrap(self, owner, name: str, phase: str) -> None:
        """Measure every call of a method of `owner`."""
        method = getattr(owner, name)
        setattr(owner, name, lambda *args, **kwargs: self(phase, method, *args, **kwargs))


def release() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def learn(meter: Meter, model, processor, book: Profile, steps: int, length: int, out: Path) -> int:
    """SFT on experts of `length` tokens, as long as the plan takes them to be; returns the tokens of a step."""
    stage = book.sft.model_copy(update={"steps": steps, "warmup_steps": 0, "save_steps": 0})
    count = stage.batch_size * stage.gradient_accumulation_steps
    trainer = meter(
        "look ahead",
        sft_trainer,
        model,
        processor,
        as_dataset(rows_of(processor, [length] * count)),
        stage,
        out / "sft",
    )
    meter.wrap(trainer, "training_step", "SFT")
    trainer.train()
    return count * length


def explore(meter: Meter, model, processor, book: Profile, steps: int, out: Path) -> None:
    """AHPO with one batch of rollouts a step, all as long as the profile allows, and an expert of that length."""
    a = book.ahpo
    new, size = a.max_completion_length, a.num_generations
    prompts = max(1, (a.generation_batch or a.rollouts) // size)
    micro = min(a.micro_batch or size, size * prompts)
    more = {"steps": steps, "warmup_steps": 0, "save_steps": 0, "prompts_in_domain": prompts, "prompts_general": 0, "micro_batch": micro, "generation_batch": None}  # fmt: skip
    stage = a.model_copy(update=more)
    rows = rows_of(processor, [new - 8] * max(4, prompts))
    trainer = make_trainer(
        model,
        processor,
        rows,
        stage,
        out / "ahpo",
        "ahpo",
        0,
        reward=lambda completions, **row: [0.0] * len(completions),
    )
    trainer.generation_config.min_new_tokens = new  # untrained weights end when they like
    meter.wrap(trainer, "_generate_single_turn", "rollouts")
    meter.wrap(trainer, "training_step", "AHPO")
    trainer.train()


def check(profile: str, steps: int, dry: bool) -> dict:
    """The measured figures beside the plan's."""
    device = "cpu" if dry else "cuda:0"
    book = read_profile(profile, ROOT, DRY if dry else ())
    processor = processor_of(book)
    shape = budget.shape_of(book.model.name)
    if dry:
        layer = shapes.Layer(hidden=64, queries=64, keys=32, inner=128, heads=2)
        shape = shapes.qwen(64, 2, 2, 1, 128, len(processor.tokenizer), True, shapes.Layer(32, 32, 32, 64, 2))
        assert shape.layer == layer
        shape = budget.replace(shape, tower_layers=2)
    card = budget.of_size(24) if dry else budget.seen()[0]
    plan = budget.reckon(read_profile(profile, ROOT), card)
    meter, length = Meter(device), 160 if dry else plan.experts.longest
    model = meter("load", random_model, book, config_of(shape, processor.tokenizer, shape.vocabulary), device)
    with tempfile.TemporaryDirectory() as home:
        tokens = learn(meter, model, processor, book, steps, length, Path(home))
        release()
        explore(meter, model, processor, book, steps, Path(home))
    return {
        "commit": commit(),
        "card": "CPU" if dry else torch.cuda.get_device_name(),
        "profile": book.name,
        "model": f"{book.model.name}, random weights" if not dry else "a tiny model, random weights",
        "dry": dry,
        "steps": steps,
        "expert_tokens_a_step": tokens,
        "new_tokens": book.ahpo.max_completion_length,
        "phases": meter.found,
        "plan": [{"phase": phase.name, "gb": round(phase.gb, 2)} for phase in plan.phases],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", default="gpu24", help="its model, lengths and batches (gpu24)")
    parser.add_argument("--steps", type=int, default=3, help="of SFT and of AHPO (3)")
    parser.add_argument("--dry", action="store_true", help="a tiny model on the CPU: all but the kernels")
    asked = parser.parse_args()
    if not asked.dry and not torch.cuda.is_available():
        sys.exit("Error: torch sees no GPU; make gpu-check-dry does all but the kernels on a CPU")
    found = check(asked.profile, asked.steps, asked.dry)
    if not asked.dry:
        name = found["card"].replace("NVIDIA ", "").replace(" ", "-")
        print("written:", write_json(REPORT / f"{name}-{found['profile']}.json", found))
    for phase, line in found["phases"].items():
        print(f"{phase:12} {line['calls']:4} calls {line['seconds']:8.1f} s {line['peak_gb']:7.2f} GB at most")
    for line in found["plan"]:
        print(f"plan: {line['phase']:24} {line['gb']:6.2f} GB")


if __name__ == "__main__":
    main()
