"""The leaderboard in Chromium: sorting, filters, a phone's width, and nothing asked of anybody."""

import os
from pathlib import Path

import pytest
from chromium import PROGRAM, Page

PAGE = Path(__file__).resolve().parents[2] / "reports/leaderboard/index.html"
pytestmark = pytest.mark.skipif(
    "MMHELIX_WEB" not in os.environ or not PROGRAM, reason="the browser is for make web-test, and needs Chromium"
)


def shown(page: Page, name: str) -> list[str]:
    """The keys of one column of the first table, of the rows that are shown."""
    at = f"[...document.querySelectorAll('.board th')].findIndex(th => th.textContent.startsWith('{name}'))"
    rows = "[...document.querySelector('.board').tBodies[0].rows].filter(row => !row.hidden)"
    return page.run(f"(at => {rows}.map(row => row.cells[at].dataset.key))({at})")


def choose(page: Page, box: str, value: str) -> None:
    page.run(
        f"(box => {{ box.value = '{value}'; box.dispatchEvent(new Event('change')) }})(document.querySelector('{box}'))"
    )


def click(page: Page, name: str) -> None:
    page.run(
        f"[...document.querySelectorAll('.board th button')].find(b => b.textContent.startsWith('{name}')).click()"
    )


def test_rows_are_sorted_and_filtered():
    with Page(width=390, height=844, phone=True) as page:
        page.open(PAGE.as_uri())
        page.wait("document.querySelector('.count')?.textContent === '24 of 47 rows'")
        click(page, "games")
        games = list(map(float, shown(page, "games")))
        assert games == sorted(games, reverse=True) and games[-1] < 0.01 < games[0]
        click(page, "games")
        assert list(map(float, shown(page, "games"))) == sorted(games)
        click(page, "paper prints")
        assert shown(page, "paper prints")[0] == "58.1" and shown(page, "paper prints")[-1] == ""  # the floor
        choose(page, "[data-filter=form]", "text")
        choose(page, "[data-filter=thinking]", "no")
        assert len(shown(page, "model")) == 13 and "GPT-5" not in shown(page, "model")
        choose(page, "#category", "graphs")
        graphs = list(map(float, shown(page, "graphs")))
        assert graphs == sorted(graphs, reverse=True)
        assert page.run("[...document.querySelectorAll('.board th')].filter(th => th.hidden).length") == 2 * 7
        choose(page, "#category", "")
        micro = list(map(float, shown(page, "micro")))
        assert micro == sorted(micro, reverse=True)
        assert page.run("document.documentElement.scrollWidth") == 390
        assert [one for one in page.addresses() if one != PAGE.as_uri() and not one.startswith("about:")] == []
