"""Write the folder that Sphinx reads: `python docs/prepare.py _docs/source`. Standard library only; `make site` brings the scripts that draw formulas and figures.

Pages keep the paths that their notebooks have under `nbs/`; README opens the site; the package's API and lists of all pages are made here."""

import json
import re
import shutil
import sys
from collections.abc import Iterable
from configparser import ConfigParser
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path

from notebooks import Site, first_picture, module_of, page, source
from reference import PACKAGE, Module, module_page, modules

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / ".venv-site" / "node_modules"
PLOTLY = "plotly.js-cartesian-dist-min/plotly-cartesian.min.js"
LIVE = "reports/gallery/live"  # what make gallery-live writes
RUN = "mini"  # the committed run whose executed copies are shown
PARTS = (  # titles of the contents, with patterns of the pages in them; a room that none names follows at the end
    ("Contract", ("0*",)),
    ("Benchmark", ("1*", "2*", "benchmark")),
    ("The 42 tasks", ("tasks",)),
    ("Doors", ("doors",)),
    ("Traces", ("3*", "traces")),
    ("Training", ("4*", "5*", "training")),
    ("Evaluation", ("6*", "7*", "reporting")),
    ("Claims", ("claims",)),
    ("Workshop", ("8*", "9*", "shared", "book", "running")),
)
ROOMS = {
    "tasks": "Tasks",
    "shared": "What tasks share",
    "book": "What chapters share",
    "traces": "Traces retold",
    "reporting": "Reporting",
    "running": "Running",
}
LEFT_OUT = ("index", "tasks/_template")
COPIED = {".html", ".ipynb", ".js", ".md", ".png", ".svg"}  # what of the reports the site has
PAGES = {"nbs/tasks/CONTRACT.md": "tasks/CONTRACT", "CONTRIBUTING.md": "contributing", "CHANGELOG.md": "changelog"}


@dataclass(frozen=True)
class Chapter:
    """A notebook as a page: its name without ending, its cells, its title, its one line."""

    name: str
    notebook: dict

    @property
    def opening(self) -> str:
        return next(source(cell) for cell in self.notebook["cells"] if cell["cell_type"] == "markdown")

    @property
    def title(self) -> str:
        return self.opening.split("\n", 1)[0].lstrip("# ").strip()

    @property
    def line(self) -> str:
        return next((line[2:] for line in self.opening.split("\n") if line.startswith("> ")), "")

    @property
    def room(self) -> str:
        return self.name.rpartition("/")[0]


def settings() -> dict[str, str]:
    """What `settings.ini` says."""
    parser = ConfigParser(delimiters=["="])
    parser.read(ROOT / "settings.ini", encoding="utf-8")
    return dict(parser["DEFAULT"])


def chapters() -> list[Chapter]:
    """All notebooks that are pages, in the order of their names."""
    found = {str(path.relative_to(ROOT / "nbs").with_suffix("")): path for path in (ROOT / "nbs").rglob("*.ipynb")}
    kept = sorted(
        name for name in found if name not in LEFT_OUT and not {"_proc", ".ipynb_checkpoints"} & set(name.split("/"))
    )
    return [Chapter(name, json.loads(found[name].read_text(encoding="utf-8"))) for name in kept]


def executed(name: str) -> list[Path]:
    """The executed copies of a chapter in the committed run, the main one first; swept settings are left to the report."""
    copies = sorted((ROOT / "reports" / RUN).glob(f"*/{Path(name).name}.ipynb"))
    plain = [path for path in copies if "@" not in path.parent.name]
    return sorted(plain, key=lambda path: (not path.parent.name.endswith("-ahpo"), path.parent.name))


