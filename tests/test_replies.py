"""Replies judged as their writer meant them: every task, every mark, thoughts of every kind, cut off, denied, taken back."""

import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shelf import TASKS

from mmhelix_nb.core import Instance, from_official, make, pack
from mmhelix_nb.replies import (
    _THOUGHT,
    _THOUGHT_WORDS,
    THOUGHT_PAIRS,
    Extracted,
    _holds,
    extract,
)
from mmhelix_nb.verifiers import reward

CONFORMANCE = Path(__file__).resolve().parents[2] / "shared" / "conformance"


def as_json(answer: str) -> str:
    """The answer as a model writes it in JSON, beside its reasoning."""
    return json.dumps({"reasoning": {"steps": ["so", {"answer": "unknown"}]}, "final_answer": answer}, indent=1)


def quoted(answer: str) -> str:
    """The answer in a quote of Markdown."""
    return "\n".join(f"> {line}" for line in answer.split("\n"))


# Marks whose end one sees: they count also where the limit of tokens came right behind them.
WHOLE = {
    r"\boxed": r"So \boxed{%s}",
    r"$\boxed$": r"So $\boxed{%s}$",
    r"\fbox": r"So \fbox{%s}",
    "boxed": "So boxed{%s}",
    "box tokens": "So <|begin_of_box|>%s<|end_of_box|>",
    "box tokens round <answer>": "<|begin_of_box|><answer>%s</answer><|end_of_box|>",
    "<answer> round box tokens": "<answer><|begin_of_box|>%s<|end_of_box|></answer>",
    "<answer>": "<answer>%s</answer>",
    "<Answer>": "<Answer>\n%s\n</Answer>",
    "<ANSWER>": "<ANSWER>%s</ANSWER>",
    "<final_answer>": "So <final_answer>%s</final_answer>",
    "[ANSWER]": "[ANSWER]%s[/ANSWER]",
    "<solution>": "<solution>\n%s\n</solution>",
    "solution tokens": "<|begin_of_solution|>%s<|end_of_solution|>",
    "<answer> beats a later box": r"<answer>%s</answer> and \boxed{other}",
    "a box in <output>": r"<output>Some words. \boxed{%s}</output>",
}
WRITINGS = WHOLE | {
    "Answer:": "Answer: %s",
    "**Answer:**": "It took a while.\n\n**Answer:** %s",
    "**Answer: **": "**Answer: %s**",
    "**Final Answer**": "**Final Answer**\n\n%s",
    "heading": "## Final Answer\n%s",
    "numbered heading": "words\n\n### 3. Final Answer\n\n%s",
    "答案": "答案：%s",
    "最终答案": "所以，最终答案：%s",
    "####": "Some words.\n#### %s",
    "fence": "Answer:\n```\n%s\n```",
    "tildes": "~~~\n%s\n~~~",
    "bold": "**Answer:** **%s**",
    "<b>": "<b>%s</b>",
    "The answer is": "The answer is %s",
    "Therefore": "I looked at it.\n\nTherefore, the final answer is **%s**",
    "box tokens, unclosed": "So <|begin_of_box|>%s",
    "box tokens, unopened": "%s<|end_of_box|>",
    "done": r"\boxed{%s} and so \boxed{done}",
    "in answer": r"\boxed{%s}, given in \boxed{answer}.",
    "remark": r"\boxed{%s}" + "\n\nThis satisfies all the rules. Let me know if you need more!",
    "label remark": "Answer: %s\n\nHope this helps!",
    "nothing": "%s",
    "Spanish": "Lo pensé.\n\nRespuesta final: %s",
    "Spanish, a sentence": "La respuesta es %s",
    "French": "**Réponse finale :** %s",
    "German": "Endgültige Antwort: %s",
    "German, a sentence": "Die Antwort lautet: %s",
    "Portuguese": "Resposta: %s",
    "Italian": "Risposta finale: %s",
    "Russian": "Ответ: %s",
    "Japanese": "最終的な答え：%s",
    "Korean": "최종 답: %s",
    "Vietnamese": "Đáp án: %s",
    "Turkish": "Cevap: %s",
    "答案 as a heading": "### 答案\n%s",
    "答案 in bold as a heading": "**最终答案**\n\n%s",
    "text in a box": r"\boxed{\text{The answer is } %s}",
    "all text in a box": r"\boxed{\text{Answer: %s}}",
    "switch in a box": r"\boxed{{\bf %s}}",
    **{
        f"ends with {end}": rf"\boxed{{%s}}{end}" for end in ("<eos>", "<turn|>", "<|return|>", "<｜end▁of▁sentence｜>")
    },
    **{f"Answer ends with {end}": f"Answer: %s{end}" for end in ("<eos>", "<turn|>", "<|return|>", "<|im_end|>\n")},
}
BEATEN = "<answer> beats a later box"  # which stands behind it
OPEN = (
    "Answer:",
    "**Answer: **",
    "**Final Answer**",
    "heading",
    "答案",
    "####",
    "bold",
    "The answer is",
    "Therefore",
    "nothing",
    "box tokens, unclosed",
)  # whose end nobody sees
MADE = {"JSON": as_json, "JSON in a fence": lambda a: f"Here:\n```json\n{as_json(a)}\n```\nDone.", "quote": quoted}
NAMES = (*WRITINGS, *MADE)


