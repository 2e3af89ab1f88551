"""Puzzles are made, drawn as shapes, judged and told with Python alone, and as pictures with Pillow; what a command lacks in the base install is one line."""

import configparser
import json
import re
import subprocess
import sys
from pathlib import Path

from mmhelix_nb import make
from mmhelix_nb.running.asking import EXTRAS

ONLY = """
import sys

class Only:
    "Finds the packages in `found`, Python's own and no other."
    def __init__(self, behind):
        self.behind = behind

    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        own = first in sys.stdlib_module_names or first.startswith("_sysconfigdata")
        if not own and first not in found:
            return None
        return next(filter(None, (finder.find_spec(name, path, target) for finder in self.behind)), None)

sys.meta_path[:] = [Only([*sys.meta_path])]
import mmhelix_nb
"""
SHAPES = """
from mmhelix_nb.shared.draw import STYLES

for task in mmhelix_nb.tasks():
    item = mmhelix_nb.make(task, 1, 0)
    assert item.check(item.answer) and not item.check("?"), task
for task in ("h_index", "max_flow", "calcudoku", "maze"):
    item = mmhelix_nb.make(task, 2, 7)
    assert item.trace()[-1].kind == "conclude", task
    assert item.module.layout(item.state, STYLES["dark"]).shapes, task
try:
    item.image
except ModuleNotFoundError as error:
    print(error)
"""


PICTURES = """
from mmhelix_nb.shared.raster import png

for task in mmhelix_nb.tasks():
    item = mmhelix_nb.make(task, 1, 0)
    assert png(item.image) and item.check(item.answer), task
assert png(item.module.draw(item.state, "photo"))
"""


COMMANDS = """
import json, os
from typer.testing import CliRunner
from mmhelix_nb.running.cli import app

os.chdir(folder)
done = [CliRunner().invoke(app, words) for words in commands]
print(json.dumps([(one.exit_code, one.output or repr(one.exception)) for one in done]))
"""
ROOT = Path(__file__).resolve().parents[1]
BASE = (
    "PIL",
    "annotated_doc",
    "annotated_types",
    "attr",
    "markdown_it",
    "mdurl",
    "pydantic",
    "pydantic_core",
    "pygments",
)
BASE += (
    "rich",
    "shellingham",
    "tqdm",
    "typer",
    "typing_extensions",
    "typing_inspection",
    "yaml",
)  # what pip brings with the base
LACKING = {  # a command, and what its one line names
    "generate --out made": "generate needs datasets: pip install 'mmhelix_nb[data]'",
    "generate --out made --dressed": "generate needs datasets: pip install 'mmhelix_nb[data]'",
    "run --profile smoke": "run needs snakemake, papermill, trl: pip install 'mmhelix_nb[run,train]'",
    "run --profile smoke --dry-run": "run needs snakemake, papermill: pip install 'mmhelix_nb[run]'",
    "serg --n 3 --out told": "serg needs snakemake: pip install 'mmhelix_nb[run]'",
    "eval http://localhost:9/v1": "eval needs datasets: pip install 'mmhelix_nb[data]'",
    "eval owner/name": "eval needs torch: pip install 'mmhelix_nb[eval]'",
    "eval owner/name --general": "eval --general needs transformers: pip install 'mmhelix_nb[eval]'",
    "leaderboard": "leaderboard needs numpy: pip install 'mmhelix_nb[data]'",
    "verify-dataset rows.parquet": "verify-dataset needs pyarrow: pip install 'mmhelix_nb[data]'",
}


def alone(code: str, *found: str) -> str:
    """What `code` prints where no package but ours and `found` can be imported."""
    code = f"found = {('mmhelix_nb', *found)}\n{ONLY}{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_puzzles_need_no_other_package():
    assert alone(SHAPES) == "No module named 'PIL'\n"


def test_pictures_need_pillow_alone():
    alone(PICTURES, "PIL")


def called(folder: Path, *commands: str) -> dict[str, tuple[int, str]]:
    """Exit code and words of each of the commands, in `folder` and with the base install alone."""
    told = f"folder, commands = {str(folder)!r}, {[one.split(' ') for one in commands]}\n"
    return dict(zip(commands, json.loads(alone(told + COMMANDS, *BASE)), strict=True))


def test_the_base_judges_plans_and_lists(tmp_path):
    right = f"verify maze \\boxed{{{make('maze', 1, 0).answer.replace(' ', ',')}}}"
    said = called(tmp_path, right, "verify maze up", "options ahpo", "plan --profile night --card 16")
    assert said[right] == [0, "right\n"] and said["verify maze up"] == [1, "wrong: move 1 (up) runs into a wall\n"]
    assert "ahpo.learning_rate" in said["options ahpo"][1] and "It fits" in said["plan --profile night --card 16"][1]


def test_a_command_says_in_one_line_which_extra_it_lacks(tmp_path):
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    for command, (code, said) in called(tmp_path, *LACKING).items():
        *before, last = said.splitlines()
        assert (code, last) == (2, f"Error: mmhelix {LACKING[command]}"), command
        assert not "".join(before).replace("rows: 0row [00:00, ?row/s]", ""), command  # a bar that was begun
    assert {path.name for path in tmp_path.iterdir()} == {"rows.parquet"}  # nothing was begun


def test_extras_bring_what_the_lines_promise():
    settings = configparser.ConfigParser(delimiters=["="])
    settings.read(ROOT / "settings.ini")
    for module, extra in EXTRAS.items():
        named = re.sub("_", "-", module)
        wanted = settings["DEFAULT"][f"{extra}_requirements"].split()
        names = {re.split(r"[<>=\[]", one)[0] for one in wanted}
        brought = {
            "pandas": "datasets",
            "pyarrow": "datasets",
            "nbformat": "nbconvert",
            "safetensors": "transformers",
            "tokenizers": "transformers",
        }
        assert brought.get(module, named) in names, module
