"""Right answers to algorithms and graphs in many writings are accepted, whatever changes their value is refused: all tasks of these kinds, fresh items."""

import json
import re
from pathlib import Path

import pytest
from shelf import TASKS, fresh

from mmhelix_nb.core import TASKS as REGISTRY
from mmhelix_nb.core import from_official, task_name

CONFORMANCE = Path(__file__).resolve().parents[2] / "shared" / "conformance"
ONE_BOX = re.compile(
    r"(?:Hence\n)?\\boxed\{.*\}", re.DOTALL
)  # what stands before the answer is the business of `replies`
OURS = [task for task in TASKS if REGISTRY[task].category in ("algorithms", "graphs")]
WALKS = ("eulerian_cycle", "eulerian_path", "hamiltonian_cycle", "hamiltonian_path")
LISTS = (*WALKS, "topological_sort")
NUMBERS = [task for task in OURS if task not in (*LISTS, "graph_isomorphism", "twenty_four_points", "crypto_math")]

# Writings: {a} is the answer
ANY = (
    "{a}",
    " {a}\n",
    "**{a}**",
    "`{a}`",
    "```\n{a}\n```",
    "${a}$",
    r"\[{a}\]",
    "Answer: {a}",
    "**Answer:** {a}",
    "Final answer: {a}",
    "{{{{{a}}}}}",
    r"\text{{{a}}}",
    r"\mathbf{{{a}}}",
    r"\boldsymbol{{{a}}}",
    r"\color{{red}}{{{a}}}",
    r"\color{{red}}{a}",
    r"\textcolor{{blue}}{{{a}}}",
    r"\Large {a}",
    r"\displaystyle {a}",
    "<b>{a}</b>",
    "{a}~",
    r"{a}\ ",
    "{a} ✓",
    "{a} ✅.",
    r"{a} $\checkmark$",
    "Here is the solution:\n\n```\n{a}\n```",
    '{{"answer": "{a}"}}',
    "{{'answer': '{a}'}}",
    '{{"reasoning": "as above", "answer": "{a}"}}',
)
NUMBER = (
    "{a}.",
    "{a}.0",
    "= {a}",
    "$= {a}$",
    "The answer is {a}.",
    "Therefore, the answer is {a}",
    "result = {a}",
    r"{a}~\text{{units}}",
    r"{a}\,\text{{units}}",
    r"{a} \text{{ units}}^2",
    r"{a}\text{{ square units}}",
    "{a} units",
    "{a} (units)",
    "{a} (two trades)",
    "{a} (bars 2 and 5)",
    "{a} (0 -> 3 -> 5)",
    "{a} in total",
    "{a}个",
    "{a}个单位",
    r"1 \times {a} = {a}",
    "0 + {a} = {a} units",
    "{a} = {a} × 1",
    "{a} (1 × {a})",
    "the total is {a}",
    '{{"answer": {a}}}',
    "[{a}]",
    "（{a}）",
)
LABELS = {
    "best_time_to_buy_and_sell_stock": (
        "The maximum profit is {a}",
        "profit = {a}",
        "max_profit: {a} dollars",
        "Total profit: ${a}",
    ),
    "container_with_most_water": (
        "max area = {a}",
        "area = height × width = 1 × {a} = {a}",
        "The maximum amount of water is {a}",
    ),
    "count_hills_and_valleys": (
        "Hills and valleys: {a}",
        "{a} hills and valleys",
        "hills + valleys = {a}",
        "The number of hills and valleys is {a}",
    ),
    "h_index": ("h = {a}", "h-index: {a}", "The h-index is {a}", "{a} papers"),
    "largest_rectangle_in_histogram": (
        "The largest rectangle has area {a}",
        "Maximum area: {a}",
        r"\text{{Area}} = {a}",
    ),
    "longest_increasing_subsequence": (
        "LIS length = {a}",
        "The length of the longest increasing subsequence is {a}",
        "{a} bars",
    ),
    "trapping_rain_water": ("Total trapped water: {a}", "{a} units of water", "water = {a}"),
    "max_flow": (
        "max flow: {a}",
        "The maximum flow from node 0 to node 9 is {a}",
        "|f| = {a}",
        r"f_{{\max}} = {a}",
        "|f^*| = {a}",
        r"|f^{{\ast}}|_\max = {a}",
    ),
    "shortest_distance_weighted": (
        "d(0, 8) = {a}",
        "dist[8] = {a}",
        "The shortest distance from 0 to 8 is {a}",
        "{a}, via 0 -> 3 -> 8",
    ),
}
CHANGED = (  # what is no longer the number, or not it alone
    "{a}k {a}M {a}i {a}x {a}% {a}! {a}? {a}^2 {a}² {a}/2 {a}e3 -{a}1 {a}+ >{a} ~{a} ≈{a} ±{a} {a}.5 {a}|{a} {a}0 {a}°".split()
    + [
        f"{{a}} {word}"
        for word in "hundreds tens dozens pairs thousands millions billion halved doubled tripled squared cubed percent gross score".split()
    ]
    + [
        f"{{a}} {words}"
        for words in (
            "per cent",
            "less one",
            "plus one",
            "increased by one",
            "times two",
            "or so",
            "or more",
            "at least",
            "out of 99",
            "and a half",
        )
    ]
    + [
        f"{words} {{a}}"
        for words in (
            "not",
            "at least",
            "at most",
            "about",
            "more than",
            "less than",
            "up to",
            "twice",
            "half of",
            "minus",
            "nearly",
            "over",
        )
    ]
    + [
        f"{label} = {{a}}"
        for label in (
            "twice the area",
            "half the profit",
            "false",
            "not",
            "wrong",
            "2 × answer",
            "answer + 1",
            "2",
            "second largest",
        )
    ]
    + [f"{{a}} {join} 99999" for join in ("or", "and", "to", "-", ",", ";", "/", "vs", "=", "->", "+")]
    + [
        f"{{a}} ({remark})"
        for remark in (
            "hundreds",
            "99999",
            "or 99999",
            "approx.",
            "in thousands",
            "not sure",
            "total 99999",
            "wrong",
            "1 + 99999",
        )
    ]
    + [
        "Wrong answer: {a}",
        "Not the answer: {a}",
        '{{"wrong answer": {a}}}',
        r"\cancel{{{a}}}",
        "{a} ✗",
        "{a}^*",
        r"{a}_{{\max}}",
        r"f_{{\min}} = {a}",
        "2f^* = {a}",
        "~~{a}~~",
        r"\frac{{{a}}}{{2}}",
        r"\sqrt{{{a}}}",
        "1 + {a} = {a}",
        "<del>{a}</del>",
    ]
)