def written(name: str, answer: str) -> str:
    """The answer in the writing `name`."""
    return MADE[name](answer) if name in MADE else WRITINGS[name].replace("%s", answer)


THOUGHTS = {
    **{name: (f"<{name}>", f"</{name}>") for name in ("think", "thinking", "thought", "thoughts", "reasoning")},
    **{name: (f"<{name}>", f"</{name}>") for name in ("scratchpad", "reflection", "seed:think", "longcat_think")},
    **{left: (left, right) for left, right in THOUGHT_PAIRS},
    "[THINK]": ("[THINK]", "[/THINK]"),
    "thought tokens": ("<|begin_of_thought|>", "<|end_of_thought|>"),
    "triangles": ("◁think▷", "◁/think▷"),
    "thinking tokens": ("<|START_THINKING|>", "<|END_THINKING|>"),
    "channels": (
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
    ),
    "flat channels": ("analysis", "assistantfinal"),
}
UNDECIDED = "I could not decide."
TAKEN_BACK = (
    " Wait, that is wrong.",
    "\n\nHmm, this does not look right, since the",
    ". No, scratch that.",
    "\n\nActually, this is not the answer.",
    ". Oops, I made a mistake.",
    ". However, it violates a rule.",
    ". I'm not sure this is right, in fact it is wrong.",
    ". I thought so at least, but this is not correct.",
    "\n\nI have gone over it again, and unfortunately the answer is wrong.",
    ". Actually I think that's wrong; let me see.",
    "\n\nWait, I misread the picture.",
    ". The above is incorrect.",
    ". Ignore the above.",
    ". It turns out that the answer is incorrect.",
    ". My apologies, that is wrong.",
    ". This is, however, wrong.",
    ". I am afraid it is wrong.",
    "\n\nThe answer I gave is wrong.",
    ". Please disregard.",
    "。抱歉，上面的答案有误。",
    "。但这个答案不正确。",
    "。いや、これは間違いです。",
    ". 잠깐, 이것은 틀렸습니다.",
    ". Espera, esto es incorrecto.",
    ". No, esa respuesta no es correcta.",
    ". Espere, isto está errado.",
    ". Attendez, c'est faux.",
    ". Aspetta, questa risposta è sbagliata.",
    ". Moment, das stimmt nicht.",
    ". Подождите, это неверно.",
    "\n\nWait, that is wrong. The last move is right, not left.",
    "\n\nSorry, I meant another one.",
    " (rejected)",
    " — discarded. No answer found.",
    "\n\nSo I cannot determine the answer.",
    ", or maybe another one",
    "\n\nThis answer contains an error.",
    "\n\nThe constraints are not satisfied.",
    "\n\nThis path runs into a wall.",
    "\n\nIs this correct? No.",
    "\n\nI tried to verify it. It is wrong.",
    "\n\nActually, no",
)
DENIALS = (
    "Wrong answer: %s",
    "A wrong answer: %s",
    "This is not the answer: %s",
    "**Incorrect Answer**: %s",
    "A tempting answer: %s",
    "Dead end: %s",
    r"\boxed{Dead end: %s}",
    r"It is not \boxed{%s}",
    r"Wrong: \boxed{%s}",
    r"Is it \boxed{%s}? No.",
    r"<answer>Wrong path: %s</answer>",
    "错误答案：%s",
)


