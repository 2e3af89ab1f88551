"""Puzzles are made, drawn as shapes, judged and told with Python alone: no Pillow, no other package."""

import subprocess
import sys

ALONE = """
import sys

class OnlyPython:
    "Finds no package but ours."
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        if first not in sys.stdlib_module_names and first != "mmhelix_nb":
            raise ModuleNotFoundError(f"{name} is blocked")

sys.meta_path.insert(0, OnlyPython())
import mmhelix_nb
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


def test_puzzles_need_no_other_package():
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "PIL is blocked\n"), done.stderr
