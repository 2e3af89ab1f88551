"""A narration as its bare sentences and boards: opening, phrases, remarks and the look back are taken off."""

import re
from dataclasses import dataclass

from mmhelix_nb.steps import FULL, OPENINGS, PHRASES

_SHAPE = re.compile(r"<think>\n(.*)\n</think>\n\n\\boxed\{(.*)\}\Z", re.S)
_OPENING = re.compile(
    " ".join(f"(?:{'|'.join(map(re.escape, texts))})" for texts in OPENINGS[:2])
    + f"(?:{'|'.join(map(re.escape, OPENINGS[2]))})"
    + r"(?=\s|\Z)"
)
_REMARK = re.compile(" (?:" + "|".join(re.escape(text) for texts in FULL.values() for text in texts) + r")(?=\s|\Z)")
_RECAP = re.compile(
    r"Looking back, (?:every step was forced; I never had to try|I tried (\d+) times? and went back (\d+) times?)\.\Z"
)
_NEXT = re.compile(
    r"(?<=[\w)\]][.!?]) (?=[^a-z\s.])|(?<=\S[.!?]) (?=[^a-z\s.])(?![A-Z]\d)"
)  # not between the symbols of a row such as .. A2
_PROSE = re.compile(r"[A-Z].*[A-Za-z]{2}\W+[a-z]{2}|.*[A-Za-z]{2}\W* .*[a-z].*(?:[.:?!]| is)\Z")
_KINDS = {  # what each sentence or beginning of a phrase tells of its step; So and Then may as well be the step's own
    part: "" if phrase in ("So ", "Then ") else kind
    for kind, phrases in PHRASES.items()
    for phrase in phrases
    for part in re.findall(r".+?(?:\. |\Z)", phrase)
}
_PHRASE = re.compile(
    "|".join(
        sorted(
            (re.escape(part[:-1]) + r"(?: |\Z)" if part.endswith(". ") else re.escape(part) for part in _KINDS),
            key=len,
            reverse=True,
        )
    )
)


@dataclass
class Part:
    """One sentence and the board under it, if any; `kind` is that of the phrase before it where the phrase tells it (a try, a contradiction and a step back always do).

    A leading So or Then is taken off, whether it was a phrase or the sentence's own; `line` tells whether the sentence begins a line."""

    kind: str
    says: str
    board: str = ""
    line: bool = False


@dataclass
class Narration:
    "The parts in order, the boxed answer, and what is wrong with the telling itself."

    parts: list[Part]
    answer: str
    problem: str = ""


def is_prose(line: str) -> bool:
    "Whether `line` holds sentences, not a row of a board."
    return bool(_PROSE.match(line) or _PHRASE.match(line))


def read(text: str, prose=is_prose) -> Narration:
    "Take a narration apart; `prose(line)` tells lines of sentences from rows of boards."
    shape = _SHAPE.match(text)
    if not shape:
        return Narration([], "", "the text is not a thought and a boxed answer")
    body, answer = shape.groups()
    start = _OPENING.match(body)
    if not start:
        return Narration([], answer, "the opening is not one")
    parts, kind, counts, told = [], "", {"hypothesise": 0, "backtrack": 0}, None
    for line in _REMARK.sub("", body[start.end() :].lstrip()).split("\n"):
        if parts and not prose(line):
            parts[-1].board += ("\n" if parts[-1].board else "") + line
            continue
        first = True
        for says in _NEXT.split(line):
            recap = _RECAP.match(says)
            if recap:
                told = [int(number or 0) for number in recap.groups()]
            while found := _PHRASE.match(says):
                kind = _KINDS[found[0].rstrip() + " "] or kind
                says = (
                    says[found.end() :]
                    if found[0] not in ("So ", "Then ")
                    else says[found.end()].upper() + says[found.end() + 1 :]
                )
            if says and not recap:
                if kind in counts:
                    counts[kind] += 1
                parts.append(Part(kind, says, "", first))
                kind, first = "", False
    wrong = told is not None and (told[0] != counts["hypothesise"] or told[0] and told[1] != counts["backtrack"])
    return Narration(
        parts, answer, f"the look back says {told[0]} tries and {told[1]} steps back, not {counts}" if wrong else ""
    )
