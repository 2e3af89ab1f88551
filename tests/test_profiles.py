"""Profiles: the shipped ones are complete, and each kind of mistake is one line that says what is right."""

import json
import re

import pytest

from mmhelix_nb.book.profiles import Profile, ProfileError, read_profile

SHIPPED = ("smoke", "mini", "night", "gpu16", "gpu24", "paper")

# text of the file, what the error says after the file's name
MISTAKES = {
    "unknown section": ("training: {}", ":1: training: unknown key; allowed: about, seed, machine, model"),
    "misspelt key": (
        "seed: 0\nahpo:\n  learning_rat: 1e-5",
        ":3: ahpo.learning_rat: unknown key; did you mean learning_rate?",
    ),
    "key of another section": (
        "model: {success_threshold: 2}",
        ":1: model.success_threshold: unknown key here; it belongs to ahpo",
    ),
    "unknown task": (
        "generators: {tasks: [maze, mazee]}",
        ":1: generators.tasks.1 = \"mazee\": must be a task: task 'mazee' is unknown; did you mean 'maze'?",
    ),
    "task twice": (
        "generators: {tasks: [24Points, twenty_four_points]}",
        ": must be a list that names each task once",
    ),
    "level twice": ("generators: {levels: [1, 1]}", ":1: generators.levels = [1, 1]: must be some of 1, 2, 3, 4, 5"),
    "no modality": ("evaluation: {modalities: []}", ":1: evaluation.modalities = []: must be image, text or both"),
    "seed too large": ("seed: 4294967296", ":1: seed = 4294967296: must be at most 4294967295"),
    "flash attention in 32 bits": (
        "model: {attention: flash_attention_2, dtype: float32}",
        ':1: model.attention = "flash_attention_2": must be sdpa or eager',
    ),
    "no such prompts": (
        "serg: {general: no/such.parquet}",
        ': serg.general = "no/such.parquet": must be a Parquet file',
    ),
    "checkpoints between updates": (
        "ahpo: {num_iterations: 3}",
        ":1: ahpo.save_steps = 10: must be a multiple of num_iterations (3)",
    ),
    "warm-up longer than half a run": (
        "sft: {steps: 20, warmup_steps: 10}",
        ":1: sft.warmup_steps = 10: must be fewer than the 10 steps of sft_half",
    ),
    "extends a stranger": ("extends: mimi", 'extends = "mimi": no profiles/mimi.yaml; did you mean mini?'),
    "extends a number": ("extends: 3", ":1: extends = 3: must be the name of a profile"),
    "extends itself": ("extends: mine.yaml", ':1: extends = "mine.yaml": must not lead back to this profile'),
    "infinite": ("ahpo: {beta: .inf}", ":1: ahpo.beta = Infinity: must be a finite number"),
    "too many steps": ("sft: {steps: 99999999999999999999}", ": must be at most 1000000000"),
    "word for a number": ("sft:\n  steps: ten", ':2: sft.steps = "ten": must be a whole number'),
    "quoted number": ('sft: {steps: "10"}', ':1: sft.steps = "10": must be a whole number'),
    "fraction for a whole number": ("sft: {steps: 1.5}", ":1: sft.steps = 1.5: must be a whole number"),
    "number for a truth value": ("sft: {bf16: 1}", ":1: sft.bf16 = 1: must be true or false"),
    "number for a list": ("generators: {levels: 3}", ":1: generators.levels = 3: must be a list such as [1, 2]"),
    "number for a section": ("model: 3", ":1: model = 3: must be a section of keys"),
    "empty section": ("model:", ":1: model = null: must be a section of keys"),
    "level 6": ("generators: {levels: [1, 6]}", ":1: generators.levels = [1, 6]: must be some of 1, 2, 3, 4, 5"),
    "not one of": ("model: {quantise: int8}", ':1: model.quantise = "int8": must be one of none or nf4'),
    "unknown method": (
        "ahpo: {methods: [grpo, ppo]}",
        ':1: ahpo.methods.1 = "ppo": must be one of grpo, sft_grpo, luffy, static, ahpo',
    ),
    "method twice": (
        "ahpo: {methods: [grpo, grpo]}",
        ':1: ahpo.methods = ["grpo", "grpo"]: must be a list that names each method once',
    ),
    "negative seed": ("seed: -1", ":1: seed = -1: must be at least 0"),
    "zero learning rate": ("sft: {learning_rate: 0.0}", ":1: sft.learning_rate = 0.0: must be more than 0"),
    "threshold out of reach": (
        "ahpo: {success_threshold: 9}",
        ":1: ahpo.success_threshold = 9: must be at most num_generations + 1 (6)",
    ),
    "indivisible batch": (
        "ahpo: {micro_batch: 7}",
        ":1: ahpo.micro_batch = 7: must be a divisor of the 25 rollouts written at once",
    ),
    "warm-up too long": (
        "sft: {steps: 20, warmup_steps: 20}",
        ":1: sft.warmup_steps = 20: must be fewer than steps (20)",
    ),
    "4 bits without LoRA": ("model: {lora_rank: 0}", ":1: model.lora_rank = 0: must be at least 1 with quantise: nf4"),
    "pixels the wrong way": (
        "model: {min_pixels: 9000, max_pixels: 1000}",
        ":1: model.max_pixels = 1000: must be at least min_pixels (9000)",
    ),
    "model without owner": ("model: {name: tiny}", ':1: model.name = "tiny": must be mini, or owner/name'),
    "name in the file": ("name: other", ":1: name: unknown key; the file's name is the profile's name"),
    "key twice": ("seed: 1\nseed: 2", ":2: not valid YAML: 'seed' stands here twice"),
    "broken YAML": ("model: {name: [", ":1: not valid YAML"),
    "tab": ("model:\n\tname: mini", ":2: not valid YAML"),
    "a list": ("- 1", ": must hold keys such as `seed: 0`, not a list"),
    "key that is a list": ("? [1, 2]\n: 3", ":1: not valid YAML: a key must be a word"),
}


