"""What `make gpu-check` measures on a card, with a tiny model on a CPU: all but the kernels."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("bitsandbytes")
pytest.importorskip("trl")
sys.path.insert(0, str(Path(__file__).parent))

from gpu import check  # noqa: E402

from mmhelix_nb.book.profiles import read_profile  # noqa: E402
from mmhelix_nb.training import budget, shapes  # noqa: E402
from mmhelix_nb.training.models import blank  # noqa: E402


def test_every_phase_is_measured_beside_the_plan():
    found = check.check("gpu24", 1, dry=True)
    phases = found["phases"]
    assert list(phases) == ["load", "look ahead", "SFT", "rollouts", "AHPO"] and found["new_tokens"] == 24
    assert all(line["seconds"] > 0 and line["peak_gb"] > 0 for line in phases.values())
    assert phases["rollouts"]["calls"] == 1 and phases["AHPO"]["calls"] == 2
    assert {line["phase"] for line in found["plan"]} >= {"SFT", "AHPO update"}


def test_the_language_layers_alone_are_in_four_bits():
    book = read_profile("gpu24", check.ROOT, check.DRY)
    processor = check.processor_of(book)
    shape = budget.replace(
        shapes.qwen(64, 2, 2, 1, 128, len(processor.tokenizer), True, shapes.Layer(32, 32, 32, 64, 2)), tower_layers=2
    )
    model = check.random_model(book, check.config_of(shape, processor.tokenizer, shape.vocabulary), "cpu")
    packed = {name for name, module in model.named_modules() if name.endswith("base_layer")}
    kinds = {type(model.get_submodule(name)).__module__.split(".")[0] for name in packed}
    assert len(packed) == 2 * 7 and kinds == {"bitsandbytes"} and all("language_model" in name for name in packed)
    assert not [
        name
        for name, one in model.named_modules()
        if type(one).__name__ == "Linear4bit" and "language_model" not in name
    ]


@pytest.mark.parametrize("name", shapes.SHIPPED)
def test_the_configuration_has_the_shipped_widths(name):
    book = read_profile("gpu24", check.ROOT)
    shape = shapes.SHIPPED[name]
    model = blank(check.config_of(shape, check.processor_of(book).tokenizer, shape.vocabulary))
    assert sum(weight.numel() for weight in model.parameters()) == pytest.approx(shape.weights, rel=1e-3)
