"""The SVG of a picture shows every shape and label where the picture in pixels has it."""

from xml.etree import ElementTree

import pytest

from mmhelix_nb.core import make, task_module, tasks
from mmhelix_nb.shared.draw import Label, Shape, style_named
from mmhelix_nb.shared.vector import LEAN, svg

NAME = "{http://www.w3.org/2000/svg}"


def numbers(element, *names: str) -> list[float]:
    return [float(element.get(name, "0")) for name in names]


def box(element) -> tuple[float, float, float, float]:
    """What a shape's element covers, its border included."""
    kind, edge = element.tag.removeprefix(NAME), float(element.get("stroke-width", "0")) / 2
    if kind in ("polyline", "polygon"):
        across, down = zip(*(map(float, pair.split(",")) for pair in element.get("points").split()), strict=True)
        found = min(across), min(down), max(across), max(down)
    elif kind == "ellipse":
        x, y, wide, high = numbers(element, "cx", "cy", "rx", "ry")
        found = x - wide, y - high, x + wide, y + high
    else:
        x, y, wide, high = numbers(element, "x", "y", "width", "height")
        found = x, y, x + wide, y + high
    return found[0] - edge, found[1] - edge, found[2] + edge, found[3] + edge


def off(one, other) -> float:
    """By how many px two boxes differ at most."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def expected(shape: Shape) -> tuple[float, float, float, float]:
    """The pixels of a shape, from the left border of the first to the right one of the last."""
    left, top, right, bottom = shape.frame()
    return left, top, right + 1, bottom + 1


def ink(label: Label, element) -> float:
    """By how many px the middle and the width of a text differ from its ink in the picture; the room before and after its letters is not inked."""
    left, _, right, _ = label.box()
    if label.letters == "slanted":
        a, b, c, d, x, y = map(float, element.get("transform").removeprefix("matrix(").removesuffix(")").split())
        assert (a, b, c, d) == (1, 0, -LEAN, 1)
    else:
        x, y = float(element.get("x")), label.y
    assert y == label.y and element.text == label.text
    wide = float(element.get("textLength"))
    return max(abs((left + right) / 2 - x), abs(right - left - wide) - 0.25 * label.size)


def allowed(shape: Shape) -> float:
    """By how many px the boxes may differ: half a pixel and what rounding takes, and for a line the half of its thickness that `Shape.frame` adds at its ends."""
    return 0.51 + (shape.width / 2 + 0.5 if shape.kind == "line" else 0)


@pytest.mark.parametrize("task", tasks())
def test_both_pictures_have_the_same_boxes(task):
    for level, style in enumerate(("light", "look:2", "look:3", "look:4", "look:5"), 1):
        state = make(task, level, 0).state
        canvas = task_module(task).layout(state, style_named(style))
        root = ElementTree.fromstring(svg(canvas))
        assert numbers(root, "width", "height") == [canvas.width, canvas.height]
        shapes = [element for element in root.iter() if element.tag.removeprefix(NAME) not in ("svg", "g", "text")][1:]
        for shape, element in zip(canvas.shapes, shapes, strict=True):  # what is left out is the paper
            assert off(box(element), expected(shape)) <= allowed(shape), (level, style, shape)
        for label, element in zip(canvas.labels, root.iter(NAME + "text"), strict=True):
            assert ink(label, element) <= 2.5, (level, style, label)
