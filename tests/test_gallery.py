"""GALLERY.md and its pictures are what the code makes of the puzzles."""

from pathlib import Path

from mmhelix_nb.benchmark.gallery import PICTURES, markdown_gallery
from mmhelix_nb.benchmark.live import published

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_that_github_shows_is_up_to_date():
    made = markdown_gallery(published())
    stale = [path for path, text in made.items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], "run: make readme"
    assert {path for path in made if path.endswith(".svg")} == {
        path.relative_to(ROOT).as_posix() for path in (ROOT / PICTURES).iterdir()
    }
