"""The guard of retold traces against an adversary and against honest paraphrases; the table goes into reports/serg/guard.json.

`python tests/guard/bench.py [SAMPLES]` takes about an hour for a thousand of each kind; skeletons of all tasks and levels take turns."""

import sys
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from guard import adversary, honest  # noqa: E402
from guard.retellings import retellings  # noqa: E402

from mmhelix_nb import make, tasks  # noqa: E402
from mmhelix_nb.book.place import commit  # noqa: E402
from mmhelix_nb.book.results import write_json  # noqa: E402
from mmhelix_nb.serg import Sample, expert  # noqa: E402
from mmhelix_nb.traces.guard import guard  # noqa: E402

REPORT = Path(__file__).resolve().parents[2] / "reports" / "serg" / "guard.json"


def skeleton(number: int) -> Sample:
    """Skeleton `number`: tasks take turns, then levels, then seeds."""
    names = tasks()
    turn = number // len(names)
    return expert(make(names[number % len(names)], 1 + turn % 5, 40_000 + turn))


def tried(kind: str, change, wanted: int) -> dict:
    """How many of `wanted` replies that `change` makes are accepted, and the first ones that are not what is hoped for."""
    accepted, made, number, cases, began = 0, 0, 0, [], time.monotonic()
    hoped = kind in honest.KINDS
    while made < wanted and number < 12 * wanted:
        sample = skeleton(number)
        reply = change(sample, sample.reply, Random(f"{kind}/{number}"))
        number += 1
        if reply is None or reply == sample.reply:
            continue
        verdict = guard(sample, reply)
        made, accepted = made + 1, accepted + bool(verdict)
        if bool(verdict) != hoped:
            item = sample.item
            cases.append(f"{item.task} {item.level} {item.seed}: {verdict.reason}"[:160])
    print(f"{kind:22} {made:5,} made {accepted:5,} accepted {time.monotonic() - began:6.0f} s", flush=True)
    return {"kind": kind, "made": made, "accepted": accepted, "cases": cases[:5]}


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    by_hand = [guard(sample, reply) for sample, reply in retellings()]
    attacks = [tried(kind, change, wanted) for kind, change in adversary.KINDS.items()]
    rules = [tried(kind, change, max(20, wanted // 4)) for kind, change in honest.KINDS.items()]
    made, kept = (sum(line[name] for line in rules) for name in ("made", "accepted"))
    write_json(
        REPORT,
        {
            "commit": commit(),
            "adversary": attacks,
            "honest_by_rule": rules,
            "honest_refused": round(1 - kept / made, 4),
            "by_hand": {"made": len(by_hand), "accepted": sum(map(bool, by_hand))},
        },
    )
    print(
        f"accepted of the adversary's: {sum(line['accepted'] for line in attacks)}; refused of honest ones: {1 - kept / made:.1%}"
    )


if __name__ == "__main__":
    main()
