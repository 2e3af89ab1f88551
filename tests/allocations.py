"""Memory that torch really allocates on a CPU, beside what `training.budget` reckons: for `tests/test_budget.py`, and larger for `make bench`."""

import gc
import math
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch.profiler import ProfilerActivity, profile
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLDecoderLayer, Qwen2_5_VLTextConfig
from trl.trainer.utils import add_fused_lm_head

from mmhelix_nb.book.settings import Model
from mmhelix_nb.training.budget import (
    PATCH,
    Numbers,
    Pass,
    at_work,
    backward_needs,
    head_bytes,
    kept_bytes,
    layer_keeps,
    writing_bytes,
)
from mmhelix_nb.training.models import add_lora, blank, load_weights
from mmhelix_nb.training.shapes import Shape, counted, weight_bytes, widths_of

Measured = dict[str, tuple[int, float]]  # bytes as measured and as reckoned, by part
SIZES = {torch.float32: 4, torch.bfloat16: 2}


def allocated(work: Callable[[], object]) -> tuple[int, int]:
    "Bytes that `work` allocates: at most at once, and those that are left while its result lives."
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as prof:
        result = work()
        gc.collect()  # what only circles hold is no part of it
    events = [event for event in prof.profiler.kineto_results.events() if event.name() == "[memory]"]
    now = most = 0
    for event in sorted(events, key=lambda one: one.start_ns()):
        now += event.nbytes()
        most = max(most, now)
    del result
    return most, now


def saved(work: Callable[[], object], weights) -> int:
    "Bytes that autograd saves during `work`, each storage once, without the `weights`."
    own, found, alive = {weight.untyped_storage().data_ptr() for weight in weights}, {}, []

    def pack(tensor):
        alive.append(tensor)  # so that no address is given twice
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        work()
    return sum(found.values())


@dataclass(frozen=True)
class How:
    "How a model is held and trained."

    dtype: torch.dtype = torch.float32
    rank: int = 0
    autocast: bool = False
    checkpointing: bool = False
    quantise: str = "none"
    attention: str = "sdpa"

    @property
    def numbers(self) -> Numbers:
        size = SIZES[self.dtype]
        return Numbers(size, 2 if self.autocast else size, self.rank, self.attention == "eager")

    @property
    def held(self) -> Model:
        dtype = str(self.dtype).removeprefix("torch.")
        held = {"quantise": self.quantise, "lora_rank": self.rank, "dtype": dtype, "attention": self.attention}
        return Model(name="mini", **held)

    def context(self):
        return torch.autocast("cpu", torch.bfloat16) if self.autocast else nullcontext()


def text_widths(hidden: int, inner: int, heads: int, key_heads: int) -> dict:
    "Widths of language layers as transformers names them."
    half = hidden // heads // 2
    side = half * 3 // 8
    return {
        "hidden_size": hidden,
        "intermediate_size": inner,
        "num_attention_heads": heads,
        "num_key_value_heads": key_heads,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [half - 2 * side, side, side]},
    }


def small_config(
    hidden=256, layers=4, inner=768, heads=8, key_heads=2, vocabulary=512, eye=(2, 64, 128)
) -> Qwen2_5_VLConfig:
    "A Qwen2.5-VL of these widths; `eye`: layers, width and inner width of its vision tower."
    special = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 0}
    sizes = {"num_hidden_layers": layers, "vocab_size": vocabulary}
    depth, width, inside = eye
    tower = {
        "depth": depth,
        "hidden_size": width,
        "num_heads": 2,
        "intermediate_size": inside,
        "out_hidden_size": hidden,
    }
    marks = {"image_token_id": 2, "video_token_id": 3, "vision_start_token_id": 4, "vision_end_token_id": 5}
    text = text_widths(hidden, inner, heads, key_heads) | sizes | special
    return Qwen2_5_VLConfig(text_config=text, vision_config=tower, tie_word_embeddings=False, **marks)


