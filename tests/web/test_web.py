"""The live gallery shows what Python shows: in Node by fingerprints, in Chromium by playing.

Needs Pyodide, from the folder that MMHELIX_PYODIDE names or where `make web-test` puts it; that target also asks for all puzzles and for the browser."""

import base64
import functools
import http.server
import io
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from chromium import PROGRAM, Page
from PIL import Image, ImageChops, ImageFilter, ImageStat

from mmhelix_nb.benchmark.live import CDN, ENGINE, packed, write_live
from mmhelix_nb.benchmark.shown import fingerprint, trace_shown, verdict_shown
from mmhelix_nb.book.results import write_json
from mmhelix_nb.core import make, task_module, tasks
from mmhelix_nb.reporting.scores import answers_in
from mmhelix_nb.shared.draw import style_named
from mmhelix_nb.shared.vector import svg

ROOT = Path(__file__).resolve().parents[2]
PYODIDE = Path(os.environ.get("MMHELIX_PYODIDE") or ROOT / ".venv/pyodide/package")
WHOLE = "MMHELIX_WEB" in os.environ
needs_pyodide = pytest.mark.skipif(
    not all((PYODIDE / name).is_file() for name in ENGINE), reason=f"no Pyodide in {PYODIDE}; make web-test brings it"
)
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is missing")
needs_browser = pytest.mark.skipif(
    not WHOLE or not PROGRAM, reason="the browser is for make web-test, and needs Chromium"
)