def note(name: str, copies: list[Path], up: str) -> str:
    """Says where a chapter's outputs come from, with links to its pages in the report."""
    told = json.loads((copies[0].parent / "results.json").read_text(encoding="utf-8"))
    report = f"reports/{RUN}"
    jobs = [path.parent.name for path in copies if (ROOT / report / "chapters" / f"{path.parent.name}.html").is_file()]
    links = [f'<a href="{up}{report}/chapters/{job}.html">{job}</a>' for job in jobs]
    said = f"Outputs are those of the run `{told['profile']}`, seed {told['seed']}, commit `{told['commit']}`, where the code has not changed since, else of a small example."
    pages = f" Its numbers and figures: {', '.join(links)}; " if links else " "
    return f'{{.run-note}}\n{said}{pages}<a href="{up}{report}/index.html">the whole report</a>.'


def toctree(entries: Iterable[str], caption: str = "", hidden: bool = False, depth: int = 1) -> str:
    """A list of pages for Sphinx."""
    options = [
        ":titlesonly:",
        f":maxdepth: {depth}",
        *([f":caption: {caption}"] if caption else []),
        *([":hidden:"] if hidden else []),
    ]
    return "\n".join(["```{toctree}", *options, "", *entries, "```", ""])


def cards(chapters: Iterable[Chapter], page: str) -> list[str]:
    """Tasks as cards with their pictures and their lines, on a page in the folder `page`."""
    lines = ["::::{grid} 2 2 3 4", ":gutter: 3", ":class-container: task-cards", ""]
    for chapter in chapters:
        name = relpath(chapter.name, page)
        image = [f":img-top: {name}.png", f":img-alt: a puzzle of the task {chapter.title}"]
        pictured = first_picture(chapter.notebook["cells"]) is not None
        link = [f":link: {name}", ":link-type: doc", *(image if pictured else [])]
        lines += [f":::{{grid-item-card}} {chapter.title}", *link, "", chapter.line, ":::", ""]
    return [*lines, "::::", ""]