def chained(nodes: list[str]) -> str:
    """A walk as its edges."""
    return ", ".join(f"{u}-{v}" for u, v in zip(nodes, nodes[1:]))


LISTED = (
    lambda nodes: f"[{', '.join(nodes)}]",
    " ".join,
    " -> ".join,
    "->".join,
    " → ".join,
    " ➡️ ".join,
    "➡".join,
    r" \to ".join,
    r"\rightarrow ".join,
    " > ".join,
    " >> ".join,
    ",~".join,
    ", then ".join,
    " - ".join,
    "–".join,
    "、".join,
    "\n".join,
    "; ".join,
    lambda nodes: f"{', '.join(nodes[:-1])} and {nodes[-1]}",
    lambda nodes: f"{', '.join(nodes[:-1])}, and {nodes[-1]}.",
    lambda nodes: ", ".join(f"({node})" for node in nodes),
    lambda nodes: " -> ".join(f"Node {node}" for node in nodes),
    lambda nodes: ", ".join(f"v_{{{node}}}" for node in nodes),
    lambda nodes: "\n".join(f"{i}. Node {node}" for i, node in enumerate(nodes, 1)),
    lambda nodes: "\n".join(f"{i}) {node}" for i, node in enumerate(nodes, 1)),
    lambda nodes: "\n".join(f"{i}. **{node}**" for i, node in enumerate(nodes, 1)),
    lambda nodes: "\n".join(f"- {node}" for node in nodes),
    lambda nodes: f'{{"path": [{", ".join(nodes)}]}}',
    lambda nodes: f'{{"answer": {json.dumps(nodes)}}}',
    lambda nodes: f"The path is [{', '.join(nodes)}].",
    lambda nodes: f"The order is: {', '.join(nodes)}",
    lambda nodes: r"\{" + ", ".join(nodes) + r"\}",
    lambda nodes: f"<{', '.join(nodes)}>",
    lambda nodes: f"<{' -> '.join(nodes)}>",
    lambda nodes: f"Path = <{', '.join(nodes)}>.",
    lambda nodes: f"Start at {nodes[0]}: [{', '.join(nodes)}]",
    lambda nodes: f"Starting from node {nodes[0]}: {' -> '.join(nodes)}",
    lambda nodes: f"Starting at node {nodes[0]}, the path is [{', '.join(nodes)}].",
    lambda nodes: f"Start: {nodes[0]}\nPath: {' -> '.join(nodes)}",
    lambda nodes: f"The path starting from node {nodes[0]} is [{', '.join(nodes)}]",
    lambda nodes: f"Path (starting at {nodes[0]}): {', '.join(nodes)}",
    lambda nodes: f"[{', '.join(nodes)}] (starting at node {nodes[0]}).",
    lambda nodes: f"[{', '.join(nodes)}] is the only solution",
    lambda nodes: f"[{', '.join(nodes)}] is the unique path.",
    lambda nodes: f"The only solution is [{', '.join(nodes)}]",
)
NOT_LISTED = (
    lambda nodes: f"Start at {nodes[1]}: [{', '.join(nodes)}]",
    lambda nodes: f"Starting from node {nodes[1]}: {' -> '.join(nodes)}",
    lambda nodes: f"Start: {nodes[1]}\nPath: {' -> '.join(nodes)}",
    lambda nodes: f"The path starting from node {nodes[1]} is [{', '.join(nodes)}]",
    lambda nodes: f"[{', '.join(nodes)}], starting at node {nodes[1]}",
    lambda nodes: f"Do not start at {nodes[0]}: [{', '.join(nodes)}]",
    lambda nodes: f"Starting at {nodes[0]}, avoid [{', '.join(nodes)}]",
    lambda nodes: f"<{', '.join(nodes)}",
    lambda nodes: f"<{', '.join(nodes)}> or <{', '.join(nodes)}>",
    lambda nodes: f"[{', '.join(nodes)}] is not the only solution",
    lambda nodes: f"[{', '.join(nodes)}] is the only wrong path",
    lambda nodes: f"[{', '.join(nodes)}] is only the beginning",
    "".join,
    lambda nodes: f"Wrong path: {nodes}",
    lambda nodes: f"Dead end: [{', '.join(nodes)}]",
    lambda nodes: f"Not a path: {' '.join(nodes)}",
    lambda nodes: f'{{"wrong path": [{", ".join(nodes)}]}}',
    lambda nodes: f"[{', '.join([*nodes[:1], '...', *nodes[1:]])}]",
    lambda nodes: f"{', '.join(nodes[:2])}, ..., {nodes[-1]}",
    lambda nodes: f"[{', '.join(nodes)}, ...]",
    lambda nodes: f"{' '.join(nodes)} or {' '.join(nodes)}",
    lambda nodes: f"[{', '.join(nodes)}] and [{', '.join(nodes)}]",
    lambda nodes: f"[{', '.join(nodes)}",
    lambda nodes: f"[{', '.join(nodes)}]?",
    lambda nodes: f"No problem: [{', '.join(nodes)}]",
    lambda nodes: f"No, [{', '.join(nodes)}]",
    lambda nodes: f"not [{', '.join(nodes)}]",
    lambda nodes: "\n".join(f"{2 * i}. {node}" for i, node in enumerate(nodes, 1)),
    lambda nodes: ", ".join(nodes[::-1]) if nodes[0] != nodes[-1] else "none of these",
    lambda nodes: ", ".join(nodes[:-2]),
)
BACK = (  # {a}: a list, {b}: the same with arrows, neither closed; {c}: where the way back leads
    "[{a}] and back to {c}",
    "[{a}], then back to {c}.",
    "[{a}] (and back to node {c})",
    "[{a}, back to {c}]",
    "[{a}] and then return to {c}",
    "[{a}], returning to node {c} to close the cycle",
    "<{a}> and back to {c}",
    "{b} -> (back to {c})",
    "{b} -> back to {c}",
    "{b}, then back to {c}",
)
TO_THE_START = ("[{a}] and back to the start", "{b} -> (back to start)", "[{a}], returning to the starting node")
NO = (
    r"\text{{No such {kind} exists}}",
    "No",
    "No.",
    "**No**",
    "NO!",
    "None",
    "No, there is no such {kind}.",
    "No. There is no such {kind}.",
    "No solution",
    "No {kind}",
    "No such {kind}",
    "No valid {kind} exists",
    "There is no such {kind}",
    "There is no {kind} in this graph.",
    "The answer is No",
    "The answer is **No**.",
    "Answer: No",
    "It does not exist.",
    "No {kind} exists in the given graph.",
    "The graph has no such {kind}.",
    "Impossible",
    '{{"answer": null}}',
    '{{"answer": "No"}}',
    '{{"{kind}": null}}',
    "No (more than two nodes have odd degree)",
    r"\boxed{{\text{{No}}}}",
    "There isn't one",
    "There isn't any.",
    "There isn't any such {kind}.",
    "There aren't any",
    "There is none.",
    "None exists",
    "No, there isn't one in this graph.",
    "No, since 3 and 5 are leaves",
    "No, because nodes 3 and 5 are both leaves.",
    "No, since node 3 has only one neighbor",
)
NOT_NO = (
    "Not sure",
    "No idea",
    "Yes or no",
    "No or yes",
    "No problem",
    "No doubt",
    "Yes",
    "Maybe no",
    "No?",
    "Not no",
    "No: [0, 1]",
    "not",
    "nothing",
    "No. 5",
    "The answer is not No",
    "There isn't one?",
    "There isn't one but two",
    "There isn't only one",
    "Isn't there one",
    "There is one",
    "None of these",
    "No leaves",
    "No, since 3 and 5",
    "No, since [0, 1, 2]",
)
YES = (
    "Yes",
    "yes.",
    "**Yes**",
    "Yes, they are isomorphic.",
    "Isomorphic",
    "The answer is Yes",
    "G1 and G2 are isomorphic",
    "Yes, they are",
    '{{"answer": "Yes"}}',
    '{{"isomorphic": true}}',
    r"\text{{Yes}}",
)
NOT_YES = (
    "No, they are not isomorphic.",
    "Not isomorphic",
    "No",
    "The answer is **No**.",
    "non-isomorphic",
    "The graphs are not isomorphic",
    "No, they aren't.",
    '{{"isomorphic": false}}',
)
FIGURES = {"right": 0, "accepted": 0, "wrong": 0, "let in": 0}


