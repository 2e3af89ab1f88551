"""A run's page in Chromium: it follows a run to its end, fits on a phone, and asks nothing of anybody else."""

import os
import time

import pytest
from chromium import PROGRAM, Page

from mmhelix_nb.book.place import book_folder
from mmhelix_nb.book.profiles import read_profile
from mmhelix_nb.book.results import append_curve, claim, write_json
from mmhelix_nb.running.live import served
from mmhelix_nb.running.points import Place, runs_of
from mmhelix_nb.running.runner import RUN_LOCK, Plan, note_end, note_run, write_status

pytestmark = pytest.mark.skipif(
    "MMHELIX_WEB" not in os.environ or not PROGRAM, reason="the browser is for make web-test, and needs Chromium"
)
WORD, BASE = "document.querySelector('#word')?.textContent", "document.querySelector('#jobs li.running')"


def test_a_page_follows_a_run_to_its_end(tmp_path):
    place = Place(tmp_path, read_profile("smoke"))
    note_run(Plan(place, "smoke", (place.profile,), runs_of([place.profile], tmp_path, only="base")), cores=2)
    with Page(width=390, height=844, phone=True) as page:
        with claim(place.run() / RUN_LOCK, "a run"), served(place.run()) as address:
            page.open(address)
            page.wait(f"{WORD} === 'running'")
            write_status(place, "base", "running", started=time.time() - 5, progress="cell 9 of 50")
            page.wait(f"{BASE}?.textContent.includes('before the first step')")
            append_curve(place.report("base") / "curve.jsonl", {"step": 10, "loss": 1.5})
            page.wait(f"{BASE}?.textContent.includes('step 10 of 20')")
            page.wait("document.querySelector('.charts figure output')?.textContent === '1.5'")
            facts = {
                "job": "base",
                "notebook": "nbs/training/lab.ipynb",
                "error": "ValueError",
                "message": "<img src=x>",
            }
            write_json(place.report("base") / "failure.json", {**facts, "log": "runs/reports/smoke/base/log.txt"})
            write_status(place, "base", "failed", seconds=9.0)
            note_end(place)  # and the server waits until the page has asked once more
        page.wait(f"{WORD} === 'failed'")
        assert "ValueError: <img src=x>" in page.run("document.querySelector('.fault').textContent")
        assert page.run("document.querySelectorAll('img').length") == 0
        assert page.run("document.documentElement.scrollWidth") == 390
        assert not [one for one in page.addresses() if not one.startswith((address, "about:", "data:"))]


def test_a_finished_run_is_read_by_touch():
    with Page(width=1280, height=900) as page, served(book_folder() / "reports/mini") as address:
        page.open(address)
        page.wait("document.querySelectorAll('.charts figure').length === 6")
        assert page.run("document.querySelectorAll('.arm').length") == 1  # the others' gates never move
        first = "document.querySelector('.charts svg')"
        box = f"(b => [b.left + 0.3 * b.width, b.top + 0.5 * b.height])({first}.getBoundingClientRect())"
        page.run(
            f"(([x, y]) => {first}.dispatchEvent(new PointerEvent('pointermove', {{clientX: x, clientY: y}})))({box})"
        )
        assert page.run(f"{first}.querySelector('.unit').textContent").startswith("step 2")
        page.run(f"{first}.dispatchEvent(new PointerEvent('pointerleave'))")
        page.wait("document.querySelector('.charts .unit').textContent === 'step'")
        assert page.run("document.documentElement.scrollWidth") <= 1280
