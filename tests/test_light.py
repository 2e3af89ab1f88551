"""Puzzles are made, drawn as shapes, judged and told with Python alone, and as pictures with Pillow: no other package."""

import subprocess
import sys

ONLY = """
import sys

class Only:
    "Finds the packages in `found`, Python's own and no other."
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        if first not in sys.stdlib_module_names and first not in found:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)

sys.meta_path.insert(0, Only())
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


def alone(code: str, *found: str) -> str:
    """What `code` prints where no package but ours and `found` can be imported."""
    code = f"found = {('mmhelix_nb', *found)}\n{ONLY}{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_puzzles_need_no_other_package():
    assert alone(SHAPES) == "PIL is blocked\n"


def test_pictures_need_pillow_alone():
    alone(PICTURES, "PIL")
