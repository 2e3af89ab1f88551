"""A replay of word_ladder: every layer of words from both ends, the ladder through the word where they meet, and each change of it."""

import re
from functools import lru_cache
from pathlib import Path

import mmhelix_nb

from ._steps import falsified, need, reader, told

WORDS = r"[a-z]+(?:, [a-z]+)*(?: and \d+ more)?"
FORMS = {
    "start": r"The words ([a-z]+) and ([a-z]+) have (\d) letters and differ in (\d) of them\.",
    "both": r"I search from both ends\.",
    "layer": rf"With (\d+) changes? from ([a-z]+) I reach (nothing new|{WORDS})\.",
    "dead": rf"Dead end, with no new word beside it: ({WORDS})\.",
    "other": r"The other side has reached ([a-z]+) too\.",
    "meet": r"Both sides meet at ([a-z]+)\.",
    "back": r"Back to the start: ([a-z <-]+)\.",
    "on": r"On to the target: ([a-z >-]+)\.",
    "changes": r"Step by step, ([a-z; ]+)\.",
    "twice": r"No word comes twice\.",
    "ladder": r"The ladder of (\d+) steps is ([A-Za-z >-]+)\.",
}

ONCE, LINKS = (
    "start both meet back on changes twice ladder",
    "start>both layer~dead meet>back back>on on>changes changes>twice",
)


@lru_cache
def known_words(name: str, letters: int) -> dict[str, list[str]]:
    "The words of a list by each of their forms with one letter left open."
    words = (Path(mmhelix_nb.__file__).parent / "data" / f"{name}.txt").read_text(encoding="ascii").split()
    found = {}
    for word in words:
        if len(word) == letters:
            for i in range(letters):
                found.setdefault(f"{word[:i]}_{word[i + 1 :]}", []).append(word)
    return found


class Side:
    "What one `end` has reached: the words of the last layer, and for each word the one before it."

    def __init__(self, end: str, forms: dict):
        self.end, self.forms, self.layer, self.depth, self.reached = end, forms, [end], 0, {end: ""}

    def advance(self, stop: dict) -> list[str]:
        "Go one change further, up to the first word in `stop`; returns the dead ends."
        border, self.layer, dead, self.depth = self.layer, [], [], self.depth + 1
        for word in border:
            near = {other for i in range(len(word)) for other in self.forms.get(f"{word[:i]}_{word[i + 1 :]}", [])}
            fresh = sorted(near - set(self.reached))
            for other in fresh:
                self.reached[other] = word
                self.layer.append(other)
                if other in stop:
                    return dead
            if not fresh:
                dead.append(word)
        return dead

    def way(self, word: str) -> list[str]:
        "The words from `word` back to the end."
        return [word, *self.way(self.reached[word])] if word else []


def is_list(text: str, words: list[str]) -> bool:
    "Whether `text` lists the words, perhaps with the last ones only counted."
    listed, _, more = text.partition(" and ")
    listed = [] if text == "nothing new" else listed.split(", ")
    return listed == words[: len(listed)] and len(words) - len(listed) == int(more.removesuffix(" more") or 0)


def change(one: str, after: str) -> str:
    "What changes from a word to the next, in words."
    letters = [(a, b) for a, b in zip(one, after) if a != b]
    need(len(letters) == 1, f"{one} and {after} differ in {len(letters)} letters")
    return f"{one} to {after} turns {letters[0][0]} into {letters[0][1]}"


@reader
def replay(state, text):
    ends = state.start_word.lower(), state.target_word.lower()
    forms = known_words(list_of(text.rsplit("{", 1)[-1], len(ends[0])), len(ends[0]))
    sides = [Side(end, forms) for end in ends]
    dead, meeting, ladder, counted = [], "", [], True
    for name, groups, board in told(text, FORMS, ONCE, LINKS, is_board):
        need(not dead or name == "dead", f"dead ends are {dead}")
        need(counted or name in ("dead", "other"), "the words reached are not counted")
        if name == "start":
            need(
                groups[:2] == ends and groups[2:] == (str(len(ends[0])), str(sum(a != b for a, b in zip(*ends)))),
                "the words are others, or differ otherwise",
            )
        elif name == "layer":
            side = sides[ends.index(groups[1])] if groups[1] in ends else None
            need(side and int(groups[0]) == side.depth + 1 and not meeting, f"no side has come so far: {groups[:2]}")
            dead = side.advance(sides[side is sides[0]].reached)
            meeting = next((word for word in side.layer[-1:] if word in sides[side is sides[0]].reached), "")
            need(is_list(groups[2], side.layer), f"{groups[0]} changes from {groups[1]} lead to {side.layer}")
            counted = False
        elif name == "dead":
            need(dead and is_list(groups[0], dead), f"the dead ends are {dead}")
            dead = []
        elif name in ("other", "meet"):
            need(groups[0] == meeting, f"the sides meet at {meeting or 'no word yet'}")
            ladder = [*sides[0].way(meeting)[::-1], *sides[1].way(meeting)[1:]]
        elif name == "back":
            need(groups[0] == " <- ".join(sides[0].way(meeting)), f"the way back is {sides[0].way(meeting)}")
        elif name == "on":
            need(groups[0] == " -> ".join(sides[1].way(meeting)), f"the way on is {sides[1].way(meeting)}")
        elif name == "changes":
            need(groups[0] == "; ".join(map(change, ladder, ladder[1:])), "the changes are others")
        elif name == "twice":
            need(ladder and len(set(ladder)) == len(ladder), "a word comes twice")
        elif name == "ladder":
            need(groups == (str(len(ladder) - 1), written(state, ladder)), f"the ladder is {ladder}")
        elif name == "answer":
            need(groups[0] == written(state, ladder), f"the ladder is {ladder}")
        if name == "on":
            need(board == " -> ".join(ladder), f"the ladder is {ladder}")
        elif name == "both":
            need(board == " ... ".join(ends), f"the words are {ends}")
        elif name in ("layer", "dead", "other") and board:
            counted, counts = True, [(side.end, len(side.reached)) for side in sides]
            need(
                board == "; ".join(f"{end} side: {count} word{'s' * (count > 1)}" for end, count in counts),
                f"the sides have reached {counts}",
            )
        else:
            need(not board, f"unexpected board: {board}")


def list_of(answer: str, letters: int) -> str:
    "The list of words that the ladder was looked for in: the common words where they hold all words between the ends."
    inner = re.findall("[a-z]+", answer)[1:-1]
    fitting = [
        name
        for name in ("words", "accepted_words")
        if all(any(word in near for near in known_words(name, letters).values()) for word in inner)
    ]
    need(fitting, "a word of the answer is unknown")
    return fitting[0]


def is_board(line: str) -> bool:
    "Whether a line holds the two words, the numbers of words reached, or the ladder."
    return " ... " in line or " side: " in line or bool(re.fullmatch(r"[a-z]+(?: -> [a-z]+)+", line))


def written(state, ladder: list[str]) -> str:
    return " -> ".join([state.start_word, *ladder[1:-1], state.target_word])


def spoil(text, rng):
    def choices(piece):
        if piece.isdecimal():
            return [str(int(piece) + 1), str(int(piece) + 2)]
        at = rng.randrange(len(piece))
        return [piece[:at] + letter + piece[at + 1 :] for letter in "abcdefghijklmnopqrstuvwxyz"]

    return falsified(
        text,
        rng,
        r"\d+|(?<=, )[a-z]{3,5}(?=[,.])|(?<=-> )[a-z]{3,5}\b|(?<=<- )[a-z]{3,5}\b|(?<=turns )[a-z]\b",
        choices,
    )
