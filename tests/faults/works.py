"""The commands that the fault bench torments, and what each of them is to leave behind: every item once, with the same content."""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fakebook import ENVIRONMENT, MMHELIX, REPO

TASKS = "maze,binairo,h_index,hanoi"
Content = list[tuple[str, str]]  # (item, hash of what there is of it)


@dataclass(frozen=True)
class Work:
    "A command in a folder of its own, given the address of a server; `content` reads what it has made there."

    name: str
    arguments: Callable[[str], list[str]]
    content: Callable[[Path], Content]
    asks: bool = False  # whether it asks the server

    def command(self, server: str) -> list[str]:
        return [*MMHELIX, *self.arguments(server)]


def digest(value) -> str:
    "A hash of a value, whatever the file that held it."
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()


def table_content(folder: Path, pattern: str) -> Content:
    "The rows of Parquet files, by task, level and seed."
    import pyarrow.parquet as pq

    rows = [row for path in sorted(folder.glob(pattern)) for row in pq.read_table(path).to_pylist()]
    return [(f"{row['task']}/{row['level']}/{row['seed']}", digest(sorted(row.items()))) for row in rows]


def judged_content(folder: Path) -> Content:
    "The verdicts of an evaluation, by item and sample."
    found = [json.loads(line) for line in (folder / "out/judged.jsonl").read_text(encoding="utf-8").split("\n") if line]
    return [(f"{one['item']}#{one['sample']}", digest((one["text"], one["ok"], one["reason"]))) for one in found]


def report_content(folder: Path) -> Content:
    "The results of a run, job by job, and the last lines of its curves."
    found = []
    for path in sorted(folder.glob("runs/reports/*/*/results.json")):
        record = json.loads(path.read_text(encoding="utf-8")) | {"commit": ""}  # somebody may be at work in the clone
        found.append((path.parent.name, digest(sorted((name, repr(value)) for name, value in record.items()))))
    return found


WORKS = {
    work.name: work
    for work in (
        Work(
            "generate",
            lambda _: ["generate", "--tasks", TASKS, "--per-cell", "3", "--workers", "2", "--out", "out"],
            lambda folder: table_content(folder, "out/data/*.parquet"),
        ),
        Work(
            "serg",
            lambda _: ["serg", "--tasks", TASKS, "--n", "60", "--shard-size", "12", "--out", "out"],
            lambda folder: table_content(folder, "out/data/*/*.parquet"),
        ),
        Work(
            "serg --polish",
            lambda server: [
                *("serg", "--tasks", TASKS, "--n", "30", "--shard-size", "10", "--out", "out"),
                *("--polish", server, "--model", "fake"),
            ],
            lambda folder: table_content(folder, "out/data/*/*.parquet"),
            asks=True,
        ),
        Work(
            "eval",
            lambda server: ["eval", server, "--model", "fake", "--data", "../bench/out", "--out", "out"],
            judged_content,
            asks=True,
        ),
        Work("run", lambda _: ["run", "--profile", "smoke", "--root", "."], report_content),
    )
}


@dataclass(frozen=True)
class Ended:
    "How a process ended: exit code, what it said, wall seconds."

    code: int
    said: str
    seconds: float


def environment() -> dict[str, str]:
    "Variables for a command that runs the package of this folder."
    return {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, (str(REPO), os.environ.get("PYTHONPATH"))))}


def start(work: Work, folder: Path, server: str = "", more: tuple[str, ...] = ()) -> subprocess.Popen:
    "The command in `folder`, with `more` arguments, in a session of its own."
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [*work.command(server), *more],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        env={
            **ENVIRONMENT,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(REPO), os.environ.get("PYTHONPATH")))),
        },
    )


def finish(process: subprocess.Popen, began: float, limit: float = 1800.0) -> Ended:
    "The end of a process that began at `began`; killed after `limit` seconds."
    try:
        said, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        kill(process)
        said, _ = process.communicate()
    return Ended(process.returncode, said, time.monotonic() - began)


def run(work: Work, folder: Path, server: str = "", limit: float = 1800.0, more: tuple[str, ...] = ()) -> Ended:
    "The command from its beginning to its end."
    began = time.monotonic()
    return finish(start(work, folder, server, more), began, limit)


def kill(process: subprocess.Popen) -> None:
    "kill -9 to the command itself; whatever it started has to see that by itself."
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)


def difference(wanted: Content, found: Content) -> dict[str, int]:
    "How many of the `wanted` items are lost, how many are doubled, and how many have another content."
    names, contents = Counter(name for name, _ in found), dict(found)
    return {
        "asked": len(wanted),
        "lost": sum(name not in names for name, _ in wanted),
        "doubled": sum(count - 1 for count in names.values()),
        "changed": sum(name in contents and contents[name] != content for name, content in wanted)
        + sum(name not in dict(wanted) for name in names),
    }
