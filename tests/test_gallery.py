"""GALLERY.md and its pictures are what the code makes of the puzzles."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmhelix_nb.benchmark.gallery import PICTURES, markdown_gallery
from mmhelix_nb.benchmark.live import published
from mmhelix_nb.benchmark.shown import verdict_shown
from mmhelix_nb.core import make, tasks

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_that_github_shows_is_up_to_date():
    made = markdown_gallery(published())
    stale = [path for path, text in made.items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], "run: make readme"
    assert {path for path in made if path.endswith(".svg")} == {
        path.relative_to(ROOT).as_posix() for path in (ROOT / PICTURES).iterdir()
    }


def beginnings(task: str, bare: bool = False) -> Iterator[tuple[str, dict, bool]]:
    """Every proper beginning of right answers, `bare` without brackets around them, what is shown of it, and whether it is a lone number."""
    for level in (1, 3, 5):
        for seed in range(3):
            item = make(task, level, seed)
            answer = item.answer.strip("[]") if bare else item.answer
            if item.check(answer):
                for end in range(len(answer)):
                    yield answer[:end], verdict_shown(item, answer[:end]), answer.isdecimal()


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("task", tasks())
def test_a_beginning_of_a_right_answer_is_never_called_wrong(task, bare):
    """A lone number alone may be: to tell which beginnings are right would give the answer away, so the page waits for more digits."""
    for begun, found, number in beginnings(task, bare):
        assert found["right"] or not found["whole"] or number and found["open"], (begun, found["reason"])


@pytest.mark.parametrize(
    "task, reply",
    [
        ("maze", "up up"),
        ("tapa", "(99, 0)"),
        ("minesweeper", "(99, 0)"),
        ("bridges", "(0,0)-(0,3):3"),
        ("word_ladder", "xyz -> abc"),
        ("twenty_four_points", "99 + 1"),
        ("hamiltonian_path", "[0, 0]"),
    ],
)
def test_what_breaks_a_rule_is_called_wrong_at_once(task, reply):
    found = verdict_shown(make(task, 1, 0), reply)
    assert (found["right"], found["whole"], found["open"]) == (False, True, False), found["reason"]