HARMLESS = (  # they speak of something else, or end well
    "Wait, is that wrong? No, it is correct.",
    "Wait, that is wrong... no, it is correct.",
    "It is not possible to do better.",
    "This is not the only solution.",
    "A common wrong answer is 7.",
    "If we went on, that would be invalid.",
    "If the first step were another one, in fact it is wrong.",
    "I also tried 7, but that is wrong.",
    "I was not sure at first, but it is right.",
    "Let me double check: all is right.",
    "However, other solutions may exist.",
    "Sorry for the long reply!",
    "Let me know if this is incorrect.",
    "Please ignore the steps above.",
    "Das ist nicht falsch.",
    "Esto no es incorrecto.",
    "Ce n'est pas faux.",
    "これは間違いではありません。",
    "Это не ошибка.",
    "这个答案没有错误。",
    "Moving back at first is wrong.",
    "The naive answer is wrong, but this one is right.",
    "None of the other ones is right, so this is the only one.",
    "**Check:** Does any move hit a wall? No.",
    "Every step is used? Yes\n- Any rule broken? No",
    "Any rule broken?\n\nNo",
    "Is another answer possible? No.",
    "Note: the first move is not right, because a wall is there.",
    "The first move is not right but down.",
    "It is not right of the wall.",
    "This is not the shortest but valid.",
    "This is not only valid but also the shortest.",
    "It is the best, which is not unique but correct.",
    "The previous answer was wrong; this is the right one.",
    "My first attempt was wrong, since it missed the last step.",
    "I first tried another way. This was wrong, so I went back.",
    "I was wrong to doubt it.",
    "Let me redo the check: every step is fine.",
    "Ignore the previous box; this one is final.",
    "This looks wrong at first glance, but it satisfies all constraints.",
    "Sorry, I misread the board at first; the answer above takes that into account.",
    "\n\n❌ Common mistake: stopping early.",
    "I could not find a shorter one.",
)


@cache
def right_one(task: str) -> tuple[Instance, str]:
    """A puzzle and a right answer that is more than a word, where there is one."""
    item = next((item for item in (make(task, 1, seed) for seed in range(20)) if item.answer != "No"), make(task, 1, 0))
    return item, item.answer


@cache
def wrong_one(task: str) -> str:
    """The answer to another puzzle of the same task, wrong for this one."""
    item, _ = right_one(task)
    others = (make(task, 1, seed).answer for seed in range(1, 60))
    return next(answer for answer in others if not item.module.check(item.state, answer))


@pytest.mark.parametrize("task", TASKS)
def test_right_answers_count_in_every_writing(task):
    (item, answer), other = right_one(task), wrong_one(task)
    refused = [name for name in NAMES if not item.check(written(name, answer))]
    accepted = [name for name in NAMES if item.check(written(name, other))]
    print(f"{task}: {len(NAMES) - len(refused)} of {len(NAMES)} right writings accepted, {len(accepted)} wrong ones")
    assert (refused, accepted) == ([], [])


