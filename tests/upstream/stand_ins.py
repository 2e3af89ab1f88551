"""Small models and data sets under the names by which TRL's tests ask the hub for them, so that they run where there is no hub.

They lie in folders of those names, and tests that run beside them find the folders first. Configurations are those of TRL's own tiny models; tokenizers,
templates from TRL and pictures are small ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as T
import trl
from datasets import Dataset, DatasetDict
from PIL import Image
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.llava.image_processing_pil_llava import LlavaImageProcessorPil
from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil

from mmhelix_nb.training.models import PictureProcessor, build_processor, build_tokenizer

HUB = "trl-internal-testing"
ROWS = {"train": 17, "test": 2}  # as many as TRL's own
WORDS = ["Beautiful is better than ugly. Explicit is better than implicit. user assistant system model"] * 4
SIZE = {"hidden_size": 8, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
TEXT = {**SIZE, "num_key_value_heads": 2}
EYES = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
QWEN_EYES = {"depth": 2, "hidden_size": 16, "num_heads": 4}


# ---- models that read text ----------------------------------------------------------------------------------------


def tokenizer(template: str, **named: str):
    """A tokenizer of a few hundred entries with one of TRL's chat templates, and markers of its own."""
    words = build_tokenizer(WORDS, 320)
    words.add_tokens(list(named.values()), special_tokens=True)
    return T.PreTrainedTokenizerFast(
        tokenizer_object=words.backend_tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=(Path(trl.__file__).parent / "chat_templates" / f"{template}.jinja").read_text(encoding="utf-8"),
        extra_special_tokens=named,
    )


