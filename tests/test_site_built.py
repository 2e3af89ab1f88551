"""The built site: it asks no other host for anything, no link is dead, and pages fit on a phone.

`make site-test` builds it and runs this; without that it is skipped. Chromium, where there is one, measures pages as a reader sees them."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_docs" / "html"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(not os.environ.get("MMHELIX_SITE"), reason="make site-test runs this")
LOADED = {"src", "srcset", "poster", "data", "action"}
READ = ("00_core", "10_generators", "20_verifiers", "30_serg", "40_sft", "50_ahpo", "60_evaluation", "70_ablations")
PHONE = (
    *READ,
    *("index", "tasks/index", "tasks/games/maze", "tasks/puzzles/sudoku", "tasks/CONTRACT", "doors/index"),
    *("training/families", "benchmark/kit", "api/core", "reports/index"),
)


class Page(HTMLParser):
    """What a page loads, what a reader may click, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.clicks: list[str] = []
        self.anchors = {""}
        self.classes: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attrs if value is not None}
        self.anchors |= {found.get("id", ""), found.get("name", "")}
        self.classes |= set(found.get("class", "").split())
        self.loads += [
            found[name] for name in LOADED & set(found) if not (tag == "form" or name == "data" and tag != "object")
        ]
        if "href" in found and tag == "a":
            self.clicks.append(found["href"])
        elif "href" in found and found.get("rel") != "canonical":
            self.loads.append(found["href"])


@cache
def page(path: Path) -> Page:
    return Page(path)


def pages() -> list[Path]:
    return sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)


def foreign(url: str) -> bool:
    """Whether a browser would ask another host for `url`."""
    return url.startswith("//") or urlsplit(url).scheme in ("http", "https", "ws", "wss", "ftp")


def dead(path: Path) -> Iterator[str]:
    """The links of a page that lead nowhere within the site."""
    for url in page(path).clicks + page(path).loads:
        parts = urlsplit(url)
        if parts.scheme or url.startswith("//"):
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        if (
            not target.is_file()
            or parts.fragment
            and target.suffix == ".html"
            and not parts.fragment.startswith("/")  # a puzzle of the live gallery, and no anchor
            and unquote(parts.fragment) not in page(target).anchors
        ):
            yield f"{path.relative_to(HTML)}: {url}"


def test_every_notebook_and_module_has_its_page():
    names = {str(path.relative_to(ROOT / "nbs").with_suffix("")) for path in (ROOT / "nbs").rglob("*.ipynb")}
    there = {str(path.relative_to(HTML).with_suffix("")) for path in pages()}
    assert names - there <= {"index", "tasks/_template"} and len(names) > 100
    assert {
        "api/core",
        "api/games.maze",
        "api/training.loop",
        "reports/mini/index",
        "tasks/CONTRACT",
        "index",
        "search",
    } <= there


def test_nothing_is_asked_of_another_host():
    asked = [f"{path.relative_to(HTML)}: {url}" for path in pages() for url in page(path).loads if foreign(url)]
    assert not asked, asked[:20]
    for path in HTML.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", path.read_text(encoding="utf-8")), path


def test_no_link_is_dead():
    found = [line for path in pages() for line in dead(path)]
    assert not found, found[:20]


@pytest.mark.parametrize("name", READ)
def test_chapters_have_search_dark_neighbours_and_sources(name):
    read = page(HTML / f"{name}.html")
    assert {"theme-switch-button", "search-button", "right-next"} <= read.classes
    assert any("colab.research.google.com" in url and url.endswith(f"nbs/{name}.ipynb") for url in read.clicks)
    assert any("github.com" in url and url.endswith(f"/blob/main/nbs/{name}.ipynb") for url in read.clicks)


def test_no_directive_of_the_notebooks_is_shown():
    for path in pages():
        text = re.sub(r"<[^>]+>", "", path.read_text(encoding="utf-8"))
        if path.relative_to(HTML).parts[0] not in ("reports", "api"):
            assert not re.search(r"^#\| (export|hide|default_exp)", text, re.MULTILINE), path