def tried(item, writings, right: bool) -> list:
    """The writings that are judged otherwise than `right`, with the reasons; counted."""
    found = []
    for writing in dict.fromkeys(writings):
        verdict = item.check(rf"\boxed{{{writing}}}")
        assert verdict.reason or verdict, (item.task, writing)
        FIGURES["right" if right else "wrong"] += 1
        FIGURES["accepted" if right else "let in"] += bool(verdict)
        if bool(verdict) != right:
            found.append((item.task, item.level, item.seed, item.answer, writing, verdict.reason))
    return found


@pytest.fixture(scope="module", autouse=True)
def figures(request):
    yield
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and FIGURES["right"]:
        reporter.write_line(
            "\nwritings of algorithms and graphs: {accepted} of {right} right ones accepted, {let in} of {wrong} wrong ones accepted".format(
                **FIGURES
            )
        )


def test_all_tasks_of_these_kinds_are_tried():
    assert len(OURS) == 17 and set(LABELS) == set(NUMBERS)


@pytest.mark.fresh
@pytest.mark.parametrize("task", NUMBERS)
def test_whole_numbers(task, run_seed):
    for item in fresh(run_seed, task, 2):
        number = item.answer
        assert tried(item, [one.format(a=number) for one in (*ANY, *NUMBER, *LABELS[task])], True) == []
        same = {f"{number} = {number}", "00"}  # what says the number still: itself, and a nought more before nought
        assert tried(item, [told for one in CHANGED if (told := one.format(a=number)) not in same], False) == []