def complaint(tmp_path, text: str) -> str:
    """What the reader says about a file holding `text`."""
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(ProfileError) as caught:
        read_profile(str(file))
    return str(caught.value)


@pytest.mark.parametrize("kind", MISTAKES)
def test_mistake_is_one_line_with_file_key_value_and_remedy(tmp_path, kind):
    text, said = MISTAKES[kind]
    message = complaint(tmp_path, text)
    assert said in message, message
    assert "mine.yaml" in message and "\n" not in message and len(message) < 500


def test_several_mistakes_are_counted(tmp_path):
    assert complaint(tmp_path, "seed: -1\nsft: {steps: 0}").endswith("(and 1 more)")


def test_binary_file(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProfileError, match="cannot be read as text"):
        read_profile(str(file))


def test_absent_profiles():
    with pytest.raises(ProfileError, match="did you mean mini?"):
        read_profile("mimi")
    with pytest.raises(ProfileError, match="there are: .*gpu24"):
        read_profile("zzzz")
    with pytest.raises(ProfileError, match="no such file"):
        read_profile("nowhere/x.yaml")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profile(name):
    profile = read_profile(name)
    assert profile.name == name and profile.about
    assert profile.model.name == "mini" or re.fullmatch("Qwen/Qwen2.5-VL-[37]B-Instruct", profile.model.name)
    assert profile.ahpo.num_generations == 5 and profile.ahpo.success_threshold == 2 and profile.ahpo.beta == 0


def test_paper_profile_holds_the_published_numbers():
    p = read_profile("paper")
    assert p.sft.samples == 22_000 and p.sft.batch_size * p.sft.gradient_accumulation_steps * p.machine.gpus == 128
    assert p.ahpo.prompts_in_domain + p.ahpo.prompts_general == 128 and p.ahpo.learning_rate == 1e-6
    assert p.model.lora_rank == 0 and p.model.quantise == "none"