MOE = {"num_experts_per_tok": 2, "moe_intermediate_size": 32}
MAMBA = {"mamba_num_heads": 8, "mamba_head_dim": 4, "mamba_n_groups": 1, "ssm_state_size": 16, "mamba_d_conv": 4}
TEXTS: dict[str, tuple[str, str, dict]] = {  # class, template, what differs from TEXT
    "tiny-Qwen2ForCausalLM-2.5": ("Qwen2", "qwen2_5", {}),
    "tiny-Qwen3ForCausalLM": ("Qwen3", "qwen3", {"head_dim": 2}),
    "tiny-Qwen3MoeForCausalLM": ("Qwen3Moe", "qwen3", {"head_dim": 2, "num_experts": 4, **MOE}),
    "tiny-LlamaForCausalLM-3.2": ("Llama", "llama3_2", {}),
    "tiny-MistralForCausalLM-0.2": ("Mistral", "llama3", {}),
    "tiny-Gemma2ForCausalLM": ("Gemma2", "gemma", {"head_dim": 2}),
    "tiny-Cohere2ForCausalLM": ("Cohere2", "cohere2", {"logit_scale": 1.0}),
    "tiny-GptOssForCausalLM": ("GptOss", "gptoss", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "tiny-Glm4MoeForCausalLM": ("Glm4Moe", "glm4moe", {"head_dim": 2, "n_routed_experts": 4, **MOE}),
    "tiny-NemotronHForCausalLM-nano": (
        "NemotronH",
        "nemotron_3_nano",
        {
            "hidden_size": 16,
            "layers_block_type": ["mamba", "attention", "moe"],
            "use_mamba_kernels": False,
            "n_routed_experts": 4,
            "moe_shared_expert_intermediate_size": 32,
            **MOE,
            **MAMBA,
        },
    ),
}
JUDGES = {
    "tiny-Qwen2ForSequenceClassification-2.5": ("Qwen2", "qwen2_5"),
    "tiny-Qwen3ForSequenceClassification": ("Qwen3", "qwen3"),
    "tiny-LlamaForSequenceClassification-3.2": ("Llama", "llama3_2"),
}


def save(model, words, folder: Path) -> None:
    """A model with the first weights that TRL gives its tiny models, and what prepares its rows."""
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.xavier_uniform_(module.weight)
    model.save_pretrained(folder)
    words.save_pretrained(folder)


def text_config(kind: str, words, **more: Any):
    """A configuration of the class `kind`."""
    ends = {"eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id, "bos_token_id": words.pad_token_id}
    fields = {**TEXT, **ends, "vocab_size": len(words), **more}
    if "layers_block_type" in more:  # which says how many layers there are
        del fields["num_hidden_layers"]
    return getattr(T, f"{kind}Config")(**fields)


def save_text(name: str, folder: Path) -> None:
    """One of `TEXTS`."""
    kind, template, more = TEXTS[name]
    words = tokenizer(template)
    save(getattr(T, f"{kind}ForCausalLM")(text_config(kind, words, **more)), words, folder)


def save_judge(name: str, folder: Path) -> None:
    """One of `JUDGES`, which give a number for a text."""
    kind, template = JUDGES[name]
    words = tokenizer(template)
    config = text_config(kind, words, num_labels=1)
    save(getattr(T, f"{kind}ForSequenceClassification")(config), words, folder)


# ---- models that read pictures ------------------------------------------------------------------------------------


def qwen(kind: str):
    """Qwen2-VL and Qwen2.5-VL."""
    words = build_tokenizer(WORDS, 320)
    rope = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 0]}
    ids = {name: words.convert_tokens_to_ids(f"<|{name}|>") for name in ("image_pad", "video_pad")}
    eyes = {**QWEN_EYES, "embed_dim": 16} if kind == "Qwen2VL" else QWEN_EYES | {"fullatt_block_indexes": [1]}
    out = {"hidden_size": 16} if kind == "Qwen2VL" else {"out_hidden_size": 16}
    text = {**TEXT, "hidden_size": 16, "vocab_size": len(words), "rope_parameters": rope}
    config = getattr(T, f"{kind}Config")(
        text_config={**text, "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id},
        vision_config={**eyes, **out},
        image_token_id=ids["image_pad"],
        video_token_id=ids["video_pad"],
        vision_start_token_id=words.convert_tokens_to_ids("<|vision_start|>"),
        vision_end_token_id=words.convert_tokens_to_ids("<|vision_end|>"),
    )
    T.AutoProcessor.register(type(config), PictureProcessor, exist_ok=True)
    return getattr(T, f"{kind}ForConditionalGeneration")(config), build_processor(words)


def gemma3():
    """Gemma 3, whose pictures are told by the kinds of tokens."""
    named = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    words = tokenizer("gemma3", **named)
    config = T.Gemma3Config(
        text_config={**TEXT, "hidden_size": 16, "head_dim": 4, "vocab_size": len(words), "sliding_window": 64},
        vision_config={**EYES, "image_size": 56, "patch_size": 14, "vision_use_head": False},
        mm_tokens_per_image=4,
        **{f"{name}_index": words.convert_tokens_to_ids(text) for name, text in named.items()},
    )
    reader = Gemma3ImageProcessorPil(size={"height": 56, "width": 56})
    model = T.Gemma3ForConditionalGeneration(config)
    return model, T.Gemma3Processor(reader, words, image_seq_length=4, chat_template=words.chat_template)


def llava(kind: str):
    """LLaVA and LLaVA-NeXT."""
    words = tokenizer("llava_next", image_token="<image>")
    eyes = {**EYES, "image_size": 28, "patch_size": 14, "model_type": "clip_vision_model", "projection_dim": 16}
    grids = {"image_grid_pinpoints": [[28, 56], [56, 28]]} if kind == "LlavaNext" else {}
    config = getattr(T, f"{kind}Config")(
        text_config={**TEXT, "hidden_size": 16, "model_type": "llama", "vocab_size": len(words)},
        vision_config=eyes,
        image_token_index=words.convert_tokens_to_ids("<image>"),
        image_seq_length=4,
        **grids,
    )
    size = {"size": {"shortest_edge": 28}, "crop_size": {"height": 28, "width": 28}, **grids}
    reader = (LlavaNextImageProcessorPil if grids else LlavaImageProcessorPil)(**size)
    more = {"patch_size": 14, "vision_feature_select_strategy": "default", "num_additional_image_tokens": 1}
    processor = getattr(T, f"{kind}Processor")(reader, words, chat_template=words.chat_template, **more)
    return getattr(T, f"{kind}ForConditionalGeneration")(config), processor


SEEING: dict[str, Callable] = {
    "tiny-Qwen2VLForConditionalGeneration": lambda: qwen("Qwen2VL"),
    "tiny-Qwen2_5_VLForConditionalGeneration": lambda: qwen("Qwen2_5_VL"),
    "tiny-Gemma3ForConditionalGeneration": gemma3,
    "tiny-LlavaForConditionalGeneration": lambda: llava("Llava"),
    "tiny-LlavaNextForConditionalGeneration": lambda: llava("LlavaNext"),
}


def save_seeing(name: str, folder: Path) -> None:
    """One of `SEEING`."""
    save(*SEEING[name](), folder)


# ---- data sets ----------------------------------------------------------------------------------------------------


def prompts(count: int, first: int) -> list[str]:
    """Beginnings of sentences."""
    return [f"{('Flat', 'Now', 'Simple')[i % 3]} is better than {i}" for i in range(first, first + count)]


def save_data(name: str, configs: dict[str, Callable], folder: Path) -> None:
    """A data set whose configurations give the columns of a split with `count` rows."""
    head = ["---", "configs:"]
    for config, columns in configs.items():
        head += [f"- config_name: {config}", "  data_files:"]
        parts = {
            split: Dataset.from_dict(columns(count, ROWS["train"] * (split == "test"))) for split, count in ROWS.items()
        }
        for split, rows in DatasetDict(parts).items():
            (folder / config).mkdir(parents=True, exist_ok=True)
            rows.to_parquet(str(folder / config / f"{split}.parquet"))
            head += [f"  - split: {split}", f"    path: {config}/{split}.parquet"]
    (folder / "README.md").write_text("\n".join([*head, "---", ""]), encoding="utf-8")


def said(count: int, first: int) -> list[list[dict]]:
    """The beginnings as a user says them."""
    return [[{"role": "user", "content": text}] for text in prompts(count, first)]


def picture(i: int) -> Image.Image:
    """A small square of one colour."""
    return Image.new("RGB", (28, 28), (20 * i % 256, 90, 200))


DATA: dict[str, dict[str, Callable]] = {
    "zen": {
        "standard_prompt_only": lambda count, first: {"prompt": prompts(count, first)},
        "conversational_prompt_only": lambda count, first: {"prompt": said(count, first)},
    },
    "zen-image": {
        "conversational_prompt_only": lambda count, first: {
            "prompt": said(count, first),
            "image": [picture(i) for i in range(count)],
        }
    },
    "zen-multi-image": {
        "conversational_prompt_only": lambda count, first: {
            "prompt": said(count, first),
            "images": [[picture(i)] * (1 + i % 2) for i in range(count)],
        }
    },
}


def write(folder: Path) -> dict[str, str]:
    """All of them under `folder`; returns what could not be made, and why."""
    makers = dict.fromkeys(TEXTS, save_text) | dict.fromkeys(JUDGES, save_judge) | dict.fromkeys(SEEING, save_seeing)
    failed = {}
    for name, make in makers.items():
        torch.manual_seed(0)
        try:
            make(name, folder / HUB / name)
        except Exception as error:  # noqa: BLE001  a version of transformers may lack one of them
            failed[name] = f"{type(error).__name__}: {error}"
    for name, configs in DATA.items():
        save_data(name, configs, folder / HUB / name)
    return failed