@pytest.mark.fresh
@pytest.mark.parametrize("task", LISTS)
def test_lists(task, run_seed):
    kind = "cycle" if "cycle" in task else "path"
    for item in fresh(run_seed, task, 2):
        if item.answer == "No":
            assert tried(item, [one.format(kind=kind) for one in NO] + [one.format(a="No") for one in ANY], True) == []
            assert tried(item, NOT_NO, False) == []
            continue
        nodes = [str(node) for node in json.loads(item.answer)]
        right = [one(nodes) for one in LISTED] + [one.format(a=item.answer) for one in ANY]
        if task in WALKS:
            listed = ", ".join(nodes)
            right += [
                chained(nodes),
                f"Edges: {chained(nodes)}",
                f"Yes: [{listed}]",
                f"Yes, a {kind} exists: {listed}",
                "; ".join(f"({u}, {v})" for u, v in zip(nodes, nodes[1:])),
            ]
            assert tried(item, [one.format(kind=kind) for one in NO], False) == []
        if kind == "cycle":
            right += [", ".join(nodes[:-1])]
        wrong = [one(nodes) for one in NOT_LISTED]
        opened = nodes[:-1] if nodes[0] == nodes[-1] else nodes
        way = {"a": ", ".join(opened), "b": " -> ".join(opened)}
        closing = [one.format(**way, c=opened[0]) for one in BACK] + [one.format(**way) for one in TO_THE_START]
        if nodes[0] == nodes[-1]:
            right += [*closing, f"{item.answer} (back to {nodes[0]})"]
        else:
            wrong += closing
        wrong += [one.format(**way, c=other) for one in BACK for other in (opened[1], opened[-1])]
        wrong += [
            f"[{way['a']}] {words}" for words in ("and back", "and not back to the start", "back to", "back to 8 or 3")
        ]
        assert tried(item, right, True) == []
        assert (
            tried(item, [one for one in wrong if task != "eulerian_path" or one != ", ".join(nodes[::-1])], False) == []
        )


