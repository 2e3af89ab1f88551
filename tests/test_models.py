"""Models: the miniature, the real architecture's loading path, four bits, LoRA, and errors in one line."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from PIL import Image  # noqa: E402

from mmhelix_nb.training import models as M  # noqa: E402

SMALL = M.MiniSize(hidden=32, layers=2, heads=2, inner=64, vision_hidden=16, vision_layers=1)
PICTURE = Image.effect_noise((112, 84), 60).convert("RGB")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def processor():
    return M.build_processor(M.build_tokenizer(["user assistant read the grid \\boxed{01.0}"] * 4))


@pytest.fixture(scope="module")
def folder(processor, tmp_path_factory):
    return M.save(M.build_mini(processor, SMALL), processor, tmp_path_factory.mktemp("model"))


def ready(processor, text="read"):
    chat = [{"role": "user", "content": [{"type": "image", "image": PICTURE}, {"type": "text", "text": text}]}]
    return processor.apply_chat_template(
        chat, tokenize=True, add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )


def complaint(*args, **kwargs):
    with pytest.raises(M.ModelError) as error:
        M.load(*args, **kwargs)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_round_trip_through_the_auto_classes(folder, processor):
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model, processor2 = AutoModelForImageTextToText.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
    assert type(processor2) is M.PictureProcessor
    first, second = ready(processor), ready(processor2)
    assert all(torch.equal(first[key], second[key]) for key in first)
    loaded, _ = M.load(folder)
    with torch.no_grad():
        assert torch.equal(model(**first).logits, loaded(**first).logits)


def test_tokenizer_writes_any_text(processor):
    for text in ("grün 北\tx \\frac{1}{2}\r\n", "<|im_end|>", "0110\n1001"):
        assert processor.tokenizer.decode(processor.tokenizer(text)["input_ids"]) == text


def test_image_tokens_equal_features(folder):
    for most in (784, 3136, 12544):
        _, processor = M.load(folder, max_pixels=most)
        inputs = ready(processor)
        tokens = inputs["input_ids"].eq(processor.image_token_id).sum().item()
        assert tokens == inputs["image_grid_thw"].prod().item() // 4 and tokens * 784 <= most


def test_same_seed_same_model(processor):
    state = torch.random.get_rng_state()
    first, second, other = (M.build_mini(processor, SMALL, seed) for seed in (0, 0, 1))
    assert torch.equal(first.lm_head.weight, second.lm_head.weight) and not torch.equal(
        first.lm_head.weight, other.lm_head.weight
    )
    assert torch.equal(state, torch.random.get_rng_state())


def test_what_trains(folder):
    full, lora = M.load(folder)[0], M.load(folder, lora_rank=4)[0]
    trains = {row["part"]: row["trainable"] for row in M.groups(full)}
    assert trains["vision tower"] == trains["merger"] == 0 < trains["language layers"]
    assert {row["part"] for row in M.groups(lora) if row["trainable"]} == {"LoRA"}
    assert M.load(folder, freeze_vision=False)[0].model.visual.patch_embed.proj.weight.requires_grad


def test_four_bits_leave_vision_and_head_alone(folder, processor):
    pytest.importorskip("bitsandbytes")
    full, (four, _) = M.load(folder)[0], M.load(folder, quantise="nf4", lora_rank=4)
    types = {row["part"]: row["types"] for row in M.groups(four)}
    assert (
        types["vision tower"] == types["merger"] == types["embeddings"] == "float32"
        and "nf4" in types["language layers"]
    )
    with torch.no_grad():
        near = torch.cosine_similarity(
            full(**ready(processor)).logits[0, -1], four(**ready(processor)).logits[0, -1], dim=0
        )
    assert near > 0.9


def test_four_bits_train_after_evaluation(folder, processor):
    pytest.importorskip("bitsandbytes")
    model, _ = M.load(folder, quantise="nf4", lora_rank=4)
    with torch.no_grad():
        model.eval()(**ready(processor))  # repacks the weights on some CPUs, unless told not to
    inputs = ready(processor)
    model.train()(**inputs, labels=inputs["input_ids"]).loss.backward()
    assert all(weight.grad is not None for name, weight in model.named_parameters() if "lora_B" in name)


def test_adapter_is_saved_alone_and_found_again(folder, processor, tmp_path):
    model, _ = M.load(folder, lora_rank=4)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    M.save(model, processor, tmp_path / "adapter")
    assert not (tmp_path / "adapter" / "model.safetensors").exists()
    again, _ = M.load(tmp_path / "adapter")
    with torch.no_grad():
        assert torch.allclose(model.eval()(**ready(processor)).logits, again.eval()(**ready(processor)).logits)
    assert any(weight.requires_grad for weight in again.parameters())


def test_errors_are_one_line(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "no such folder" in complaint("/no/such/folder")
    assert "no config.json" in complaint(tmp_path)
    assert "quantise='int4'" in complaint(folder, quantise="int4") and "'none' or 'nf4'" in complaint(
        folder, quantise="int4"
    )
    if not torch.cuda.is_available():
        assert "no GPU" in complaint(folder, device="cuda:0")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "siglip"}))
    assert "a siglip model does not write text" in complaint(tmp_path)
    (tmp_path / "config.json").write_text("{")
    assert "config.json" in complaint(tmp_path)


def test_missing_repository_names_the_remedy(monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert "hf download" in complaint("nobody/no-such-model")


def test_weights_that_do_not_fit_are_refused_before_loading(folder, monkeypatch):
    monkeypatch.setattr(M, "free_memory", lambda: 1e-6)
    assert "GB free" in complaint(folder)