def test_no_table_is_left_as_bars():
    """What a cell shows as Markdown is drawn as such, tables too; what it prints is text and stays so."""
    for path in pages():
        text = re.sub(r"<(pre|script)\b.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"\|\s*(?:-{3}|—|–)\s*\|", text), path


def test_every_task_opens_with_its_picture():
    tasks = [path for path in HTML.glob("tasks/*/*.html") if path.stem != "index"]
    for path in tasks:
        text = path.read_text(encoding="utf-8")
        picture = re.search(rf'<img alt="a puzzle of the task [^>]*{path.stem}\w*\.png"', text)
        assert picture and picture.start() < text.index('<section id="rules">'), path
    assert len(tasks) == 42


def test_formulas_are_marked_to_be_drawn_and_scripts_are_loaded_where_they_are_needed():
    text = (HTML / "50_ahpo.html").read_text(encoding="utf-8")
    assert text.count('class="formula') > 20 and "katex.min.js" in text and "plotly.min.js" not in text
    assert "$$" not in re.sub(r"<(pre|script)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = (HTML / "10_generators.html").read_text(encoding="utf-8")
    assert "katex" not in text and "plotly.min.js" in text and text.count('class="plotly-figure"') == 1


MEASURE = """<body><script>
const names = %s, wide = [];
(async () => {
  for (const name of names) {
    const frame = document.createElement("iframe");
    frame.style = "width:390px;height:800px;border:0";
    frame.src = "file://%s/" + name + ".html";
    document.body.append(frame);
    await new Promise(done => frame.onload = done);
    const root = frame.contentDocument.documentElement;
    if (root.scrollWidth > 392) wide.push([name, root.scrollWidth]);
    const drawn = root.querySelectorAll(".formula .katex").length;
    if (drawn < root.querySelectorAll(".formula").length || root.querySelector(".katex-error")) wide.push([name, "formulas"]);
    frame.remove();
  }
  const told = document.createElement("pre");
  told.id = "told";
  told.textContent = JSON.stringify(wide);
  document.body.append(told);
})();
</script></body>"""


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")
def test_pages_fit_on_a_phone_and_load_nothing_from_elsewhere(tmp_path):
    (tmp_path / "measure.html").write_text(MEASURE % (json.dumps(PHONE), HTML), encoding="utf-8")
    options = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--allow-file-access-from-files",
        "--disable-background-networking",
    )
    log = f"--log-net-log={tmp_path / 'net.json'}"
    command = [
        CHROMIUM,
        *options,
        log,
        f"--user-data-dir={tmp_path / 'user'}",
        "--timeout=240000",
        "--virtual-time-budget=200000",
        "--dump-dom",
        f"file://{tmp_path}/measure.html",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout)
    assert told, done.stdout[-500:] + done.stderr[-500:]
    assert json.loads(told[1]) == []
    hosts = set(re.findall(r'"url":"(https?://[^/"]+)', (tmp_path / "net.json").read_text(encoding="utf-8")))
    assert not {host for host in hosts if not re.search(r"\.(google|googleapis|gvt1)\.com$", host)}, (
        hosts
    )  # Chromium's own


def test_the_list_beside_a_page_says_where_it_is():
    for name, marked in (
        ("book/pages", ["index.html", "#"]),
        ("tasks/puzzles/tapa", ["../index.html", "index.html"]),
        ("search", []),
    ):
        page = (HTML / f"{name}.html").read_text(encoding="utf-8")
        listed = page[page.index('<nav class="bd-links') :].partition("</nav>")[0]
        assert re.findall(r'<li class="[^"]*\bactive\b[^"]*"><a class="[^"]*" href="([^"]*)"', listed) == marked, name
        assert listed.count('<details open="open">') == min(1, len(marked)) and listed.count("toctree-l1") > 20


def test_a_figure_says_how_wide_it_is_and_what_it_shows():
    page = (HTML / "reports/claims/README.html").read_text(encoding="utf-8")
    assert 'class="columns1"' in page and "claims.svg" in page
    told = re.findall(r'<img alt="([^"]*)" class="columns2"', (HTML / "claims/paths.html").read_text(encoding="utf-8"))
    assert len(told) > 2 and not any(text.endswith(".svg") for text in told)
