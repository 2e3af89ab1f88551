"""Packaging for mmhelix_nb: everything is read from settings.ini, which nbdev reads too.

A wheel also brings the book (notebooks, profiles, Snakefile, numbers) in `mmhelix_nb/_book`, so that every command works without a clone.
An editable install needs no copy: the clone is its book. What a source distribution holds stands in MANIFEST.in."""

import runpy
import shutil
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
BOOK = (
    "Snakefile",
    "CITATION.cff",  # for the cards of `mmhelix publish`
    "nbs/**/*.ipynb",
    "nbs/images/*",
    "profiles/*.yaml",
    "profiles/launch/*.yaml",
    "reports/paper/*",
    "reports/*/*/results.json",  # what a run's numbers are compared with
    "reports/*/*/curve.jsonl",
    "reports/shallow.json",  # how often solvers without look-ahead are right, for the live gallery
    "reports/serg/reflection.json",  # how long traces are, for `mmhelix plan`
)
PLACE = runpy.run_path(
    str(ROOT / "mmhelix_nb" / "book" / "place.py")
)  # importing the package would need its requirements


def write_commit(folder: Path) -> None:
    """Note in `folder` which commit is packed, because git is not there to be asked later."""
    file = folder / "COMMIT"
    file.unlink(missing_ok=True)  # may be a hard link to the tree that is packed
    file.write_text(PLACE["commit"](ROOT) + "\n", encoding="utf-8")


class BuildWithBook(build_py):
    """Copies the book into the package, unless the install is editable."""

    def run(self) -> None:
        if self.editable_mode:
            return super().run()
        package = Path(self.build_lib) / "mmhelix_nb"
        shutil.rmtree(package, ignore_errors=True)  # an earlier build may have left modules that are gone
        super().run()
        for path in sorted({path for pattern in BOOK for path in ROOT.glob(pattern) if path.is_file()}):
            copy = package / PLACE["PACKAGED"] / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
        write_commit(package / PLACE["PACKAGED"])


class SdistWithCommit(sdist):
    """Notes the commit beside setup.py."""

    def make_release_tree(self, base_dir, files) -> None:
        super().make_release_tree(base_dir, files)
        write_commit(Path(base_dir))


parser = ConfigParser(delimiters=["="])
parser.read(ROOT / "settings.ini", encoding="utf-8")
cfg = parser["DEFAULT"]
suffix = "_requirements"
extras = {key[: -len(suffix)]: value.split() for key, value in cfg.items() if key.endswith(suffix)}
DOORS = ("reasoning-gym", "inspect", "verifiers", "openenv")  # other people's toolboxes, whose pins are not ours
extras["all"] = sorted({req for name, reqs in extras.items() if name not in ("cluster", *DOORS) for req in reqs})
stages = ("Planning", "Pre-Alpha", "Alpha", "Beta", "Production/Stable", "Mature", "Inactive")
status = int(cfg["status"])

setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=cfg["author"],
    author_email=cfg["author_email"],
    url=cfg["git_url"],
    project_urls={
        "Documentation": cfg["doc_host"] + cfg["doc_baseurl"],
        "Source": cfg["git_url"],
        "Issues": f"{cfg['git_url']}/issues",
        "Changelog": f"{cfg['git_url']}/blob/{cfg['branch']}/CHANGELOG.md",
        "Paper": cfg["paper_url"],
    },
    license="Apache-2.0",
    keywords=cfg["keywords"].split(),
    classifiers=[
        f"Development Status :: {status} - {stages[status - 1]}",
        "Environment :: Console",
        "Framework :: Jupyter",
        "Intended Audience :: Science/Research",
        f"Natural Language :: {cfg['language']}",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        *(f"Programming Language :: Python :: {version}" for version in cfg["python_versions"].split()),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    python_requires=f">={cfg['min_python']}",
    packages=find_packages(include=["mmhelix_nb", "mmhelix_nb.*"]),
    py_modules=["mmhelix_taskset"],
    package_data={"mmhelix_nb": ["py.typed", "data/*", "data/live/*", "data/leaderboard/*"]},
    install_requires=cfg["requirements"].split(),
    extras_require=extras,
    entry_points={
        "console_scripts": ["mmhelix=mmhelix_nb.running.cli:app"],
        "nbdev": ["mmhelix_nb=mmhelix_nb._modidx:d"],
        "inspect_ai": ["mmhelix_nb=mmhelix_nb.doors.inspect_task"],
    },
    cmdclass={"build_py": BuildWithBook, "sdist": SdistWithCommit},
    zip_safe=False,
)
