"""Check that `mmhelix_nb/` is what the notebooks export, and that the notebooks are clean. Nothing in the tree is changed."""

import filecmp
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("nbs", "mmhelix_nb", "settings.ini", "setup.py")
SKIPPED = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "_proc")


def copy_to(folder: Path) -> None:
    """Copy what nbdev reads and writes, without the exported modules of tasks and chapters."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=SKIPPED)
        elif source.is_file():
            shutil.copy2(source, folder / name)


def files(folder: Path) -> set[str]:
    """Notebooks and modules under `folder`, by relative path."""
    found = [*folder.glob("nbs/**/*.ipynb"), *folder.glob("mmhelix_nb/**/*.py")]
    return {
        str(p.relative_to(folder)) for p in found if not {"__pycache__", ".ipynb_checkpoints", "_proc"} & set(p.parts)
    }


def nbdev(folder: Path, tool: str) -> None:
    """Run one of nbdev's tools in `folder`."""
    done = subprocess.run([str(Path(sys.executable).with_name(tool))], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{tool} failed:\n{done.stdout}{done.stderr}")


def orphans(folder: Path) -> list[str]:
    """Modules that say they were generated, but by no notebook that exists."""
    found = []
    for path in folder.glob("mmhelix_nb/**/*.py"):
        first = next((line for line in path.read_text(encoding="utf-8").splitlines() if "File to edit:" in line), None)
        if first and not (path.parent / first.split("File to edit:")[1].strip().rstrip(".")).resolve().exists():
            found.append(str(path.relative_to(folder)))
    return found


MACHINE = re.compile(r"(?:^|[\s\"'=(])/(?:tmp|home|root|Users|var/folders)/")


def machine_paths(path: Path) -> list[str]:
    """The lines in a notebook's outputs that hold a path of the machine that ran it."""
    outputs = [out for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] for out in cell.get("outputs", ())]
    texts = ["".join(out.get("text", ()) or out.get("data", {}).get("text/plain", ())) for out in outputs]
    return [line for text in texts for line in text.split("\n") if MACHINE.search(line)]


def twins(path: Path) -> list[str]:
    """The ids that two cells of a notebook share, which breaks links to them."""
    ids = [cell["id"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    return sorted({one for one in ids if ids.count(one) > 1})


def main() -> int:
    """Compare before and after; the exit code."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_to(folder)
        lost = orphans(folder)
        nbdev(folder, "nbdev_export")
        nbdev(folder, "nbdev_clean")
        names = files(ROOT) | files(folder)
        changed = sorted(
            n
            for n in names
            if not (
                (ROOT / n).is_file() and (folder / n).is_file() and filecmp.cmp(ROOT / n, folder / n, shallow=False)
            )
        )
    for name in changed:
        print(
            f"{name}: "
            + (
                "not clean; run: make clean-nbs"
                if name.endswith(".ipynb")
                else "not what its notebook exports; run: make export"
            )
        )
    for name in lost:
        print(f"{name}: its notebook is gone; remove it")
    foreign = {path: lines for path in sorted(ROOT.glob("nbs/**/*.ipynb")) if (lines := machine_paths(path))}
    for path, lines in foreign.items():
        print(f"{path.relative_to(ROOT)}: an output holds a path of this machine: {lines[0][:80]}")
    double = {path: ids for path in sorted(ROOT.glob("nbs/**/*.ipynb")) if (ids := twins(path))}
    for path, ids in double.items():
        print(f"{path.relative_to(ROOT)}: two cells have the id {ids[0]}; give one another")
    if not (changed or lost or foreign or double):
        print(f"notebooks clean, exports up to date ({len(names)} files)")
    return 1 if changed or lost or foreign or double else 0


if __name__ == "__main__":
    sys.exit(main())
