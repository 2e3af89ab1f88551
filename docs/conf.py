"""Sphinx's settings; `make site` copies this file beside the pages that `prepare.py` wrote."""

import gc
import re
from collections.abc import Iterable
from configparser import ConfigParser
from functools import cache
from html import escape, unescape
from pathlib import Path

from docutils.nodes import SkipNode, entry, image, table, tgroup
from sphinx.addnodes import pending_xref
from sphinx.addnodes import toctree as Toctree
from sphinx.search.en import SearchEnglish
from sphinx.util.nodes import find_pending_xref_condition

gc.set_threshold(200_000, 50, 100)  # pages are trees that stay: looking for what to free took a fifth of the time

root = next(folder for folder in Path(__file__).resolve().parents if (folder / "settings.ini").is_file())
parser = ConfigParser(delimiters=["="])
parser.read(root / "settings.ini", encoding="utf-8")
cfg = parser["DEFAULT"]

project, author, copyright, release = cfg["title"], cfg["author"], cfg["copyright"], cfg["version"]
language = "en"
extensions = ["myst_nb", "sphinx_design", "sphinx_copybutton"]
exclude_patterns = ["_extra"]

# Notebooks are shown as they are and never run here.
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"  # tables in outputs too
myst_enable_extensions = ["amsmath", "attrs_block", "attrs_inline", "colon_fence", "dollarmath"]
myst_dmath_double_inline = True  # a formula may share its paragraph with words
myst_heading_anchors = 3
smartquotes_action = "qe"  # two hyphens begin an option and are no dash
add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
toc_object_entries = False  # four thousand names are no contents
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "sphinx_book_theme"
html_title = cfg["title"]
html_baseurl = f"{cfg['doc_host']}{cfg['doc_baseurl']}/"
html_favicon = "_static/icon.svg"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_sidebars = {"**": ["navbar-logo.html", "icon-links.html", "search-button-field.html", "side-list.html"]}
html_extra_path = ["_extra"]
html_css_files = ["site.css"]
html_js_files = []
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_math_renderer = "katex"
html_theme_options = {
    "repository_url": cfg["git_url"],
    "repository_branch": cfg["branch"],
    "path_to_docs": cfg["nbs_path"],
    "use_repository_button": True,
    "use_source_button": True,
    "use_download_button": False,
    "launch_buttons": {"colab_url": "https://colab.research.google.com", "notebook_interface": "jupyterlab"},
    "show_toc_level": 2,
    "extra_footer": f'<a href="{cfg["paper_url"]}">The paper</a> · <a href="{cfg["git_url"]}">Source</a> · Apache-2.0',
}


def formula(translator, node, tag: str) -> None:
    """Leave a formula as TeX in a place that `formulas.js` draws."""
    translator.body.append(f'<{tag} class="formula notranslate">{translator.encode(node.astext())}</{tag}>')
    raise SkipNode


