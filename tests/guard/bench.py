"""The guard of retold traces against an adversary and against honest paraphrases; the table goes into reports/serg/guard.json.

`python tests/guard/bench.py [SAMPLES]` takes ten minutes for a thousand of each kind; skeletons of all tasks and levels take turns, each is made once for all kinds."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
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
KINDS = {**adversary.KINDS, **honest.KINDS}
CHUNK, ROUND = 21, 8  # skeletons a call, and calls before it is seen which kinds want more


def skeleton(number: int) -> Sample:
    """Skeleton `number`: tasks take turns, then levels, then seeds."""
    names = tasks()
    turn = number // len(names)
    return expert(make(names[number % len(names)], 1 + turn % 5, 40_000 + turn))


def tried(numbers: range, kinds: list[str]) -> list[tuple[str, bool, str]]:
    """Of the replies that `kinds` make of some skeletons: the kind, whether it is accepted, and a line about it."""
    found = []
    for number in numbers:
        sample = skeleton(number)
        item = sample.item
        for kind in kinds:
            reply = KINDS[kind](sample, sample.reply, Random(f"{kind}/{number}"))
            if reply is not None and reply != sample.reply:
                verdict = guard(sample, reply)
                case = f"{item.task} {item.level} {item.seed}: {verdict.reason}"
                found.append((kind, bool(verdict), case[:160]))
    return found


def table(wanted: dict[str, int]) -> dict[str, dict]:
    """For each kind how many of its `wanted` replies are accepted, and the first that are not what is hoped for; the same however many processes take part."""
    lines = {kind: {"kind": kind, "made": 0, "accepted": 0, "cases": []} for kind in wanted}
    first, last = 0, 8 * max(wanted.values())  # a kind that finds too little to change ends there
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        while first < last and (open_kinds := [kind for kind in wanted if lines[kind]["made"] < wanted[kind]]):
            starts = range(first, first + CHUNK * ROUND, CHUNK)
            first += CHUNK * ROUND
            calls = [pool.submit(tried, range(start, start + CHUNK), open_kinds) for start in starts]
            for kind, accepted, case in (one for call in calls for one in call.result()):
                line = lines[kind]
                if line["made"] < wanted[kind]:
                    line["made"], line["accepted"] = line["made"] + 1, line["accepted"] + accepted
                    line["cases"] += [case] * (accepted != (kind in honest.KINDS) and len(line["cases"]) < 5)
            print(f"{first:6,} skeletons; {len(open_kinds)} kinds want more", flush=True)
    return lines


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    by_hand = [guard(sample, reply) for sample, reply in retellings()]
    lines = table({kind: wanted if kind in adversary.KINDS else max(20, wanted // 4) for kind in KINDS})
    attacks, rules = ([lines[kind] for kind in kinds] for kinds in (adversary.KINDS, honest.KINDS))
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
    for line in lines.values():
        print(f"{line['kind']:22} {line['made']:5,} made {line['accepted']:5,} accepted", *line["cases"], sep="\n    ")
    print(
        f"accepted of the adversary's: {sum(line['accepted'] for line in attacks)}; refused of honest ones: {1 - kept / made:.1%}"
    )


if __name__ == "__main__":
    main()