@needs_pyodide
@needs_node
def test_a_browser_s_python_shows_the_same(tmp_path):
    levels, seeds = (range(1, 6), range(2)) if WHOLE else ((2,), (0,))
    cells = [(task, level, seed) for task in tasks() for level in levels for seed in seeds]
    (tmp_path / "mmhelix.zip").write_bytes(packed())
    line = ["node", str(ROOT / "tests/web/parity.mjs"), str(PYODIDE), str(tmp_path / "mmhelix.zip"), json.dumps(cells)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs, start = json.loads(done.stdout), time.perf_counter()
    ours = [fingerprint(*cell) for cell in cells]
    assert [cell for cell, one, other in zip(cells, ours, theirs["found"], strict=True) if one != other] == []
    each = (time.perf_counter() - start) / len(cells)
    print(
        f"Pyodide: {theirs['start']:.1f} s to start, {1000 * theirs['each']:.0f} ms a puzzle; CPython: {1000 * each:.0f} ms"
    )


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


def evaluated(folder: Path) -> Path:
    """An evaluation of two puzzles, kept in `folder`."""
    asked = {"category": "games", "finish": "stop", "modality": "image", "prompt_hash": "", "task": "maze", "text": "", "tokens": 1}  # fmt: skip
    lines = []
    for seed, answer in ((0, make("maze", 1, 0).answer), (7, "up")):
        found = make("maze", 1, seed).check(answer)
        lines.append({**asked, "item": f"maze/1/{seed}/image", "level": 1, "answer": answer, "ok": found.ok, "reason": found.reason})  # fmt: skip
    (folder / "judged.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    write_json(folder / "results.json", {"model": "tiny", "profile": "smoke", "seed": 0, "results": {}})
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the gallery on a server of files."""
    folder = write_live(
        tmp_path_factory.mktemp("live"), PYODIDE, answers_in(evaluated(tmp_path_factory.mktemp("runs")))
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def page(site):
    with Page() as page:
        yield page


def verdict(page: Page) -> str:
    return page.wait("document.querySelector('#verdict.right, #verdict.wrong, #verdict.begun')?.innerText")


def answer(page: Page, text: str) -> str:
    """What the page says of an answer that is typed."""
    page.run("document.getElementById('reply').value = ''; document.getElementById('reply').focus()")
    page.run("document.getElementById('verdict').className = ''")
    page.type(text)
    return verdict(page)


def shows(page: Page, site: str, task: str, level: int, seed: int) -> None:
    """Follow a permalink and wait for the puzzle."""
    page.open(f"{site}#/{task}/{level}/{seed}")
    name = f"{task.replace('_', ' ')}, level {level}, seed {seed}"
    page.wait(f"document.querySelector('#picture title')?.textContent === {json.dumps(name)}")
    page.wait("!document.querySelector('.waiting')")


@needs_pyodide
@needs_browser
def test_a_stranger_plays(page, site):
    start = time.perf_counter()
    page.open(site)
    page.wait("document.querySelector('#picture svg') && document.getElementById('question').innerText")
    first = time.perf_counter() - start
    page.wait("document.getElementById('verdict').innerText.startsWith('The verdict comes')")
    print(f"first picture {first:.1f} s, playable {time.perf_counter() - start:.1f} s after the address")
    assert "runs into a wall" in answer(page, "up up")
    assert answer(page, make("maze", 1, 0).answer).startswith("✓ Right")
    assert answer(page, "down left").startswith("… Not a complete answer so far: the walk ends at row ")
    page.run("document.getElementById('models').open = true")
    assert "1 of 2 at this level" in page.run("document.getElementById('answered').innerText")
    assert "✓ right" in page.run("document.getElementById('answered').innerText")
    shows(page, site, "maze", 1, 3)
    page.wait("document.getElementById('answered').innerText.includes('asked with the seeds 0 7')")


@needs_pyodide
@needs_browser
def test_a_number_may_go_on(page, site):
    shows(page, site, "best_time_to_buy_and_sell_stock", 3, 0)
    assert make("best_time_to_buy_and_sell_stock", 3, 0).answer == "101"
    page.run("reply.focus()")
    page.type("10")
    page.wait("document.getElementById('verdict').textContent.startsWith('… The number may go on')")
    page.type("1")
    assert verdict(page).startswith("✓ Right")
    assert answer(page, "10").startswith("✗ Not right: some sequence")


@needs_pyodide
@needs_browser
@pytest.mark.parametrize("task", ["h_index", "max_flow", "binairo", "calcudoku", "hanoi"])
def test_five_puzzles_are_played(page, site, task):
    item = make(task, 2, 7)
    shows(page, site, task, 2, 7)
    assert page.run("document.getElementById('question').textContent") == item.question("image")
    for bad in ("17 18", item.answer.replace("1", "4", 1) + "9" * item.answer.isdecimal()):
        found = verdict_shown(item, bad)
        said = "✗ Not right" if found["whole"] else "… Not a complete answer so far"
        assert not found["right"] and answer(page, bad) == f"{said}: {found['reason']}."
    assert answer(page, item.answer) == f"✓ Right: {item.check(item.answer).reason}."
    page.run("document.querySelector('#search').open = true")
    steps = item.trace()
    page.wait(f"document.getElementById('count').innerText === '1 of {len(steps)}'")
    page.run("document.activeElement.blur()")
    page.key("ArrowRight")
    assert page.run("document.querySelector('#said p').textContent") == steps[1].says
    for number, one in enumerate(trace_shown(item)):
        page.run(f"document.querySelectorAll('#ticks i')[{number}].click()")
        drawn = page.run("document.querySelectorAll('#said figure svg > g:last-child > *').length")
        assert not one["over"] or drawn == len(ElementTree.fromstring(one["over"])), number
    page.run("document.querySelector('#search').open = false; document.querySelector('#shallow').open = true")
    page.wait(f"document.querySelectorAll('#attempts tr').length === {len(item.shallow())}")
    page.run("document.querySelector('#shallow').open = false")


@needs_browser
def test_without_python_the_first_picture_stays_and_one_line_says_why(tmp_path):
    folder = write_live(tmp_path)
    (folder / "index.html").write_text((folder / "index.html").read_text().replace(CDN, "http://127.0.0.1:9/"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Page() as page:
        for address, pictures in (("", 1), ("#/sudoku/3/7", 0)):
            page.open(f"http://127.0.0.1:{server.server_port}/{address}")
            page.wait("document.getElementById('status')?.innerText.startsWith('Python could not be loaded from http')")
            page.wait(f"document.querySelectorAll('#picture svg').length === {pictures}")  # a file of its own
            page.wait("document.getElementById('verdict').textContent === 'Without Python nothing is checked.'")
    server.shutdown()
    server.server_close()


@needs_pyodide
@needs_browser
def test_addresses_controls_and_keys(page, site):
    shows(page, site, "sudoku", 3, 7)
    assert page.run("[task.value, document.querySelector('#levels :checked').value, seed.value]") == [
        "sudoku",
        "3",
        "7",
    ]
    page.run("document.activeElement.blur()")
    page.key("4")
    page.wait(
        "location.hash === '#/sudoku/4/7' && document.querySelector('#picture title').textContent.includes('level 4')"
    )
    page.key("n")
    page.wait("!location.hash.endsWith('/7')")
    page.open(f"{site}#/maze/9/7")
    page.wait("document.getElementById('status')?.innerText === 'level 9 must be 1 to 5'")
    assert page.run("solve.disabled && row.disabled && document.getElementById('verdict').textContent") == (
        "There is no puzzle at this address."
    )
    for bad, said in (("maze/2/x", "seed x must be a whole number"), ("%E0%A4%A/1/1", "is unknown")):
        page.open(f"{site}#/{bad}")
        page.wait(f"document.getElementById('status')?.innerText.includes('{said}')")
    page.open(f"{site}#/24Points/2/7")  # the paper's name
    page.wait("location.hash === '#/twenty_four_points/2/7' && document.getElementById('bars').children.length > 0")
    assert not page.run("solve.disabled")
    page.open(f"{site}#/maze/2/7/look:5")
    page.wait("document.querySelector('#picture svg') && !document.querySelector('.waiting')")
    assert page.run("[document.getElementById('style').value, document.getElementById('look').value]") == ["look", "5"]


@needs_pyodide
@needs_browser
def test_the_svg_looks_as_the_picture_does(page, site):
    """Edges and letters are smoothed in another way, and nothing is a line's thickness away from where it belongs."""
    page.open(f"{site}#/maze/1/0")
    page.wait("document.querySelector('#picture svg') !== null")
    page.run(
        "document.body.style = 'margin: 0; padding: 0; max-width: none'; document.fonts.load('20px Aileron').then(() => 0)"
    )
    for number, task in enumerate(tasks()):
        canvas = task_module(task).layout(
            make(task, 3, 1).state, style_named(("light", "look:2", "look:5")[number % 3])
        )
        page.run(
            f"document.body.innerHTML = {json.dumps(svg(canvas))}; document.querySelector('svg').style.display = 'block'"
        )
        clip = {"x": 0, "y": 0, "width": canvas.width, "height": canvas.height, "scale": 1}
        shot = page.call("Page.captureScreenshot", format="png", clip=clip)["data"]
        shown = Image.open(io.BytesIO(base64.b64decode(shot))).convert("RGB")
        assert ImageStat.Stat(ImageChops.difference(shown, canvas.image).convert("L")).mean[0] < 3.5, task
        soft = [picture.filter(ImageFilter.BoxBlur(2)) for picture in (shown, canvas.image)]
        assert ImageChops.difference(*soft).convert("L").getextrema()[1] < 100, task


@needs_pyodide
@needs_browser
def test_a_search_fits_on_a_phone(site):
    with Page(width=390, height=844, phone=True) as small:
        shows(small, site, "wordsearch", 5, 3)
        small.run("search.open = true")
        small.wait("document.querySelector('#said svg') !== null")
        assert small.run("document.documentElement.scrollWidth") <= 390


@needs_pyodide
@needs_browser
def test_nothing_is_asked_from_elsewhere(page, site):
    asked = page.addresses()
    assert len(asked) > 5 and [one for one in asked if not one.startswith((site, "data:", "blob:", "about:"))] == []
    assert [event["params"] for event in page.events if event.get("method") == "Runtime.exceptionThrown"] == []
