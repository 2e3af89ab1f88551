"""A replay of word_ladder: every layer of words from both ends, the ladder through the word where they meet, and each change of it."""

import re
from functools import lru_cache
from pathlib import Path

import mmhelix_nb

from ._steps import Follower, falsified, need, reader

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


class Ladder(Follower):
    "The sentences about two sides that meet; `dead` ends and the words reached (`counted`) are due after a layer."

    FORMS, ONCE = FORMS, "start both meet back on changes twice ladder"
    LINKS = "start>both layer~dead meet>back back>on on>changes changes>twice"

    def __init__(self, state, forms: dict):
        self.state, self.ends = state, (state.start_word.lower(), state.target_word.lower())
        self.sides = [Side(end, forms) for end in self.ends]
        self.dead, self.meeting, self.ladder, self.counted = [], "", [], True

    def is_board(self, line):
        "Whether a line holds the two words, the numbers of words reached, or the ladder."
        return " ... " in line or " side: " in line or re.fullmatch(r"[a-z]+(?: -> [a-z]+)+", line)

    def on_board(self, name):
        need(not self.dead or name == "layer", f"dead ends are {self.dead}")
        need(self.counted or name in ("layer", "dead", "other"), "the words reached are not counted")
        if name == "on":
            need(self.board == " -> ".join(self.ladder), f"the ladder is {self.ladder}")
        elif name == "both":
            need(self.board == " ... ".join(self.ends), f"the words are {self.ends}")
        elif name in ("layer", "dead", "other") and self.board:
            self.counted, counts = True, [(side.end, len(side.reached)) for side in self.sides]
            right = "; ".join(f"{end} side: {count} word{'s' * (count > 1)}" for end, count in counts)
            need(self.board == right, f"the sides have reached {counts}")
        else:
            need(not self.board, f"unexpected board: {self.board}")

    def on_start(self, start, target, letters, differ):
        changed = sum(a != b for a, b in zip(*self.ends))
        said = (start, target), int(letters), int(differ)
        need(said == (self.ends, len(start), changed), "the words are others, or differ otherwise")

    def on_layer(self, depth, end, words):
        need(self.counted and not self.dead and not self.meeting, "the layer before was not told to its end")
        need(end in self.ends, f"{end} is no end")
        side, other = self.sides if end == self.ends[0] else self.sides[::-1]
        need(int(depth) == side.depth + 1, f"no side has come so far: {depth} from {end}")
        self.dead = side.advance(other.reached)
        self.meeting = next((word for word in side.layer[-1:] if word in other.reached), "")
        need(is_list(words, side.layer), f"{depth} changes from {end} lead to {side.layer}")
        self.counted = False

    def on_dead(self, words):
        need(self.dead and is_list(words, self.dead), f"the dead ends are {self.dead}")
        self.dead = []

    def on_other(self, word):
        need(word == self.meeting, f"the sides meet at {self.meeting or 'no word yet'}")
        start, target = self.sides
        self.ladder = [*start.way(word)[::-1], *target.way(word)[1:]]

    on_meet = on_other

    def on_back(self, words):
        way = self.sides[0].way(self.meeting)
        need(words == " <- ".join(way), f"the way back is {way}")

    def on_on(self, words):
        way = self.sides[1].way(self.meeting)
        need(words == " -> ".join(way), f"the way on is {way}")

    def on_changes(self, changes):
        need(changes == "; ".join(map(change, self.ladder, self.ladder[1:])), "the changes are others")

    def on_twice(self):
        need(self.ladder and len(set(self.ladder)) == len(self.ladder), "a word comes twice")

    def on_ladder(self, steps, words):
        right = (str(len(self.ladder) - 1), written(self.state, self.ladder))
        need((steps, words) == right, f"the ladder is {self.ladder}")

    def on_answer(self, answer):
        need(answer == written(self.state, self.ladder), f"the ladder is {self.ladder}")


@reader
def replay(state, text):
    letters = len(state.start_word)
    forms = known_words(list_of(text.rsplit("{", 1)[-1], letters), letters)
    Ladder(state, forms).follow(text)


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
