"""TRL's own tests of GRPO, run with GRPOTrainer and with AHPOTrainer whose gate is shut: each has to end alike. Writes reports/trl.json.

`python tests/upstream/compare.py PATH [ARGUMENTS OF PYTEST]` takes a checkout of TRL at PATH. What the tests would fetch from the hub are small stand-ins, so no net is needed;
a test that has none ends in an error, with either trainer."""

import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from collections import Counter
from pathlib import Path

import torch
import transformers
import trl

sys.path.insert(0, str(Path(__file__).parent))

import stand_ins  # noqa: E402

from mmhelix_nb.book.place import commit  # noqa: E402
from mmhelix_nb.book.results import write_json  # noqa: E402

REPORT = Path(__file__).parents[2] / "reports" / "trl.json"
TRAINERS = ("GRPOTrainer", "AHPOTrainer")


def version_of(checkout: Path) -> str:
    """The version that a checkout of TRL says it is."""
    found = re.search(r'^version = "([^"]+)"', (checkout / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    return (checkout / "VERSION").read_text(encoding="utf-8").strip() if (checkout / "VERSION").is_file() else found[1]


def outcome(case) -> tuple[str, str]:
    """How a test ended, and the first line of why."""
    for kind in ("failure", "error", "skipped"):
        if (found := case.find(kind)) is not None:
            return ("failed" if kind != "skipped" else "skipped"), (found.get("message") or "").split("\n")[0][:160]
    return "passed", ""


def run(trainer: str, checkout: Path, hub: Path, more: list[str]) -> dict[str, tuple[str, str]]:
    """What the tests say of one trainer, by name."""
    result = hub / f"{trainer}.xml"
    places = [str(Path(__file__).parent), str(REPORT.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"MMHELIX_TRAINER": trainer, "PYTHONPATH": os.pathsep.join(places)}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(hub / "cache"), "OMP_NUM_THREADS": "1"}
    options = ["-q", "-p", "trainer_of", "-p", "no:cacheprovider", f"--junitxml={result}", f"--rootdir={checkout}"]
    command = [sys.executable, "-m", "pytest", *options, str(checkout / "tests" / "test_grpo_trainer.py"), *more]
    subprocess.run(command, cwd=hub, env=environment, stdout=subprocess.DEVNULL)
    if not result.is_file():
        raise SystemExit(f"pytest wrote no result; try: {' '.join(command)}")
    cases = xml.parse(result).getroot().iter("testcase")
    return {f"{case.get('classname').split('.')[-1]}::{case.get('name')}": outcome(case) for case in cases}


def compare(checkout: Path, more: list[str]) -> dict:
    """Both runs side by side."""
    with tempfile.TemporaryDirectory() as folder:
        missing, began, found = stand_ins.write(Path(folder)), time.perf_counter(), {}
        for trainer in TRAINERS:
            found[trainer] = run(trainer, checkout, Path(folder), more)
    theirs, ours = (found[trainer] for trainer in TRAINERS)
    different = sorted(name for name in {*theirs, *ours} if theirs.get(name, "")[:1] != ours.get(name, "")[:1])
    return {
        "commit": commit(),
        "trl": trl.__version__,
        "tests_of_trl": version_of(checkout),
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "seconds": round(time.perf_counter() - began),
        "tests": len(theirs),
        **{trainer: dict(sorted(Counter(how for how, _ in found[trainer].values()).items())) for trainer in TRAINERS},
        "differing": {name: {trainer: found[trainer].get(name) for trainer in TRAINERS} for name in different},
        "failed_with_both": {n: why for n, (how, why) in sorted(theirs.items()) if how == "failed" == ours[n][0]},
        "without_stand_in": missing,
    }


def main() -> int:
    """Exit code 1 where a test ends otherwise with one trainer than with the other."""
    if len(sys.argv) < 2 or not (Path(sys.argv[1]) / "tests" / "test_grpo_trainer.py").is_file():
        raise SystemExit("name a checkout of TRL: make trl-tests TRL=/path/to/trl")
    report = compare(Path(sys.argv[1]).resolve(), sys.argv[2:])
    for trainer in TRAINERS:
        print(f"{trainer}: {report[trainer]}")
    print(f"differing: {report['differing'] or 'none'}")
    if not sys.argv[2:]:
        write_json(REPORT, report)
    return bool(report["differing"])


if __name__ == "__main__":
    sys.exit(main())