@pytest.mark.fresh
def test_isomorphism(run_seed):
    for item in fresh(run_seed, "graph_isomorphism", 4):
        yes = item.answer == "Yes"
        for writings, says in ((YES, True), (NOT_YES, False)):
            assert tried(item, [one.format() for one in writings], says == yes) == []
        assert tried(item, [one.format(a=item.answer) for one in ANY], True) == []
        assert (
            tried(
                item,
                (
                    "Not sure",
                    "No idea",
                    "Yes or no",
                    "Yes, not isomorphic",
                    "No, they are isomorphic",
                    "Wrong answer: Yes",
                    "not yes",
                ),
                False,
            )
            == []
        )


@pytest.mark.fresh
def test_expressions(run_seed):
    for item in fresh(run_seed, "twenty_four_points", 4):
        answer = item.answer
        latex = answer.replace("×", r"\times").replace("÷", r"\div")
        dots = answer.replace(" ×", r" \cdot").replace(" ÷", "/")
        right = [
            answer,
            latex,
            dots,
            *(f"{one} {end}" for one in (answer, latex, dots) for end in ("= 24", "== 24", "= 24.0", "= 4 × 6 = 24")),
        ]
        right += [
            f"24 = {answer}",
            f"24 = {latex}",
            json.dumps({"expression": answer}),
            json.dumps({"expression": f"{answer} = 24"}),
            answer.replace(" ", "~"),
        ]
        right += [one.format(a=answer) for one in ANY] + [
            f"The expression is {answer}",
            answer.replace("×", "*").replace("÷", "/"),
            re.sub(r"\\[a-z]+", lambda sign: f"{{{sign[0]}}}", latex),
        ]
        assert tried(item, right, True) == []
        wrong = [
            f"{answer} = 25",
            f"{answer} = 24.5",
            f"{answer} = 4 × 6",
            f"{answer} = 5 × 5 = 24",
            f"24 = {answer} = 24",
            f"-({answer})",
            f"{answer} + 0",
            f"{answer} or {answer}",
            f"~{answer}",
        ]
        wrong += [
            f"Wrong: {answer}",
            f"not {answer}",
            json.dumps({"wrong expression": answer}),
            f"{answer}!",
            f"2 × ({answer})",
            f"({answer}",
            f"{answer}?",
            f"{answer}, {answer}",
            "24",
        ]
        assert tried(item, wrong, False) == []


