"""Sphinx's settings; `make site` copies this file beside the pages that `prepare.py` wrote."""

from configparser import ConfigParser
from pathlib import Path

from latex2mathml.converter import convert

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
myst_enable_extensions = ["amsmath", "attrs_block", "attrs_inline", "colon_fence", "dollarmath"]
myst_dmath_double_inline = True  # a formula may share its paragraph with words
myst_heading_anchors = 3
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
toc_object_entries = False  # four thousand names are no contents
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "sphinx_book_theme"
html_title = cfg["title"]
html_baseurl = f"{cfg['doc_host']}{cfg['doc_baseurl']}/"
html_static_path = ["_static"]
html_extra_path = ["_extra"]
html_css_files = ["site.css"]
html_js_files = []
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_math_renderer = "mathml"
html_theme_options = {
    "repository_url": cfg["git_url"],
    "repository_branch": cfg["branch"],
    "path_to_docs": cfg["nbs_path"],
    "use_repository_button": True,
    "use_source_button": True,
    "use_download_button": True,
    "launch_buttons": {"colab_url": "https://colab.research.google.com", "notebook_interface": "jupyterlab"},
    "show_navbar_depth": 1,
    "max_navbar_depth": 2,
    "collapse_navigation": True,
    "show_toc_level": 2,
    "extra_footer": f'<a href="{cfg["paper_url"]}">The paper</a> · <a href="{cfg["git_url"]}">Source</a> · Apache-2.0',
}


def formula(translator, node, display: str) -> None:
    """Write a formula as MathML, which browsers draw themselves."""
    from docutils.nodes import SkipNode

    mathml = convert(node.astext(), display=display)
    translator.body.append(f'<div class="math">{mathml}</div>' if display == "block" else mathml)
    raise SkipNode


def add_plotly(app, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Load plotly on the pages that have a figure of it, and on no other."""
    if 'class="plotly-figure"' in context.get("body", ""):
        app.add_js_file("plotly.min.js")
        app.add_js_file("figures.js")


def link_own_types(app, doctree) -> None:
    """Leave only the package's own types to be linked: Sphinx searches four thousand names for every `str` that it cannot find."""
    from sphinx.addnodes import pending_xref
    from sphinx.util.nodes import find_pending_xref_condition

    for node in list(doctree.findall(pending_xref)):
        if node.get("refdomain") != "py":
            continue
        if node["reftarget"].startswith("mmhelix_nb."):
            node.attributes.pop("refspecific", None)
        else:
            shown = find_pending_xref_condition(node, "*")
            node.replace_self((shown or node).children)


def setup(app) -> None:
    """Formulas as MathML, plotly where it is needed, links of types."""
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(lambda self, node: formula(self, node, "inline"), None),
        block_renderers=(lambda self, node: formula(self, node, "block"), None),
    )
    app.connect("html-page-context", add_plotly)
    app.connect("doctree-read", link_own_types)
