"""GALLERY.md and its pictures are what the code makes of the puzzles."""

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


OF_ANY_LENGTH = {
    "bridges",
    "minesweeper",
    "tapa",
}  # cells without a bracket around them: a shorter list is whole as well


@pytest.mark.parametrize("task", sorted({*tasks()} - OF_ANY_LENGTH))
def test_who_is_still_typing_a_right_answer_is_not_called_wrong(task):
    for seed in range(3):
        item = make(task, 2, seed)
        for end in range(0 if item.answer.isdecimal() else len(item.answer)):
            found = verdict_shown(item, item.answer[:end])
            within = item.answer[:end][-1:].isalnum() and item.answer[end].isalnum()  # the 1 of 10
            assert found["right"] or not found["whole"] or within, (item.answer[:end], found["reason"])