@pytest.mark.parametrize(
    "task", ["hamiltonian_cycle", "hamiltonian_path", "eulerian_cycle", "eulerian_path", "topological_sort"]
)
def test_words_around_a_list_count_in_every_writing(task):
    """Where it begins, angle brackets, that it is the only one, the way back, that there is none: right and wrong twins."""
    item, answer = right_one(task)
    nodes = json.loads(answer)
    closed = nodes[0] == nodes[-1]
    opened = ", ".join(map(str, nodes[:-1] if closed else nodes))
    right = [
        f"Start at {nodes[0]}: {answer}",
        f"Starting from node {nodes[0]}: {' -> '.join(map(str, nodes))}",
        f"<{answer[1:-1]}>",
        f"{answer} is the only solution",
    ]
    wrong = [f"Start at {nodes[1]}: {answer}", f"<{answer[1:-1]}", f"{answer} is the only wrong one", "There isn't one"]
    for words in ("[{}] and back to {}", "[{}] (then back to node {})", "[{}], returning to {}"):
        (right if closed else wrong).append(words.format(opened, nodes[0]))
        wrong.append(words.format(opened, nodes[1]))
    assert [(name, one) for name in NAMES for one in right if not item.check(written(name, one))] == []
    assert [(name, one) for name in NAMES for one in wrong if item.check(written(name, one))] == []
    without = next((item for item in (make(task, 1, seed) for seed in range(20)) if item.answer == "No"), None)
    none = ("There isn't one", "There isn't any", "No, since 3 and 5 are leaves", "None exists")
    if without:
        assert [(name, one) for name in NAMES for one in none if not without.check(written(name, one))] == []


@pytest.mark.parametrize("task", TASKS)
def test_a_thought_is_no_answer(task):
    (item, answer), other = right_one(task), wrong_one(task)
    thought, last = rf"it is \boxed{{{answer}}}", rf"\boxed{{{answer}}}"
    for left, right in THOUGHTS.values():
        assert item.check(f"{left}maybe {other}{right}\n{last}"), left
        assert item.check(f"maybe \\boxed{{{other}}}{right}\n{last}"), right  # the opening mark stood in the prompt
        for mark in WHOLE:
            assert item.check(f"{left}maybe {other}{right}{written(mark, answer)}"), (right, mark)
        for reply in (
            f"{left}{thought}{right}\n{UNDECIDED}",
            f"{thought}{right}\n{UNDECIDED}",
            f"{left}{thought}{right}",
        ):
            assert not item.check(reply), reply
        for reply in (f"{left}{thought}", f"{left}Answer: {answer}", f"{left}{thought}. Hmm, but"):
            assert "cut off in mid-thought" in item.check(reply).reason, reply


@pytest.mark.parametrize("task", TASKS)
def test_denied_and_retracted_answers_are_none(task):
    item, answer = right_one(task)
    for denial in DENIALS:
        assert not item.check(denial.replace("%s", answer)), denial
    assert not item.check(f"\\boxed{json.dumps({'wrong path': answer})}")
    for name in {*WHOLE, "Answer:", "Therefore"} - {BEATEN}:
        for end in TAKEN_BACK:
            text = written(name, answer) + ("\n\n" if name not in WHOLE else "") + end
            assert not item.check(text), text
            assert not item.check(text, cut=True), text
    assert item.check(rf"\boxed{{{wrong_one(task)}}}. Wait, that is wrong. It is \boxed{{{answer}}}")
    for remark in HARMLESS:
        assert item.check(rf"\boxed{{{answer}}}. {remark}"), remark
    revised = "\\boxed{%s}\n\n**Revised answer:** %s"
    assert item.check(revised % (wrong_one(task), answer)) and not item.check(revised % (answer, wrong_one(task)))
    assert item.check(rf"Analysis-wise it is easy: \boxed{{{answer}}}")