def made(config: Qwen2_5_VLConfig, how: How):
    "A model of `config` in training as the chapters hold it: LoRA in 32 bits, TRL's fused head, the tower frozen."
    torch.manual_seed(0)
    build = Qwen2_5_VLForConditionalGeneration
    model = build._from_config(config, dtype=how.dtype, attn_implementation=how.attention)
    if how.quantise == "nf4":
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            model = load_weights(folder, config, how.held, "cpu")
    add_fused_lm_head(model)
    if how.rank:
        model = add_lora(model, how.rank)
        for weight in model.parameters():
            weight.data = weight.data.float() if weight.requires_grad else weight.data
    else:
        model.model.visual.requires_grad_(False)
    if how.checkpointing:
        model.activation_checkpointing_enable()
        if how.rank:
            model.enable_input_require_grads()
    return model.train()


def loss_of(model, one: Pass, how: How):
    "The loss of rows of ordinary tokens, of which the last are scored."
    ids = torch.randint(10, 500, (one.rows, one.row), generator=torch.Generator().manual_seed(one.row))
    ids[:, : one.patches // 4] = 2
    labels = ids.masked_fill(torch.arange(one.row) < one.row - one.scored, -100)
    with how.context():
        return model(input_ids=ids, labels=labels, fused_lm_head=True, **pictures(ids, one)).loss


@cache
def noise(patches: int) -> torch.Tensor:
    "Pixels of so many patches, made once, so that no measurement counts them."
    return torch.randn(patches, PATCH)


def pictures(ids: torch.Tensor, one: Pass) -> dict[str, torch.Tensor]:
    "A square picture of noise for each row, as the model takes it."
    side = math.isqrt(one.patches)
    pixels, grid = noise(one.rows * one.patches), torch.tensor([[1, side, side]] * one.rows)
    shown = {"pixel_values": pixels, "image_grid_thw": grid} if one.patches else {}
    return {"attention_mask": torch.ones_like(ids), "mm_token_type_ids": (ids == 2).int(), **shown}


def held(weights) -> int:
    "Bytes of weights, with the scales of those in four bits."
    states = [weight.quant_state for weight in weights if getattr(weight, "quant_state", None)]
    scales = [part for one in states for part in (one.absmax, one.state2.absmax)]
    return sum(weight.nbytes for weight in weights) + sum(scale.nbytes for scale in scales)


def trained(shape: Shape, rank: int) -> int:
    "Weights that train, the tower frozen."
    return rank * shape.layer.sides * shape.layers if rank else shape.weights - shape.tower_weights


def reckoned_pass(shape: Shape, passes: list[Pass], how: How) -> tuple[float, float]:
    "Bytes that the `passes` of one loss keep, and the most in their backward pass; on a CPU the head reads all positions."
    n, check = how.numbers, how.checkpointing
    kept = sum(kept_bytes(shape, n, one, check, how.rank > 0 or check) for one in passes)
    heads = [head_bytes(shape, n, replace(one, scored=one.row), kernel=False) for one in passes]
    waiting = 4 * trained(shape, how.rank) if how.rank else SIZES[how.dtype] * trained(shape, 0)
    work = max(*heads, *(at_work(shape, n, one, check) for one in passes))
    return kept, kept + work + waiting * (len(passes) > 1)


def compare_model(config: Qwen2_5_VLConfig, passes: list[Pass], how: How) -> Measured:
    "Weights, gradients, AdamW's states, what `passes` keep for backward whose graphs live together as in AHPO, and the most at once."
    model, shape, size = made(config, how), counted(blank(config)), SIZES[how.dtype]
    weights = list(model.parameters())
    train = [weight for weight in weights if weight.requires_grad]
    optimizer = torch.optim.AdamW(train)

    def loss():
        return sum(loss_of(model, one, how) for one in passes)

    loss().backward()  # gradients are there from now on
    optimizer.step()
    kept, most = allocated(loss)[1], allocated(lambda: loss().backward())[0]
    states = sum(value.nbytes for state in optimizer.state.values() for value in state.values() if value.ndim)
    own = trained(shape, how.rank) * (4 if how.rank else size)
    lora = own if how.rank else 0
    want_kept, want_most = reckoned_pass(shape, passes, how)
    return {
        "weights": (held(weights), sum(weight_bytes(shape, how.quantise, True, size).values()) + lora),
        "gradients": (sum(weight.grad.nbytes for weight in train), own),
        "optimizer": (states, 2 * own),
        "kept": (kept, want_kept),
        "most at once": (most, want_most),
    }


def a_layer(how: How, hidden: int, inner: int, heads: int, key_heads: int) -> torch.nn.Module:
    "One decoder layer of these widths."
    config = Qwen2_5_VLTextConfig(num_hidden_layers=1, **text_widths(hidden, inner, heads, key_heads))
    config._attn_implementation = how.attention
    torch.set_default_dtype(how.dtype)
    layer = Qwen2_5_VLDecoderLayer(config, 0)
    torch.set_default_dtype(torch.float32)
    if how.rank:
        from peft import LoraConfig, inject_adapter_in_model

        layer.requires_grad_(False)
        names = [f"{part}_proj" for part in ("q", "k", "v", "o", "gate", "up", "down")]
        layer = inject_adapter_in_model(LoraConfig(r=how.rank, target_modules=names), layer)
        for weight in layer.parameters():
            weight.data = weight.data.float() if weight.requires_grad else weight.data
    return layer.train()


def compare_layer(how: How, tokens: int, hidden: int, inner: int, heads: int, key_heads: int) -> Measured:
    "Of one layer on a row: weights, what it keeps for backward, and the most of its forward and backward pass."
    from torch.utils.checkpoint import checkpoint

    layer, width = a_layer(how, hidden, inner, heads, key_heads), hidden // heads
    places = (torch.randn(1, tokens, width, dtype=how.dtype),) * 2
    row = torch.randn(1, tokens, hidden, dtype=how.dtype, requires_grad=True)

    def forward():
        with how.context():
            found = layer(row, position_embeddings=places)
        return found[0] if isinstance(found, tuple) else found

    def again():
        return checkpoint(forward, use_reentrant=False) if how.checkpointing else forward()

    weights, slope, n = list(layer.parameters()), torch.ones_like(row), how.numbers
    shape = widths_of(layer.self_attn.config)
    lora = how.rank * shape.sides
    casts = 2 * lora if n.casts and how.rank else 0  # autocast's own copies of LoRA
    matrix = 0 if how.rank else SIZES[how.dtype] * hidden * inner
    again().backward(slope)
    keeps = layer_keeps(shape, n, tokens)
    kept = allocated(again)[1] if how.checkpointing else saved(forward, weights)
    most = allocated(lambda: again().backward(slope))[0]
    return {
        "weights": (sum(w.nbytes for w in weights), SIZES[how.dtype] * shape.matrices + 4 * lora),
        "kept": (
            kept,
            (0 if how.checkpointing else tokens * keeps + casts)
            + how.checkpointing * SIZES[how.dtype] * hidden * tokens,
        ),
        "most at once": (most, tokens * (keeps + backward_needs(shape, n, tokens)) + casts + matrix),
    }


def compare_writing(config: Qwen2_5_VLConfig, how: How, rows: int, prompt: int, new: int) -> Measured:
    "The most of a batch of replies that is written."
    model, shape = made(config, how), counted(blank(config))
    ids = torch.randint(10, 500, (rows, prompt), generator=torch.Generator().manual_seed(0))
    told = {"attention_mask": torch.ones_like(ids), "mm_token_type_ids": torch.zeros_like(ids), "do_sample": True}
    sizes = {"max_new_tokens": new, "min_new_tokens": new, "pad_token_id": 0}
    with torch.no_grad():
        most = allocated(lambda: model.eval().generate(ids, **told, **sizes))[0]
    return {"most at once": (most, writing_bytes(shape, how.numbers, rows, prompt, 0, new))}
