"""Packaging for mmhelix_nb: everything is read from settings.ini, which nbdev reads too."""

from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
parser = ConfigParser(delimiters=["="])
parser.read(root / "settings.ini", encoding="utf-8")
cfg = parser["DEFAULT"]
suffix = "_requirements"
extras = {key[: -len(suffix)]: value.split() for key, value in cfg.items() if key.endswith(suffix)}
extras["all"] = sorted({req for name, reqs in extras.items() if name != "cluster" for req in reqs})

setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=(root / "README.md").read_text(encoding="utf-8") if (root / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    author=cfg["author"],
    author_email=cfg["author_email"],
    url=cfg["git_url"],
    license="Apache-2.0",
    python_requires=f">={cfg['min_python']}",
    packages=find_packages(include=["mmhelix_nb", "mmhelix_nb.*"]),
    package_data={"mmhelix_nb": ["py.typed", "data/*"]},
    install_requires=cfg["requirements"].split(),
    extras_require=extras,
    entry_points={
        "console_scripts": ["mmhelix=mmhelix_nb.running.cli:app"],
        "nbdev": ["mmhelix_nb=mmhelix_nb._modidx:d"],
    },
    zip_safe=False,
)