def test_gpu24_is_a_four_bit_lora_recipe():
    p = read_profile("gpu24")
    assert (
        p.model.quantise == "nf4" and p.model.double_quantisation and p.model.dtype == "bfloat16" and p.model.lora_rank
    )
    for stage in (p.sft, p.ahpo):
        assert stage.gradient_checkpointing and stage.optim == "paged_adamw_8bit" and stage.bf16


def test_profiles_are_frozen_and_an_empty_file_is_the_default(tmp_path):
    (tmp_path / "empty.yaml").write_text("")
    profile = read_profile(str(tmp_path / "empty.yaml"))
    assert profile == Profile(name="empty")
    with pytest.raises(ValueError, match="frozen"):
        profile.seed = 1


def test_a_profile_says_only_what_differs(tmp_path):
    (tmp_path / "seven.yaml").write_text("model: {name: Qwen/Qwen2.5-VL-7B-Instruct}")
    profile = read_profile(str(tmp_path / "seven.yaml"))
    assert profile == Profile(name="seven")
    assert profile.evaluation.max_new_tokens == 4096 and profile.model.max_pixels == 768 * 28 * 28
    (tmp_path / "mine.yaml").write_text("extends: mini\nsft: {steps: 30}")
    mine, mini = read_profile(str(tmp_path / "mine.yaml")), read_profile("mini")
    assert mine.sft == mini.sft.model_copy(update={"steps": 30}) and mine.ahpo == mini.ahpo


def test_an_inherited_mistake_names_the_file_that_holds_it(tmp_path):
    (tmp_path / "below.yaml").write_text("seed: 1\nsft: {steps: 20}")
    (tmp_path / "mine.yaml").write_text("extends: below.yaml\nsft: {warmup_steps: 20}")
    with pytest.raises(ProfileError, match=r"mine.yaml:2: sft.warmup_steps = 20: must be fewer than steps"):
        read_profile(str(tmp_path / "mine.yaml"))
    (tmp_path / "below.yaml").write_text("seed: -1")
    (tmp_path / "mine.yaml").write_text("extends: below.yaml")
    with pytest.raises(ProfileError, match=r"^below.yaml:1: seed = -1"):
        read_profile(str(tmp_path / "mine.yaml"))


OVERRIDES = {
    "ahpo.steps=ten": "--set ahpo.steps=ten: must be a whole number",
    "ahpo.stepps=3": "--set ahpo.stepps=3: unknown key; did you mean steps?",
    "ahpo=3": "--set ahpo=3: must name one setting such as seed or ahpo.steps",
    "steps=3": "--set steps=3: unknown key",
    "name=x": "--set name=x: must name one setting",
    "seed": "--set seed: must look like ahpo.learning_rate=2e-4",
    "seed=[1": "--set seed=[1: the value must be written as in a profile",
    "sft.warmup_steps=999": "--set sft.warmup_steps=999: must be fewer than steps (120)",
    "generators.tasks=[mazee]": "--set generators.tasks=[mazee]: must be a task: task 'mazee' is unknown",
}


@pytest.mark.parametrize("text", OVERRIDES)
def test_a_wrong_override_is_one_line_with_the_override(text):
    with pytest.raises(ProfileError) as caught:
        read_profile("mini", overrides=[text])
    assert str(caught.value).startswith(OVERRIDES[text]) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["/daten/größe/m", "/data/run #3/m", "C:\\\\x/m", "a/b: c", "a/b c", '"q"/r'])
def test_overrides_read_back_as_what_they_are(name):
    """A run hands them on to chapters, which read them again."""
    asked = read_profile("gpu24", overrides=[f"model.name={json.dumps(name)}"])
    again = read_profile("gpu24", overrides=list(asked.overrides))
    assert asked.model.name == again.model.name == name and asked == again


def test_overrides_are_remembered_alike_however_they_are_written():
    one = read_profile("mini", overrides="seed=1 ahpo.learning_rate=2e-4 sft.steps=120")
    two = read_profile("mini", overrides=["ahpo.learning_rate=0.0002", "seed=1"])
    assert one == two and one.overrides == ("ahpo.learning_rate=0.0002", "seed=1") and one.sft.steps == 120