DOTS = (
    "%s ...",
    "... %s",
    "%s…",
    r"%s \ldots",
    r"\dots %s",
    "%s . . .",
    r"%s, \cdots",
    "%s\n...",
    "%s ⋯",
    "%s, ..., %s",
    "%s ..",
)
DOTTED = ("nonogram", "numbrix")  # whose grids may hold dots: there they are too many cells


@pytest.mark.parametrize("task", TASKS)
def test_what_dots_leave_out_is_no_answer(task):
    item, answer = right_one(task)
    for writing in DOTS:
        for name in (r"\boxed", "<answer>", "Answer:"):
            verdict = item.check(written(name, writing.replace("%s", answer)))
            assert not verdict, writing
            assert task in DOTTED or "with dots; write" in verdict.reason, (writing, verdict.reason)
    for name in (r"\boxed{{\rm %s}}", r"\boxed{{\bf %s}}", r"\boxed{\rm %s}", r"\boxed{\textbf{{\sf %s}}}"):
        assert item.check(name.replace("%s", answer)), name


WORDS = ("block -> black", "tags -> tag", "tag, tan", "blocks", r"block \to black")


@pytest.mark.parametrize("answer", WORDS)
def test_words_behind_a_tag_are_no_talk_of_tags(answer):
    for left, right in (("<answer>", "</answer>"), ("<ANSWER> ", "</ANSWER>"), ("[ANSWER]", "[/ANSWER]")):
        for before in ("", r"<think>hm \boxed{7}</think>", "Here: "):
            assert extract(f"{before}{left}{answer}{right}").text == answer
            assert "cut off" in extract(f"{before}{left}{answer[:-1]}", cut=True).problem
    assert extract("<answer>6</answer> It stands in <answer> tags.").text == "6"


def test_no_line_of_a_box_takes_its_place():
    for line in ("Total moves: 2", "Length: 2", "Answer: 2", "The answer is 2", "Therefore, the length is 2."):
        assert extract(f"\\boxed{{up, left\n{line}}}").text == f"up, left\n{line}"
    for label in ("Answer:", "The answer is", "**Final answer:**", "So the answer is", "The final answer:"):
        assert extract(f"\\boxed{{{label} up, left}}").text.strip("* ") == "up, left"
    assert extract("<answer>I tried it.\nAnswer: up, left</answer>").text == "up, left"
    assert extract("<answer>up, left\nTotal moves: 2</answer>").text.startswith("up")


@pytest.mark.parametrize("task", TASKS)
def test_a_cut_reply_counts_only_with_its_last_word(task):
    item, answer = right_one(task)
    for name in WHOLE:
        for end in ("", "\n\nHope this hel", ". This satisfies all the rules. Let me know if"):
            if name != BEATEN:
                assert item.check(written(name, answer) + end, cut=True), (name, end)
        for end in (" Wait", ". But then the", "\n\nLet me verify", ", or", " Now "):
            assert not item.check(written(name, answer) + end, cut=True), (name, end)
    for name in OPEN:
        assert not item.check(written(name, answer), cut=True), name
    assert not item.check(rf"First try: \boxed{{{answer}}}. Wait, that does not look right, since the", cut=True)
    for cut in (False, True):
        assert "cut off" in item.check(rf"Perhaps \boxed{{{answer}}}. No: \boxed{{{answer[:-1]}", cut=cut).reason


CASES = {  # what a reply holds, and whether its answer counts, as far as anyone knows and when it was cut
    "after": ("{left}maybe{right}\n{mark}", True),
    "no thought": ("{mark}", True),
    "only in thought": ("{left}{mark}{right}\n" + UNDECIDED, False),
    "thought alone": ("{left}{mark}{right}", False),
    "unclosed": ("{left}hm, {mark}", False),
    "reopened": ("{left}maybe{right}\n{mark}\n{left}but", False),
}


