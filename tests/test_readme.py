"""README.md is what index.ipynb and reports/ say, and every command and program in it runs; a line that is not known here fails."""

import configparser
import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from fakeserver import FakeServer, completion
from typer.testing import CliRunner

from mmhelix_nb.benchmark.opening import write_opening
from mmhelix_nb.core import make, task_module, tasks
from mmhelix_nb.running.cli import app
from mmhelix_nb.running.readme import readme

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SMALL = """
generators: {tasks: [maze], levels: [1], per_cell: 2}
evaluation: {items: 2, max_new_tokens: 20}
"""


def blocks(*kinds: str) -> list[str]:
    """The code blocks whose fence names one of `kinds`."""
    return [
        text for kind, text in re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL) if kind in kinds
    ]


def commands() -> list[str]:
    """Every shell line, without its comment."""
    lines = [line for block in blocks("sh", "bash") for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.join(words) for line in lines if (words := shlex.split(line, comments=True))]


def test_readme_is_up_to_date():
    assert readme(ROOT) == TEXT, "run: make readme"


def test_the_first_screen_shows_a_puzzle_says_what_came_out_and_names_all_puzzles(tmp_path):
    first = TEXT.partition("\n## ")[0]
    for path in write_opening(tmp_path):
        assert path.read_text() == (ROOT / "nbs/images" / path.name).read_text(), "run: make readme"
        assert f"nbs/images/{path.name}" in first and path.stat().st_size < 20_000
    claims = json.loads((ROOT / "reports/claims/claims.json").read_text())["said"]
    assert claims.rstrip(".") in first and "one seed, which decides nothing" in first
    said = first[first.index("**What came out so far: ") :].partition("\n```")[0].split("\n* ")
    assert len(said) <= 5 and said[0].count("**") == 2 and "tiny models" in said[0]
    rows = {row["key"]: row for row in json.loads((ROOT / "reports/claims/claims.json").read_text())["rows"]}
    for key in ("5.1", "5.24", "6.1 at 2e-4", "6.13", "6.11", "6.4 at 2e-4", "6.4 at 4e-4"):
        points, _, levels = rows[key]["short"].partition(" (")
        assert points in first and ("collapsed" not in levels or levels.replace(" %", " % right") in first), key
    assert "part `skeletons`" in first and "learning rate of 4e-4" in first
    assert re.findall(r"^make (\w+) .*\b(?:minutes|hour)\b", first, re.MULTILINE) == ["reproduce", "test"]
    linked = re.findall(r"\]\((nbs/tasks/\S+)\)", first)
    assert len(linked) == len(tasks()) and all((ROOT / name).is_file() for name in linked)


def test_the_tables_say_what_they_are_an_excerpt_of_and_what_they_come_to():
    made = json.loads((ROOT / "reports/claims/claims.json").read_text())
    section = TEXT.partition("\n## What came out\n")[2].partition("\n## ")[0]
    shown = [row for row in made["rows"] if row["paper"]]
    assert (
        f"The table has the {len(shown)} that" in section and f"the other {len(made['rows']) - len(shown)}" in section
    )
    assert len(re.findall(r"^\| \d+[. ]", section, re.MULTILINE)) == len(shown)
    assert "So far, of what was asked of the paper's own tables, " in section
    assert "| undecided; its rule: the interval of the difference lies above -5 points |" in section
    assert "This decides nothing between SERG and direct rollout" in TEXT


def test_every_block_is_read():
    """A block of another kind would be run by nobody."""
    assert len(blocks("sh", "bash", "", "python")) == TEXT.count("\n```") / 2


def test_no_block_is_wider_than_a_page():
    """GitHub cuts what is longer, a comment in the middle of its sentence."""
    lines = [line for text in blocks("sh", "bash", "", "python") for line in text.splitlines()]
    assert [line for line in lines if len(line) > 72] == []


def test_the_program_prints_what_stands_below_it():
    programs = blocks("", "python")
    shown = [re.search(re.escape("```\n\n") + r"((?:    .*\n)+)", TEXT[TEXT.index(text) :])[1] for text in programs]
    assert len(programs) == 1
    for text, expected in zip(programs, shown):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(text, "README.md", "exec"), {})
        assert said.getvalue().splitlines() == [line[4:] for line in expected.splitlines()]


def test_the_landing_names_commands_that_are_run_and_chapters_that_are_there():
    """Four readers, each with a command of the blocks below and a chapter."""
    landing = TEXT.partition("## Where to begin\n")[2].partition("\n## ")[0]
    readers = re.findall(r"^\* \*\*I want to .+?(?=^\* |\Z)", landing, re.MULTILINE | re.DOTALL)
    assert len(readers) == 4
    for reader in readers:
        (command,) = re.findall(r"`(mmhelix .+?)`", reader)
        assert shlex.join(shlex.split(command)) in commands(), command
        linked = re.findall(r"\]\((\S+)\)", reader)
        assert linked and all((ROOT / name).is_file() for name in linked), linked