@pytest.mark.fresh
def test_letters(run_seed):
    for item in fresh(run_seed, "crypto_math", 4):
        pairs = [pair.split("=") for pair in item.answer.split(", ")]
        digits = {letter: int(digit) for letter, digit in pairs}
        table = "\n".join(f"| {letter} | {digit} |" for letter, digit in pairs)
        numbers = item.state.equation.translate(str.maketrans(dict(pairs)))
        right = [
            item.answer,
            json.dumps(digits),
            str(digits),
            json.dumps({"answer": digits}),
            json.dumps({"mapping": digits}),
            f"| Letter | Digit |\n|---|---|\n{table}",
        ]
        right += [
            sep.join(one.format(*pair) for pair in pairs)
            for one in (
                "{}={}",
                "{} = {}",
                "{}: {}",
                "{} -> {}",
                r"{} \to {}",
                r"\text{{{}}} = {}",
                "'{}': {}",
                "{}~= {}",
            )
            for sep in (", ", "\n", "; ")
        ]
        right += [
            "\n".join(f"{i}. **{letter}** = {digit}" for i, (letter, digit) in enumerate(pairs, 1)),
            numbers,
            numbers.replace("+", " + ").replace("=", " = "),
            f"({', '.join(digits)}) = ({', '.join(map(str, digits.values()))})",
        ]
        right += [one.format(a=item.answer) for one in ANY]
        assert tried(item, right, True) == []
        wrong = [
            item.answer.replace("=", "≠"),
            item.answer.replace("=", "=-"),
            item.answer.replace("=", "=~"),
            f"Wrong: {item.answer}",
            f"not {item.answer}",
            f"{item.answer} or {item.answer}",
        ]
        wrong += [
            json.dumps({"wrong mapping": digits}),
            f"{item.answer}?",
            ", ".join(item.answer.split(", ")[1:]),
            numbers.replace("=", "+"),
            f"({', '.join(digits)}) = ({', '.join(map(str, [*digits.values()][::-1]))})",
            f"{{{', '.join(digits)}}} = {{{', '.join(map(str, digits.values()))}}}",
            f"{'|'.join(digits)}\n{pairs[0][1]}{'|'.join(digit for _, digit in pairs[1:])}",
            numbers[1:],
            f"{pairs[0][0]}={pairs[0][1]}, ...",
        ]
        assert tried(item, wrong, False) == []


@pytest.mark.parametrize("name", ["right", "wrong"])
def test_conformance(name):
    """The hand-checked replies to these tasks whose answer stands in one box."""
    path = CONFORMANCE / f"{name}.jsonl"
    if not path.exists():
        pytest.skip("no conformance rows beside the repository")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    rows = [
        row
        for row in rows
        if task_name(row["category"]) in OURS and (name == "right" or ONE_BOX.fullmatch(row["reply"]))
    ]
    judged = [(row["reply"], from_official(row).check(row["reply"])) for row in rows]
    assert rows and [(reply, verdict.reason) for reply, verdict in judged if bool(verdict) != (name == "right")] == []
