"""Every family of models trains as reports/families.json says, and what it cannot take is refused in one line."""

import json
import re
import warnings
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")
pytest.importorskip("peft")
warnings.filterwarnings("ignore")
torch.set_num_threads(1)

import families as fam  # noqa: E402
from PIL import Image  # noqa: E402

from mmhelix_nb import sft  # noqa: E402
from mmhelix_nb.training import families as F  # noqa: E402
from mmhelix_nb.training import models as M  # noqa: E402
from mmhelix_nb.training.experts import expert_text, expert_tokens  # noqa: E402

TABLE = {line["family"]: line for line in json.loads(fam.REPORT.read_text(encoding="utf-8"))}
READING = [name for name in fam.FAMILIES if "text" not in name]
TALK = [{"role": "user", "content": "colour"}]


@pytest.fixture(scope="module")
def families(tmp_path_factory):
    """Models of families, each built once."""
    built = {}

    def of(name: str) -> fam.Family:
        if name not in built:
            built[name] = fam.Family(name, tmp_path_factory.mktemp("family"))
            built[name].build()
        return built[name]

    return of


def test_the_table_names_every_family():
    assert list(TABLE) == list(fam.FAMILIES)


@pytest.mark.parametrize("name", fam.FAMILIES)
@pytest.mark.parametrize("trial", fam.QUICK)
def test_a_trial_ends_as_the_table_says(families, name, trial):
    if trial == "nf4":
        pytest.importorskip("bitsandbytes")
    assert fam.outcome(getattr(fam, f"try_{trial}"), families(name)) == TABLE[name][trial]


@pytest.mark.parametrize("name", fam.FAMILIES)
def test_remarks_are_observed(families, name):
    assert fam.remark(families(name)) == TABLE[name]["remark"]


def test_the_chapter_shows_the_table():
    cells = json.loads((Path(__file__).parents[1] / "nbs/training/families.ipynb").read_text(encoding="utf-8"))["cells"]
    shown = "".join(
        "".join(out.get("data", {}).get("text/markdown", "")) for c in cells for out in c.get("outputs", [])
    )
    rows = [line.split(" | ") for line in re.findall(r"^\| (.*) \|$", shown, re.M)]
    assert [row[0] for row in rows[1:]] == list(TABLE)
    for row in rows[1:]:
        assert row[1:-1] == [TABLE[row[0]][trial] for trial in fam.TRIALS] and row[-1] == TABLE[row[0]]["remark"]


@pytest.mark.parametrize("name", READING)
def test_tokens_equal_features_and_a_cut_is_seen(families, name):
    family = families(name)
    model, processor = family.load()
    trainer = family.sft(model, processor, family.rows(2, 0, 1))
    batch = trainer.data_collator([dict(row) for row in trainer.train_dataset])
    tokens = batch["input_ids"] == model.config.image_token_id
    assert F.picture_features(model, batch) == tokens.sum() > 0
    short = {**batch, "input_ids": batch["input_ids"].masked_fill(tokens & (tokens.cumsum(1) == 1), 0)}
    with pytest.raises(F.ModelError, match="image tokens for"):
        sft.check_batch(model, short)


@pytest.mark.parametrize("name", fam.FAMILIES)
def test_what_reads_pictures_stays_frozen_and_whole(families, name):
    model, _ = families(name).load()
    parts = {row["part"]: row for row in M.groups(model)}
    assert sum(row["parameters"] for row in parts.values()) == model.num_parameters()
    assert parts["language layers"]["trainable"] == parts["language layers"]["parameters"] > 0
    assert all(parts[part]["trainable"] == 0 for part in {"vision tower", "merger"} & {*parts})
    assert ("vision tower" in parts) == bool(F.picture_modules(model)) == families(name).reads


@pytest.mark.parametrize("name", fam.FAMILIES)
def test_tokens_that_stand_for_pixels_come_from_the_configuration(families, name):
    model, processor = families(name).load()
    banned = F.vision_tokens(model.config)
    assert (model.config.image_token_id in banned) if families(name).reads else banned == []
    words = getattr(processor, "tokenizer", processor)
    assert not {words.eos_token_id, words.pad_token_id, F.turn_end(processor)} & {*banned}