@pytest.mark.parametrize(
    "target", sorted({*re.findall(r"(?m)^make ([\w-]+)", TEXT), *re.findall(r"`make ([\w-]+)`", TEXT)})
)
def test_make_knows_its_targets(target):
    """A dry run: the real ones take minutes, or are this very test."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(["make", "-n", target], cwd=ROOT, env=outside, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout, done.stderr


# The commands, in the small, in one folder and in README's order


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture
def mmhelix(folder, monkeypatch):
    """Run the command line in the folder; what it says, and its exit code."""
    monkeypatch.chdir(folder)

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, words)
        assert done.exit_code == code, (words, done.output, done.exception)
        return done.output

    return run


def pip(words: list[str], mmhelix, folder: Path) -> None:
    """Not run, for it needs the network: the extras and the files that it names are there."""
    settings = configparser.ConfigParser(delimiters=["="])
    settings.read(ROOT / "settings.ini")
    known = {key.removesuffix("_requirements") for key in settings["DEFAULT"] if key.endswith("_requirements")} | {
        "all"
    }
    for extras in re.findall(r"\[(.*?)\]", " ".join(words)):
        assert set(extras.split(",")) <= known
    for file in re.findall(r"-[cr] (\S+)", " ".join(words)):
        assert (ROOT / file).is_file()


def run_profile(words: list[str], mmhelix, folder: Path) -> None:
    """A dry run, for a real one takes hours or a GPU; a profile of one's own is written first."""
    named = Path(words[words.index("--profile") + 1]) if "--profile" in words else Path("mini")
    if named.suffix:
        (folder / named).parent.mkdir(exist_ok=True)
        (folder / named).write_text("model: {name: owner/name}" + SMALL)
    if "--executor" in words and not find_spec("snakemake_executor_plugin_slurm"):
        assert "pip install 'mmhelix_nb[cluster]'" in mmhelix(*words[1:], "--dry-run", code=2)
        words = [word for word in words if word not in ("--executor", "slurm")]
    said = mmhelix(*words[1:], "--dry-run", "--root", str(ROOT))
    wanted = words[words.index("--only") + 1] if "--only" in words else "ablations"
    assert re.search(rf"^(would run|done) +{wanted}\b", said, re.MULTILINE), said


def plan(words: list[str], mmhelix, folder: Path) -> None:
    """On a card of 24 GB, whatever card this machine has."""
    assert "It fits" in mmhelix(*words[1:], "--card", "24")


def generate(words: list[str], mmhelix, folder: Path) -> None:
    mmhelix(*words[1:], "--tasks", "maze", "--levels", "1", "--per-cell", "2")
    assert list((folder / words[words.index("--out") + 1]).rglob("*.parquet"))


def export(words: list[str], mmhelix, folder: Path) -> None:
    mmhelix(*words[1:])
    assert (folder / words[words.index("--out") + 1]).stat().st_size > 1000


def evaluate(words: list[str], mmhelix, folder: Path) -> None:
    """As written, but that few puzzles are asked, and that a server on loopback stands for the one named and for a model of the hub."""
    model, *options = words[2:]
    few = [] if "--data" in options or "--profile" in options else ["--tasks", "maze", "--levels", "1"]
    with FakeServer(lambda asked, number: (200, completion("\\boxed{up}"), {})) as fake:
        if model.startswith("runs/"):
            write_lab_model(folder, folder / model)
            here = [model, "--items", "2", "--max-new-tokens", "2"]
        else:
            here = [fake.url]
        mmhelix("eval", *here, *options, *few, "--out", "asked")
    for path in (folder / "asked").iterdir():
        assert path.stat().st_size
    assert json.loads((folder / "asked/results.json").read_text())["results"]["items"]
    shutil.rmtree(folder / "asked")


def write_lab_model(folder: Path, model: Path) -> None:
    """A tiny model where the book's run leaves one, and the puzzles that it is asked."""
    pytest.importorskip("torch")
    from mmhelix_nb.book.profiles import read_profile
    from mmhelix_nb.book.rows import item_row, rows_path, save_rows
    from mmhelix_nb.training.models import build_mini, build_processor, build_tokenizer, save

    processor = build_processor(build_tokenizer(["0 1 \\boxed{}"] * 2))
    save(build_mini(processor), processor, model)
    save_rows(
        [item_row(make("binairo", 1, seed)) for seed in range(3)],
        rows_path(read_profile("mini"), "heldout", folder / "runs"),
    )


def verify(words: list[str], mmhelix, folder: Path) -> None:
    """The reply in README is wrong, which is exit code 1."""
    assert task_module(words[2]) and mmhelix(*words[1:], code=1).startswith("wrong: ")


def serg(words: list[str], mmhelix, folder: Path) -> None:
    """Four samples; the option given last counts."""
    mmhelix(*words[1:], "--n", "4", "--tasks", "maze")
    assert list((folder / words[words.index("--out") + 1]).rglob("*.parquet"))


def verify_dataset(words: list[str], mmhelix, folder: Path) -> None:
    """The data set is the folder that `serg` made, for the one named needs the network."""
    assert "4 of 4 rows are right" in mmhelix("verify-dataset", "traces", *words[3:])


def compare(words: list[str], mmhelix, folder: Path) -> None:
    """The reports that it names are the committed ones, which stand in the book."""
    said = mmhelix(words[1], *(str(ROOT / word) for word in words[2:]))
    assert "shared puzzles right" in said


KNOWN = {
    "pip install": pip,
    "mmhelix plan": plan,
    "mmhelix run": run_profile,
    "mmhelix generate": generate,
    "mmhelix export": export,
    "mmhelix eval": evaluate,
    "mmhelix compare": compare,
    "mmhelix verify": verify,
    "mmhelix serg": serg,
    "mmhelix verify-dataset": verify_dataset,
}


BEFORE = {
    "mmhelix export": "mmhelix generate",
    "mmhelix eval": "mmhelix generate",
    "mmhelix verify-dataset": "mmhelix serg",
}  # who makes what another reads


@pytest.mark.parametrize("line", [line for line in commands() if not line.startswith("make ")])
def test_the_command_runs(line, mmhelix, folder):
    name = " ".join(shlex.split(line)[:2])
    for one in [other for other in commands() if other.startswith(f"{BEFORE.get(name)} ")] + [line]:
        KNOWN[" ".join(shlex.split(one)[:2])](shlex.split(one), mmhelix, folder)
