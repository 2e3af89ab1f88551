"""How many replies a model gives alike in 4 bits and unquantised, on the lab's held-out items; JSON into reports/bench/four_bit.json.

It needs a model trained by `make reproduce`; another one, of any family and on any items, is compared by `mmhelix eval MODEL --quantise nf4`, the same with none, and `mmhelix compare`."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from mmhelix_nb.book.place import commit
from mmhelix_nb.reporting.compare import compare

MODEL, OUT = Path("runs/mini/ahpo-ahpo/model"), Path("reports/bench/four_bit.json")


def main() -> None:
    """Measure, print, write."""
    if not MODEL.is_dir():
        print(f"{MODEL}: not there; make reproduce trains it, and this bench is left out until then")
        return
    with tempfile.TemporaryDirectory() as home:
        sides = [Path(home) / kind for kind in ("nf4", "none")]
        for side in sides:
            command = ["eval", str(MODEL), "--profile", "mini", "--quantise", side.name, "--out", str(side)]
            call = "from mmhelix_nb.running.cli import app; app()"
            subprocess.run([sys.executable, "-c", call, *command], check=True)
        found = compare(*sides)
    lines = {one["name"]: {"nf4": one["accuracy_a"], "none": one["accuracy_b"]} for one in found["lines"]}
    figures = {"commit": commit(), "model": "mini, AHPO, seed 0", "agreement": found["agreement"], "accuracy": lines}
    OUT.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1), f"\nwritten to {OUT}")


if __name__ == "__main__":
    main()