def test_a_turn_ends_where_the_template_says(families):
    model, processor = families("Gemma 3").load()
    ends = processor.tokenizer.convert_ids_to_tokens(model.generation_config.eos_token_id)
    assert (
        F.turn_end(processor) == processor.tokenizer.convert_tokens_to_ids("<end_of_turn>")
        and ends[-1] == "<end_of_turn>"
    )
    row = {"prompt": TALK, "completion": [{"role": "assistant", "content": "red"}]}
    trainer = families("Gemma 3").ahpo(model, processor, families("Gemma 3").rows(1))
    said = expert_tokens(row, processor, trainer.eos_token_ids)
    assert said[-1] == F.turn_end(processor)


BOUNDS = {  # what a bound of 3,136 pixels becomes
    "Qwen3-VL": lambda reader: reader.size["longest_edge"] == 3_136,
    "InternVL": lambda reader: reader.max_patches == 1,
    "Idefics3": lambda reader: reader.size["longest_edge"] == 56,
    "LLaVA-OneVision": lambda reader: reader.image_grid_pinpoints == fam.GRIDS,
}


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_on_pixels_are_kept(families, name):
    family = families(name)
    model, processor = family.load(max_pixels=3_136)
    assert BOUNDS[name](processor.image_processor)
    shown = processor(images=[[Image.new("RGB", (112, 112))]], text=[processor.image_token], return_tensors="pt")
    F.check_pictures(model, shown)
    if name == "LLaVA-OneVision":  # its model cuts as its processor does
        less, small = family.load(max_pixels=1_567)
        assert less.config.image_grid_pinpoints == small.image_processor.image_grid_pinpoints == [[28, 28]]


def test_bounds_that_cannot_be_kept_are_refused(families):
    for name, most, said in (("Gemma 3", 5_000, "every picture has"), ("InternVL", 1_000, "at least 3136 pixels")):
        with pytest.raises(M.ModelError, match=said) as error:
            families(name).load(max_pixels=most)
        assert "\n" not in str(error.value) and f"max_pixels={most}" in str(error.value)


def test_smolvlm_is_read_as_its_own_processor_reads(families):
    """Its own class wants a library for the captions of videos; the text that stands for a picture is the same."""
    from transformers.models.smolvlm.processing_smolvlm import get_image_prompt_string

    _, processor = families("SmolVLM").load()
    around = (processor.fake_image_token, processor.image_token, processor.global_image_tag)
    for rows, columns in ((0, 0), (1, 2), (2, 2)):
        own = get_image_prompt_string(rows, columns, processor.image_seq_len, *around)
        assert processor.replace_image_token({"rows": [[rows]], "cols": [[columns]]}, 0) == own


def thinking(family: fam.Family) -> str:
    """What SFT learns of a turn with a thought."""
    _, processor = family.load()
    said = [{"role": "assistant", "content": "red", "reasoning_content": "it glows"}]
    kept = sft.with_thought({"prompt": TALK, "completion": said}, processor)
    return expert_text({"prompt": TALK, "completion": kept}, processor)


@pytest.mark.parametrize("name", ["Qwen3 (text)", "Qwen3.5", "Qwen3-VL", "Gemma 3", "SmolVLM"])
def test_thoughts_are_learned(families, name):
    assert "it glows\n</think>\n\nred" in thinking(families(name))


def test_a_completion_of_several_turns_is_refused(families):
    family = families("Qwen3-VL")
    rows = family.rows(1, 1)
    said = rows[0]["completion"]
    several = rows.remove_columns("completion").add_column("completion", [said, [*said, *TALK, *said]])
    with pytest.raises(ValueError, match="one turn of the assistant, not assistant, user, assistant"):
        sft.lessons(several, family.load()[1])


def test_a_weight_without_gradient_stops_the_run(families):
    family = families("InternVL")
    model, processor = family.load()
    model.model.vision_tower.embeddings.mask_token = torch.nn.Parameter(torch.zeros(4))  # no forward pass reads it
    with pytest.raises(M.ModelError, match="no gradient reaches model.vision_tower.embeddings.mask_token and 0 more"):
        family.sft(model, processor, family.rows(1, 0))