def add_scripts(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Load KaTeX and plotly on the pages that need them, and on no other."""
    body = context.get("body", "")
    if 'class="formula' in body:
        app.add_css_file("katex/katex.min.css")
        app.add_js_file("katex/katex.min.js", loading_method="defer")
        app.add_js_file("formulas.js", loading_method="defer")
    if 'class="plotly-figure"' in body:
        app.add_js_file("plotly.min.js", loading_method="defer")
        app.add_js_file("figures.js", loading_method="defer")


def fit_buttons(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Link the notebook as the repository shows it; pages that are written by `prepare.py` have no source there."""
    for group in context.get("header_buttons", ()):
        for button in list(group.get("buttons", ())):
            if button.get("label") != "source-file-button":
                continue
            button["url"] = button["url"].removesuffix("?plain=1")
            if context.get("page_source_suffix") != ".ipynb":
                group["buttons"].remove(button)


TOGGLE = '<details{}><summary><span class="toctree-toggle" role="presentation"><i class="fa-solid fa-chevron-down"></i></span></summary>'


class SideList:
    """The list of pages beside a page, two levels deep, in the theme's own words: the theme takes 40 % of a build to find it anew for every page."""

    def __init__(self, app, pagename: str) -> None:
        self.builder, self.env, self.page = app.builder, app.env, pagename
        parents = {child: page for page, children in app.env.toctree_includes.items() for child in children}
        self.way = {pagename}  # the page and those above it
        while (pagename := parents.get(pagename, "")) and pagename not in self.way:
            self.way.add(pagename)

    def item(self, name: str, level: int) -> str:
        """A page with those under it."""
        under = self.env.toctree_includes.get(name, ()) if level == 1 else ()
        current = " current active" if name in self.way else ""
        here = name == self.page
        link = "#" if here else self.builder.get_relative_uri(self.page, name)
        classes = f"toctree-l{level}{current}{' has-children' * bool(under)}"
        title = escape(self.env.titles[name].astext(), quote=False)
        text = f'<li class="{classes}"><a class="{"current " * here}reference internal" href="{link}">{title}</a>'
        if under:
            text += TOGGLE.format(' open="open"' * bool(current)) + self.items(under, level + 1) + "</details>"
        return f"{text}</li>"

    def items(self, names: Iterable[str], level: int, classes: str = "") -> str:
        """Pages as a list."""
        classes = " ".join([*["current"] * (not self.way.isdisjoint(names)), *classes.split()])
        opened = f'<ul class="{classes}">' if classes else "<ul>"
        return "\n".join([opened, *(self.item(name, level) for name in names), "</ul>\n"])

    def __str__(self) -> str:
        parts = []
        for tree in self.env.master_doctree.findall(Toctree):
            caption = f'<span class="caption-text">{escape(tree["caption"], quote=False)}</span>'
            parts.append(f'<p aria-level="2" class="caption" role="heading">{caption}</p>\n')
            parts.append(self.items(tree["includefiles"], 1, "nav bd-sidenav"))
        return "".join(parts)


def list_beside(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Bring the list of pages."""
    context["side_list"] = SideList(app, pagename)


class Remembering(SearchEnglish):
    """English for the search, in which a word's stem is looked for once: the index holds each word forty times."""

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self.stem = cache(super().stem)


def link_own_types(app, doctree) -> None:
    """Leave only the package's own types to be linked: Sphinx searches four thousand names for every `str` that it cannot find."""
    for node in list(doctree.findall(pending_xref)):
        if node.get("refdomain") != "py":
            continue
        if node["reftarget"].startswith("mmhelix_nb."):
            node.attributes.pop("refspecific", None)
        else:
            shown = find_pending_xref_condition(node, "*")
            node.replace_self((shown or node).children)


def describe_figures(app, doctree, docname: str) -> None:
    """Say how many columns a drawn figure has, each 360 pixels wide, which a style sheet does not see, and in words what it shows."""
    for node in doctree.findall(image):
        path = Path(app.srcdir, node["uri"])
        if path.suffix != ".svg" or not path.is_file():
            continue
        head = path.read_text(encoding="utf-8").partition(">")[0]
        width, said = (re.search(rf' {name}="([^"]*)"', head) for name in ("width", "aria-label"))
        node["classes"].append(f"columns{int(width[1]) // 360 if width and width[1].isdecimal() else 1}")
        if said:
            node.setdefault("alt", unescape(said[1]))


def widen_told(app, doctree) -> None:
    """Mark cells that tell something at length in tables of many columns, which would squeeze them to a word a line."""
    for node in doctree.findall(table):
        if next(node.findall(tgroup))["cols"] > 5:
            for cell in node.findall(entry):
                cell["classes"] += ["told"] * (len(cell.astext()) > 50)


def setup(app) -> None:
    """Formulas by KaTeX, plotly where it is needed, links of types."""
    app.add_html_math_renderer(
        "katex",
        inline_renderers=(lambda self, node: formula(self, node, "span"), None),
        block_renderers=(lambda self, node: formula(self, node, "div"), None),
    )
    app.connect("html-page-context", add_scripts)
    app.connect("html-page-context", list_beside, priority=100)
    app.add_search_language(Remembering)
    app.connect("html-page-context", fit_buttons, priority=900)
    app.connect("doctree-read", link_own_types)
    app.connect("doctree-read", widen_told)
    app.connect("doctree-resolved", describe_figures)
