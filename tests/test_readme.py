"""README.md is what index.ipynb and reports/ say."""

from pathlib import Path

from mmhelix_nb.running.readme import readme

ROOT = Path(__file__).resolve().parents[1]


def test_readme_is_up_to_date():
    assert (ROOT / "README.md").read_text(encoding="utf-8") == readme(ROOT), "run: make readme"
