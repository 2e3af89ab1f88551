"""Every command that costs time or money, under kill -9, a full disk, a second one beside it, and a server that misbehaves; the table goes into reports/faults.json.

`python tests/faults/bench.py [WORK ...]` takes an hour for all. The moments of the kills are random; their seed stands in the table and `MMHELIX_SEED` repeats them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fakebook import REPO  # noqa: E402
from fakeserver import MISBEHAVIOURS, FakeServer, completion, misbehaving, retold  # noqa: E402
from faults.works import WORKS, Content, Ended, Work, difference, digest, environment, finish, kill, run, start  # noqa: E402

from mmhelix_nb.book.place import commit  # noqa: E402
from mmhelix_nb.book.results import write_json  # noqa: E402

HARM = ("lost", "doubled", "changed", "traceback", "unnamed")  # what no fault may leave

KEPT = (".parquet", ".jsonl", ".json", ".sqlite", ".txt", ".md")  # of what a command keeps
KILLS = int(os.environ.get("MMHELIX_KILLS", 20))


def reply(asked: dict) -> str:
    "A good reply: to notes the notes retold, to a puzzle a guess that its question decides."
    content = asked["messages"][-1]["content"]
    if isinstance(content, str) and "Notes:\n" in content:
        return retold(asked)
    return f"\\boxed{{{len(json.dumps(asked)) % 7}}}"


def answer(asked: dict, _number: int = 1):
    "What a good server says."
    return 200, completion(reply(asked)), {}


def sometimes(name: str):
    "The misbehaviour `name` on every third request, by its hash, and good replies to the others."
    bad = misbehaving(name, reply)
    return lambda asked, number: (bad if int(digest(asked), 16) % 3 == 0 else answer)(asked, number)


def result(fault: str, work: Work, wanted: Content, folder: Path, again: Ended, **more) -> dict:
    "A line of the table: what is left after the same command has gone on to its end."
    kept = (
        difference(wanted, work.content(folder))
        if again.code in (0, 1)
        else {"asked": len(wanted), "lost": len(wanted)}
    )
    line = {
        "fault": fault,
        "work": work.name,
        **kept,
        "exit": again.code,
        "seconds_to_go_on": round(again.seconds, 1),
        **more,
    }
    if again.code or "Traceback" in again.said:
        line["said"] = again.said[-400:]
    return line


def killed_once(work: Work, wanted: Content, room: Path, whole: float, rng: Random, server: str) -> dict:
    "One kill at a random moment, then the same command again."
    folder = Path(tempfile.mkdtemp(dir=room))
    moment, process = rng.uniform(0, whole), start(work, folder, server)
    time.sleep(moment)
    kill(process)
    process.communicate()
    again = run(work, folder, server)
    line = result("kill -9", work, wanted, folder, again, after_s=round(moment, 2))
    shutil.rmtree(folder)
    return line


def killed_often(work: Work, wanted: Content, room: Path, whole: float, rng: Random, server: str) -> dict:
    "A run so long that it is killed at `KILLS` moments on one way to its end."
    folder, moments = Path(tempfile.mkdtemp(dir=room)), []
    for _ in range(KILLS):
        moments.append(rng.uniform(0.5, whole / 4))
        process = start(work, folder, server)
        time.sleep(moments[-1])
        kill(process)
        process.communicate()
    line = result(
        "kill -9", work, wanted, folder, run(work, folder, server), after_s=[round(moment, 2) for moment in moments]
    )
    shutil.rmtree(folder)
    return line


def damaged(work: Work, wanted: Content, room: Path, whole: float, rng: Random, server: str) -> dict:
    "A file that is cut or overwritten, in a folder that was killed or finished: healed, or refused in a line that names it."
    folder = Path(tempfile.mkdtemp(dir=room))
    process = start(work, folder, server)
    time.sleep(rng.uniform(whole / 2, 2 * whole))
    kill(process)
    process.communicate()
    files = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in KEPT and path.stat().st_size
    ]
    if not files:
        shutil.rmtree(folder)
        return {"fault": "damaged file", "work": work.name, "not tried": "no file yet"}
    path, kind = rng.choice(files), rng.choice(("cut", "zeros"))
    with open(path, "r+b") as file:
        at = rng.randrange(path.stat().st_size)
        if kind == "cut":
            file.truncate(at)
        else:
            file.seek(at)
            file.write(bytes(min(64, path.stat().st_size - at)))
    again = run(work, folder, server)
    refused = again.code != 0
    line = result(
        "damaged file",
        work,
        [] if refused else wanted,
        folder,
        again,
        file=str(path.relative_to(folder)),
        how=f"{kind} at {at}",
    )
    last = again.said.strip().split("\n")[-1]
    line |= {
        "healed": not refused,
        "traceback": "Traceback" in again.said,
        "unnamed": refused and path.name not in last,
    }
    shutil.rmtree(folder)
    return line


def two_at_once(work: Work, wanted: Content, room: Path, server: str) -> dict:
    "The same command twice in one folder at the same time, then once more."
    folder = Path(tempfile.mkdtemp(dir=room))
    began = time.monotonic()
    pair = [start(work, folder, server) for _ in range(2)]
    codes = [finish(process, began) for process in pair]
    line = result("two at once", work, wanted, folder, run(work, folder, server), codes=[end.code for end in codes])
    refused = [end.said.strip().split("\n")[-1] for end in codes if end.code]
    shutil.rmtree(folder)
    return {**line, "refused": refused[0][:200] if refused else ""}


FULL = """set -e
mount -t tmpfs -o size={small} tmpfs {folder}
cd {folder}
set +e
"$@" >../{name}.first 2>&1; echo $? >../{name}.codes
mount -o remount,size=2g {folder}
date +%s.%N >>../{name}.codes
"$@" >../{name}.second 2>&1; echo $? >>../{name}.codes
date +%s.%N >>../{name}.codes
cp -r {folder} ../{name}.kept
"""


def full_disk(work: Work, wanted: Content, room: Path, server: str, small: str) -> dict:
    "A disk of `small` bytes that fills up, then has room again, in a mount of its own."
    folder = Path(tempfile.mkdtemp(dir=room))
    script = FULL.format(folder=folder, name=folder.name, small=small)
    command = ["unshare", "-rm", "bash", "-c", script, "bash", *work.command(server)]
    found = subprocess.run(command, cwd=room, env=environment(), capture_output=True, text=True, check=False)
    codes = room / f"{folder.name}.codes"
    if not codes.exists():
        why = found.stderr.strip()[-200:] or "no mount of one's own here"
        return {"fault": "full disk", "work": work.name, "not tried": why}
    first, began, second, ended = map(float, codes.read_text().split())
    said, then = ((room / f"{folder.name}.{name}").read_text(errors="replace") for name in ("first", "second"))
    line = result("full disk", work, wanted, room / f"{folder.name}.kept", Ended(int(second), then, ended - began))
    return {**line, "code": int(first), "traceback": "Traceback" in said, "message": said.strip().split("\n")[-1][:200]}


def misbehaved(work: Work, wanted: Content, room: Path, fake: FakeServer, name: str) -> dict:
    "A server that misbehaves as its `name` says, then a good one, which is asked for what is missing."
    kind, folder = MISBEHAVIOURS[name], Path(tempfile.mkdtemp(dir=room))
    fake.behave, fake.seen = sometimes(name), Counter()
    first = run(work, folder, fake.url, limit=600)
    asked = sum(fake.seen.values())
    fake.behave, fake.seen = answer, Counter()
    again = run(work, folder, fake.url, more=("--again",) if kind.expected == "refused" else ())
    line = result(f"server: {kind.expected}", work, wanted, folder, again, kind=name, requests=asked, code=first.code)
    line |= {"asked_again": sum(fake.seen.values()), "traceback": "Traceback" in first.said + again.said}
    if kind.gives:
        line["changed"] = 0  # what such a server says is another text
    if kind.expected == "ends":
        said = first.said.strip().split("\n")[-1]
        line |= {"message": said[:200], "unnamed": first.code == 0 or kind.says not in said}
    shutil.rmtree(folder)
    return line


def bench(name: str, seed: int) -> list[dict]:
    "All faults for the work called `name`, line by line, printed as they come."
    rng, lines = Random(seed), []
    with tempfile.TemporaryDirectory() as place, FakeServer(answer, latency=0.05) as fake:
        room = Path(place)
        run(WORKS["generate"], room / "bench")
        work = WORKS[name]
        reference = run(work, room / f"reference {name}", fake.url)
        wanted = work.content(room / f"reference {name}")
        print(f"{name}: {len(wanted)} items in {reference.seconds:.1f} s", flush=True)
        for line in faults(work, wanted, room, reference.seconds, rng, fake):
            lines.append(line)
            print(json.dumps(line), flush=True)
    return lines


SMALL = {
    "generate": "150k",
    "serg": "300k",
    "serg --polish": "250k",
    "eval": "40k",
    "run": "3m",
}  # of a disk that fills up


def faults(work: Work, wanted: Content, room: Path, whole: float, rng: Random, fake: FakeServer):
    "Each fault of one work."
    server = fake.url
    if work.name == "run":
        yield killed_often(work, wanted, room, whole, rng, server)
    else:
        for _ in range(KILLS):
            yield killed_once(work, wanted, room, whole, rng, server)
        for _ in range(KILLS):
            yield damaged(work, wanted, room, whole, rng, server)
    yield two_at_once(work, wanted, room, server)
    yield full_disk(work, wanted, room, server, SMALL[work.name])
    for name, kind in MISBEHAVIOURS.items() if work.asks else ():
        if (
            work.name == "eval" or kind.expected != "heals"
        ):  # the client is the same; what ends or refuses is told by each
            yield misbehaved(work, wanted, room, fake, name)


def summary(lines: list[dict]) -> dict[str, dict]:
    "What each kind of fault did: how often it was tried, items asked, lost, doubled, changed, and the most seconds to go on."
    groups: dict[str, list[dict]] = {}
    for line in lines:
        if "not tried" not in line:
            groups.setdefault(line["fault"], []).append(line)
    return {
        fault: {
            "tried": sum(len(line["after_s"]) if isinstance(line.get("after_s"), list) else 1 for line in group),
            **{name: sum(line.get(name, 0) for line in group) for name in ("asked", "lost", "doubled", "changed")},
            "seconds_to_go_on": max(line["seconds_to_go_on"] for line in group),
            **{name: sum(line[name] for line in group) for name in ("healed",) if name in group[0]},
        }
        for fault, group in groups.items()
    }


def kept_report(path: Path) -> dict:
    "What an earlier bench found, work by work."
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def main() -> int:
    names, path, harmful = sys.argv[1:] or list(WORKS), REPO / "reports" / "faults.json", 0
    for name in names:
        seed = int(os.environ.get("MMHELIX_SEED", Random().randrange(10**6)))
        lines = bench(name, seed)
        harm = [line for line in lines if any(line.get(kind) for kind in HARM)]
        harmful += len(harm)
        untried = [line for line in lines if "not tried" in line]
        found = {"commit": commit(), "seed": seed, "kinds": summary(lines), "harm": harm, "not tried": untried}
        write_json(path, {**kept_report(path), name: found})
        print(f"{name}: {len(lines)} faults, {len(harm)} of them did harm", flush=True)
    return bool(harmful)


if __name__ == "__main__":
    sys.exit(main())