class Writer:
    """Writes the pages into `target`."""

    def __init__(self, target: Path) -> None:
        cfg = settings()
        self.target, self.blob = target, f"{cfg['git_url']}/blob/{cfg['branch']}"
        self.own = f"{cfg['doc_host']}{cfg['doc_baseurl']}"  # where the site is published
        self.chapters, self.modules = chapters(), modules(ROOT)
        self.written: set[Path] = set()
        rooms = {chapter.room for chapter in self.chapters if chapter.room}
        lists = {f"{room}/index.md" for room in {*rooms, "tasks", "reports", "api"}}
        texts = {"index.md", *(f"{name}.md" for name in PAGES.values())}
        pages = {f"{chapter.name}.ipynb" for chapter in self.chapters}
        names = pages | texts | {name for name in lists if name.replace(".md", ".ipynb") not in pages}
        exported = {
            f"{module.name.rpartition('.')[2]}.{name}": f"{module.name}.{name}"
            for module in self.modules
            for name in module.exported
        }
        self.site = Site(ROOT, frozenset(names), exported, self.blob)

    def write(self, name: str, text: str) -> None:
        """Write a page or a file, if it changes: Sphinx reads again what is newer."""
        path = self.target / name
        self.written.add(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")

    def copy(self, path: Path, name: str) -> None:
        """Copy a file as `name`."""
        (self.target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, self.target / name)

    def notebooks(self) -> None:
        """All notebooks, with the outputs of the run where there are some."""
        for chapter in self.chapters:
            copies, up = executed(chapter.name), "../" * chapter.name.count("/")
            run = json.loads(copies[0].read_text(encoding="utf-8")) if copies else None
            said = note(chapter.name, copies, up) if copies else ""
            if chapter.room.startswith("tasks/"):
                said = self.picture(chapter)
            made = page(chapter.notebook, f"{chapter.name}.ipynb", self.site, run, said)
            self.write(f"{chapter.name}.ipynb", json.dumps(made, ensure_ascii=False, indent=1) + "\n")

    def room(self, room: str) -> None:
        """The list of a room's pages, each with its one line: a page, or the end of the room's own opening page."""
        inside = [chapter for chapter in self.chapters if chapter.room == room and chapter.name != f"{room}/index"]
        lines = [
            f"* [{c.title}]({Path(c.name).name}.ipynb): {self.site.linked(c.line, f'{room}/index.md')}" for c in inside
        ]
        tree = toctree([Path(chapter.name).name for chapter in inside], hidden=True)
        own = self.target / room / "index.ipynb"
        if f"{room}/index.ipynb" not in self.site.pages:
            title = ROOMS.get(room, room.capitalize())
            return self.write(f"{room}/index.md", "\n".join([f"# {title}", "", *lines, "", tree]))
        opening = json.loads(own.read_text(encoding="utf-8"))
        text = "\n".join(["## Chapters", "", *lines, "", tree])
        opening["cells"].append({"cell_type": "markdown", "id": "chapters", "metadata": {}, "source": text})
        self.write(f"{room}/index.ipynb", json.dumps(opening, ensure_ascii=False, indent=1) + "\n")

    def tasks(self) -> None:
        """The tasks by category, each with its picture: a page for each category, and one for all."""
        names = sorted({chapter.room for chapter in self.chapters if chapter.room.startswith("tasks/")})
        counts, all_cards = {}, []
        for room in names:
            inside, title = [chapter for chapter in self.chapters if chapter.room == room], Path(room).name.capitalize()
            tree = toctree([Path(chapter.name).name for chapter in inside], hidden=True)
            self.write(f"{room}/index.md", "\n".join([f"# {title}", "", *cards(inside, room), tree]))
            counts[room] = len(inside)
            all_cards += [f"## {title}", "", *cards(inside, "tasks")]
        opened = f"{sum(counts.values())} puzzles; a page of each says what it is, how it is made, solved, asked and judged, and tells a solver's search. {self.played()}Every page has the same eight sections: rules, state, solver, generator, check, picture and question, trace, levels. What they have to be stands in [the contract](CONTRACT.md)."
        tree = toctree(["CONTRACT", *(f"{Path(room).name}/index" for room in names)], hidden=True)
        self.write("tasks/index.md", "\n".join(["# Tasks", "", opened, "", *all_cards, tree]))

    def played(self, up: str = "../", task: str = "") -> str:
        """A sentence that leads to the live gallery, to one `task` or to all; none where no gallery was made."""
        if not (ROOT / LIVE / "index.html").is_file():
            return ""
        where = f"#/{task}/2/7" if task else ""
        return f'<a href="{up}gallery/index.html{where}">Solve one in the browser</a>. '

    def picture(self, chapter: Chapter) -> str:
        """The opening of a task's page: its picture, written beside it, and the way to the live gallery."""
        name, png = Path(chapter.name).name, first_picture(chapter.notebook["cells"])
        if png is None:
            return self.played("../../", name)
        path = self.target / f"{chapter.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png)
        return f"![a puzzle of the task {chapter.title}]({name}.png)\n\n{self.played('../../', name)}"

    def api(self) -> None:
        """A page for every module that exports something, by rooms."""
        exporting = {
            f"{PACKAGE}.{name}": chapter for chapter in self.chapters if (name := module_of(chapter.notebook["cells"]))
        }
        rooms: dict[str, list[Module]] = {}
        for module in self.modules:
            chapter = exporting.get(module.name)
            link = f"[{chapter.title}](../{chapter.name}.ipynb)" if chapter else None
            self.write(f"api/{module.short}.md", module_page(module, link, self.blob))
            rooms.setdefault(module.short.rpartition(".")[0], []).append(module)
        for room, inside in rooms.items():
            lines = [f"* [{module.short}]({module.short}.md): {module.line}" for module in inside]
            tree = toctree([module.short for module in inside], hidden=True)
            if room:
                self.write(f"api/{room}.md", "\n".join([f"# {room}", "", *lines, "", tree]))
        opened = f"Every module of `{PACKAGE}`, with types, read from the source. The chapters explain them; `from {PACKAGE} import make, tasks` is where most begin."
        entries = [*(module.short for module in rooms.get("", ())), *sorted(filter(None, rooms))]
        self.write("api/index.md", "\n".join(["# API", "", opened, "", toctree(entries, depth=2)]))

    def reports(self) -> None:
        """The committed reports: pages of their own as they are, texts as pages of the site, and a list of both; and the live gallery where one was made."""
        reports, lines = ROOT / "reports", []
        found = [path for path in sorted(reports.rglob("*")) if "gallery" not in path.parts and path.is_file()]
        for path in found:
            if path.suffix in COPIED - {".md"}:
                self.copy(path, f"_extra/{path.relative_to(ROOT)}")
            if path.suffix == ".html":
                self.homeward(self.target / "_extra" / path.relative_to(ROOT))
            if path.suffix in (".svg", ".png"):
                self.copy(path, str(path.relative_to(ROOT)))
            elif path.suffix == ".md" and path.name != "card.md":
                self.report(path)
        if (ROOT / LIVE / "index.html").is_file():
            shutil.copytree(ROOT / LIVE, self.target / "_extra" / "gallery", dirs_exist_ok=True)
            self.homeward(self.target / "_extra" / "gallery" / "index.html")
        pages = [path for path in found if path.suffix == ".html" and "chapters" not in path.parts]
        for path in sorted(pages, key=lambda path: path.parent.name != RUN):
            lines.append(f'* <a href="{path.relative_to(reports)}">{title_of(path)}</a>')
        texts = [path.relative_to(reports) for path in found if path.suffix == ".md" and path.name != "card.md"]
        shown_twice = {path.parent for path in pages}  # a page is there for readers, its text for the repository
        lines += [
            f"* [{title_of(reports / path)}]({path})" for path in texts if reports / path.parent not in shown_twice
        ]
        opened = "What runs found, beside what the paper says. `make reproduce` makes the first of them on two cores, and compares your numbers with these."
        tree = toctree([str(path.with_suffix("")) for path in texts], hidden=True)
        self.write("reports/index.md", "\n".join(["# Reports", "", opened, "", *lines, "", tree]))

    def homeward(self, page: Path) -> None:
        """Let the link of a page that stands alone lead to this very site, wherever it was built."""
        up = relpath(self.target / "_extra" / "index.html", page.parent)
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace(f'href="{self.own}/"', f'href="{up}"'), encoding="utf-8")

    def report(self, path: Path) -> None:
        """A report's text, with links to the book's chapters, and to files that the site has not, made to work from it."""
        name = str(path.relative_to(ROOT))

        def link(match: re.Match) -> str:
            meant = (path.parent / match[1]).resolve()
            if not meant.is_relative_to(ROOT) or not meant.is_file():
                return match[0]
            file, anchor = str(meant.relative_to(ROOT)), match[2] or ""
            if found := self.site.page(file):
                return f"]({relpath(found, str(Path(name).parent))}{anchor.lower()})"  # Jupyter's anchors have capitals
            return (
                match[0] if file.startswith("reports/") and meant.suffix in COPIED else f"]({self.blob}/{file}{anchor})"
            )

        text = re.sub(r"\]\(([^)\s:#]+)(#[^)\s]*)?\)", link, path.read_text(encoding="utf-8"))
        if path.with_name("index.html").is_file():  # the same for readers, to be sorted and filtered
            text = text.replace("\n", '\n\n<a href="index.html">As a page that sorts and filters</a>.\n', 1)
        self.write(name, text)

    def texts(self) -> None:
        """README as the opening page, and the repository's other texts."""
        images = ROOT / "nbs" / "images"
        for path in filter(Path.is_file, images.rglob("*")):
            self.copy(path, f"images/{path.relative_to(images)}")
            if path.name.startswith("opening"):  # named in HTML, which Sphinx does not read
                self.copy(path, f"_extra/images/{path.name}")
        for name, made in PAGES.items():
            self.text(f"{made}.md", (ROOT / name).read_text(encoding="utf-8"))
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        self.text("index.md", "\n".join([text, *self.contents()]))

    def text(self, name: str, text: str) -> None:
        """A text of the repository as the page `name`, with links to its files made to work from the site."""

        def link(match: re.Match) -> str:
            found = match[1].removeprefix("nbs/")
            if (ROOT / match[1]).exists() and not (self.target / found).is_file():
                return f"]({self.blob}/{match[1]})"
            return f"]({found})"

        if "/" not in name:  # what stands deeper lies beside the same neighbours as in the repository
            text = re.sub(r"\]\(([^)\s:#]+)\)", link, text)
            text = re.sub(r'\b(src|srcset)="nbs/', r'\1="', text)
            text = re.sub(r"\[!\[[^\]]*\]\(https?:[^)]*\)\]\([^)]*\)(?: ·)?\n?", "", text)  # a badge asks another host
            if (ROOT / LIVE / "index.html").is_file():
                text = re.sub(rf"\[([^\]]*)\]\({self.own}/gallery/\)", r'<a href="gallery/index.html">\1</a>', text)
        self.write(name, self.site.linked(text, name))

    def contents(self) -> list[str]:
        """The contents of the whole site."""
        rooms = {chapter.room.split("/")[0] for chapter in self.chapters if chapter.room}
        tops = [chapter.name for chapter in self.chapters if not chapter.room]
        trees, seen = [], set()
        for title, patterns in PARTS:
            entries = []
            for pattern in patterns:
                entries += (
                    [name for name in tops if Path(name).match(pattern)]
                    if "*" in pattern
                    else [f"{pattern}/index"] * (pattern in rooms)
                )
            seen |= set(entries)
            trees.append(toctree(entries, caption=title, hidden=True))
        rest = sorted(({f"{room}/index" for room in rooms} | set(tops)) - seen)
        more = ["reports/index", "api/index", "contributing", "changelog"]
        return [*trees, toctree([*rest, *more], caption="More", hidden=True)]

    def all(self) -> None:
        """Everything."""
        self.notebooks()
        for room in {
            chapter.room for chapter in self.chapters if chapter.room and not chapter.room.startswith("tasks")
        }:
            self.room(room)
        self.tasks()
        self.api()
        self.reports()
        self.texts()
        self.static()
        for path in {*self.target.rglob("*.md"), *self.target.rglob("*.ipynb")} - self.written:
            if "_extra" not in path.parts:
                path.unlink()  # a page of an earlier build

    def static(self) -> None:
        """Configuration, styles, templates, and the scripts that draw formulas and figures."""
        for folder in ("static", "templates"):
            shutil.copytree(ROOT / "docs" / folder, self.target / f"_{folder}", dirs_exist_ok=True)
        self.copy(ROOT / "docs" / "conf.py", "conf.py")
        katex = SCRIPTS / "katex" / "dist"
        if not katex.is_dir():
            sys.exit(f"Error: {katex}: no KaTeX there; make site brings it")
        for path in (katex / "katex.min.js", katex / "katex.min.css", *katex.glob("fonts/*.woff2")):
            self.copy(path, f"_static/katex/{path.relative_to(katex)}")
        self.copy(SCRIPTS / PLOTLY, "_static/plotly.min.js")


def title_of(path: Path) -> str:
    """The title of a page of HTML or Markdown; its name where it has none."""
    text = path.read_text(encoding="utf-8")
    found = re.search(r"<h1>([^<]*)</h1>|^# (.+)$", text, re.MULTILINE)
    return (found[1] or found[2]).strip() if found else path.stem


def main() -> None:
    """Write the folder named on the command line, and say how many pages it has."""
    if len(sys.argv) != 2:
        sys.exit("Error: one folder to write to, please: python docs/prepare.py _docs/source")
    writer = Writer(Path(sys.argv[1]))
    writer.all()
    print(f"{len(writer.chapters)} notebooks, {len(writer.modules)} modules in {sys.argv[1]}")


if __name__ == "__main__":
    main()
