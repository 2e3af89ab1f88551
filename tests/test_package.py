"""What pip installs: the wheel in an environment of its own, every command in an empty folder, and the package untouched by all of them.

The environment sees the libraries of the one that runs the tests, so that nothing is downloaded, but no clone: mmhelix_nb comes from the wheel."""

import configparser
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from fakeserver import FakeServer, completion

from mmhelix_nb import make

ROOT = Path(__file__).resolve().parents[1]
CLEAN = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MAKELEVEL", "MMHELIX_PARENT")}
ENVIRONMENT = CLEAN | {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
PROFILE = """
model: {name: owner/name}
generators: {tasks: [maze], levels: [1], per_cell: 2}
evaluation: {items: 2, max_new_tokens: 20}
"""


def output(*command, cwd) -> str:
    """What a command prints; fails with all it said where it fails."""
    done = subprocess.run([str(one) for one in command], cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A clone whose only commit holds the files as they are."""
    folder = tmp_path_factory.mktemp("clone")
    names = output("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines()
    for name in names:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    output("git", "init", "-q", cwd=folder)
    output("git", "add", "-A", cwd=folder)
    output("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "as it is", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def dist(clone) -> tuple[Path, Path]:
    """Source distribution, and the wheel that is built from it."""
    output(sys.executable, "-m", "build", "--no-isolation", cwd=clone)
    return next((clone / "dist").glob("*.tar.gz")), next((clone / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(dist, tmp_path_factory) -> Path:
    """The folder of programs of a fresh environment with the wheel."""
    home = tmp_path_factory.mktemp("environment") / "venv"
    output(sys.executable, "-m", "venv", "--without-pip", home, cwd=home.parent)
    python = home / "bin" / "python"
    own = Path(output(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home).strip())
    (own / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-index", "--no-deps")
    output(*pip, dist[1], cwd=home)
    return home / "bin"


def contents(folder: Path) -> dict[str, str]:
    """Every file below `folder` with the hash of what it holds."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module", autouse=True)
def package_stays_as_it_is(installed):
    """Whatever the tests run, they write nothing into the installed package."""
    package = Path(
        output(installed / "python", "-c", "import mmhelix_nb; print(mmhelix_nb.__path__[0])", cwd="/").strip()
    )
    assert package.is_relative_to(installed.parent)
    before = contents(package)
    yield
    assert contents(package) == before


# What is packed


def test_source_distribution_holds_what_a_build_and_the_tests_need(clone, dist):
    with tarfile.open(dist[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in (
        "settings.ini",
        "setup.py",
        "README.md",
        "LICENSE",
        "GALLERY.md",
        "Snakefile",
        "COMMIT",
        "profiles/mini.yaml",
    ):
        assert name in names
    for name in ("nbs/00_core.ipynb", "reports/paper/table2.csv", "reports/mini/sft/results.json", "tests/test_cli.py"):
        assert name in names
    assert not {name for name in names if name.startswith((".git", "runs", "build")) or "__pycache__" in name}


def test_wheel_holds_the_book_once(clone, dist):
    with zipfile.ZipFile(dist[1]) as archive:
        names = archive.namelist()
        head = archive.read("mmhelix_nb/_book/COMMIT").decode().strip()
    book = {name.removeprefix("mmhelix_nb/_book/") for name in names if name.startswith("mmhelix_nb/_book/")}
    for pattern in (
        "nbs/**/*.ipynb",
        "profiles/*.yaml",
        "reports/paper/*.csv",
        "reports/mini/*/curve.jsonl",
        "Snakefile",
    ):
        wanted = {path.relative_to(clone).as_posix() for path in clone.glob(pattern)}
        assert wanted and wanted <= book
    assert head == output("git", "rev-parse", "--short=12", "HEAD", cwd=clone).strip()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"mmhelix_nb", "mmhelix_taskset.py", names[-1].partition("/")[0]}  # one module that verifiers finds
    assert {"mmhelix_nb/py.typed", "mmhelix_nb/data/words.txt", "mmhelix_nb/data/live/page.js"} <= {*names}
    assert output("git", "status", "--porcelain", cwd=clone) == ""  # the copy is made for the wheel alone


def test_metadata(dist):
    with zipfile.ZipFile(dist[1]) as archive:
        text = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
    for wanted in ("Project-URL: Source, https://github.com/", "Classifier: Typing :: Typed", "# mmhelix_nb"):
        assert wanted in text
    for extra in ("data", "run", "train", "eval", "dev", "notebook", "cluster", "all"):
        assert f"Provides-Extra: {extra}\n" in text
    assert re.search(r"Requires-Dist: peft==\S+; extra == .eval", text)


DOORS = (
    "reasoning-gym",
    "inspect",
    "verifiers",
    "openenv",
)  # extras for environments of their own, whose pins clash with ours


def test_one_version_and_the_same_pythons_everywhere():
    settings = configparser.ConfigParser(delimiters=["="])
    settings.read(ROOT / "settings.ini")
    said = settings["DEFAULT"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == said["version"] and citation["repository-code"] == said["git_url"]
    workflow = yaml.safe_load((ROOT / ".github/workflows/check.yml").read_text())["jobs"]["check"]
    assert workflow["strategy"]["matrix"]["python-version"] == said["python_versions"].split()
    known = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    exact = re.findall(
        r"([\w-]+)(?:\[\w+\])?==(\S+)",
        " ".join(v for k, v in said.items() if k.endswith("requirements") and k.partition("_")[0] not in DOORS),
    )
    assert {name: known.get(name) for name, _ in exact} == dict(exact)


# Every command, in an empty folder


def test_version(clone, installed, tmp_path):
    head = output("git", "rev-parse", "--short=12", "HEAD", cwd=clone).strip()
    assert output(installed / "mmhelix", "--version", cwd=tmp_path).endswith(f"(commit {head})\n")


def test_generate_export_and_verify(installed, tmp_path):
    program = installed / "mmhelix"
    order = ("--tasks", "maze", "--levels", "1", "--per-cell", "2", "--workers", "1")
    output(program, "generate", "--out", "bench", *order, cwd=tmp_path)
    output(program, "export", "bench", "--to", "vlmevalkit", "--out", "kit", cwd=tmp_path)
    said = output(program, "publish", "bench", "--dry-run", cwd=tmp_path)
    assert "pictures: 2 decoded" in said and "arXiv:2510.08540" in (tmp_path / "runs/hub/bench/README.md").read_text()
    with open(tmp_path / "kit" / "MM-HELIX.tsv", newline="") as file:
        assert [row["category"] for row in csv.DictReader(file, delimiter="\t")] == ["maze", "maze"]
    answer = f"\\boxed{{{make('maze', level=1, seed=0).answer}}}"
    assert output(program, "verify", "maze", answer, cwd=tmp_path) == "right\n"


def test_traces(installed, tmp_path):
    output(installed / "mmhelix", "serg", "--n", "5", "--tasks", "maze", "--out", "traces", cwd=tmp_path)
    assert "5 of 5 rows are right" in output(installed / "mmhelix", "verify-dataset", "traces", cwd=tmp_path)


def test_eval_of_a_server(installed, tmp_path):
    (tmp_path / "mine.yaml").write_text(PROFILE)
    with FakeServer(lambda asked, number: (200, completion("\\boxed{up}"), {})) as fake:
        output(installed / "mmhelix", "eval", fake.url, "--profile", "mine.yaml", "--out", "asked", cwd=tmp_path)
    assert json.loads((tmp_path / "asked/results.json").read_text())["profile"] == "mine"
    (tmp_path / "empty").mkdir()
    with FakeServer(lambda asked, number: (200, completion("\\boxed{up}"), {})) as fake:
        few = ("--tasks", "maze", "--levels", "1", "--items", "2")
        output(installed / "mmhelix", "eval", fake.url, "--model", "real/name", *few, cwd=tmp_path / "empty")
    found = json.loads((tmp_path / "empty/runs/eval/real-name/results.json").read_text())
    assert (found["model"], found["profile"]) == ("real/name", "benchmark")


def test_run_plans_the_book(installed, tmp_path):
    said = output(installed / "mmhelix", "run", "--profile", "smoke", "--dry-run", cwd=tmp_path)
    assert said.count("would run") == 19 and not (tmp_path / "runs").exists()


def test_plan_knows_the_profiles_and_how_long_traces_are(installed, tmp_path):
    assert "It fits" in output(installed / "mmhelix", "plan", "--profile", "night", "--card", "16", cwd=tmp_path)


def test_run_of_a_chapter_with_a_profile_of_ones_own(installed, tmp_path):
    (tmp_path / "mine.yaml").write_text(PROFILE)
    run = (installed / "mmhelix", "run", "--profile", "mine.yaml", "--only", "generators")
    assert output(*run, cwd=tmp_path).endswith(f"report: {tmp_path / 'runs/reports/mine'}\n")
    report = tmp_path / "runs/reports/mine/generators"
    assert json.loads((report / "results.json").read_text())["results"]["items"] == 2
    for name in ("10_generators.ipynb", "log.txt"):
        assert str(tmp_path) not in (report / name).read_text() and "_book" not in (report / name).read_text()
    assert "finished before: generators" in output(*run, cwd=tmp_path)