@pytest.mark.fresh
@given(
    st.sampled_from(TASKS),
    st.sampled_from(sorted(THOUGHTS)),
    st.sampled_from(NAMES),
    st.sampled_from(sorted(CASES)),
    st.sampled_from((str, str.upper, str.lower, str.title)),
)
def test_the_model_of_a_reply(task, thought, name, case, change):
    item, answer = right_one(task)
    left, right = THOUGHTS[thought] if thought == "flat channels" else map(change, THOUGHTS[thought])
    pattern, counts = CASES[case]
    reply = pattern.replace("{left}", left).replace("{right}", right).replace("{mark}", written(name, answer))
    if thought == "flat channels" and case == "reopened":
        return  # such a reply has no opening mark in its middle
    found = item.check(reply)
    assert bool(found) == counts, (reply, found.reason)
    assert bool(item.check(reply, cut=True)) <= counts


ODD = (
    *("{", "}", "{{6}}", "{[1]: 2}", "{'a': {{6}}}", "{'answer': {[]}}", '{"answer": ', "\\", "'", '"', "[", "]", "\n"),
    *("~~", "**", "\ud800", "\0", "\u2028"),
)


@pytest.mark.fresh
@given(st.text(alphabet="{}[]()<>|/\\'\",:=*_~$# \n0aA-.?", max_size=80))
def test_no_text_raises(text):
    assert isinstance(extract(text), Extracted)


@pytest.mark.fresh
@given(st.lists(st.sampled_from((*WRITINGS.values(), *sum(THOUGHTS.values(), ()), *TAKEN_BACK, *DENIALS, *ODD))))
def test_nothing_raises(parts):
    for cut in (False, True):
        assert isinstance(extract("".join(parts), cut), Extracted)


def test_rewards_of_whatever_trl_passes():
    """Completions without text get 0.0, at their place; the others their own reward."""
    item, answer = right_one("maze")
    good = rf"\boxed{{{answer}}}"
    none = [None, "", [], {}, [None], [{}], [{"role": "assistant"}], [{"role": "assistant", "content": None}]]
    none += [[{"content": [{"type": "text", "text": None}]}], [{"content": [{"type": "image"}, None, 7]}], 7, [[]]]
    right = [
        good,
        [{"content": good}],
        {"content": good},
        [{"content": [{"type": "text", "text": good}]}],
        [{"content": [good]}],
    ]
    completions = [one for pair in zip(none, right * 3, strict=False) for one in pair]
    columns = {
        name: [value] * len(completions)
        for name, value in (("task", "maze"), ("state", pack(item.state)), ("answer", ""))
    }
    assert reward(completions, **columns) == [0.0, 1.0] * len(none)


def rows(name: str) -> list[dict]:
    """The rows of a conformance file; skips the test where it is absent."""
    path = CONFORMANCE / name
    if not path.exists():
        pytest.skip(f"no {name} beside the repository")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def test_wrong_replies_are_refused():
    found = rows("wrong.jsonl")
    accepted = [(row["why"], row["reply"]) for row in found if from_official(row).check(row["reply"])]
    print(f"{len(accepted)} of {len(found)} wrong replies accepted")
    assert accepted == []


def test_right_replies_are_accepted():
    found = rows("right.jsonl")
    verdicts = [(row["form"], row["reply"], from_official(row).check(row["reply"])) for row in found]
    refused = [(form, reply, verdict.reason) for form, reply, verdict in verdicts if not verdict]
    print(f"{len(found) - len(refused)} of {len(found)} right replies accepted")
    assert refused == []


STRANGE_I = frozenset("İı")  # equal to i for a pattern, and to nothing for `casefold`


@given(st.from_regex(_THOUGHT).filter(lambda text: not STRANGE_I.intersection(text)))
def test_every_mark_of_thoughts_holds_one_of_the_words(text):
    """So a reply without any of them is not looked through by the pattern; what only ends a turn counts within a channel alone."""
    for mark in _THOUGHT.finditer(text):
        assert mark.lastgroup == "turn" or _holds(mark[0], _THOUGHT_WORDS), mark[0]
