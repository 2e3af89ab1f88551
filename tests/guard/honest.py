"""Paraphrases by rule: each tells a skeleton in other words and changes no claim; returns None where it finds nothing to say otherwise."""

import re
from random import Random

from guard.adversary import SENTENCE, joined, on_prose, parts, prose_lines

from mmhelix_nb.shared.narrator import BACK, FAIL, STUCK, SUPPOSE

SYNONYMS = (
    (r"\bso the\b", ("therefore the", "hence the", "which means that the")),
    (r"\bneeds\b", ("requires", "has to have", "asks for")),
    (r"\bneed\b", ("require", "ask for")),
    (r"\bholds\b", ("has", "contains")),
    (r"\balready\b", ("by now", "already")),
    (r"\bI go back\b", ("I step back", "I return to where I was", "I take it back")),
    (r"\bis left\b(?! (?:left|right|up|down|over))", ("remains", "is left over")),
    (r"\bare left\b(?! over)", ("remain", "are left over")),
    (r"\bthe only way left\b", ("the only way that remains", "the one way that is left")),
    (r"\bSuppose\b", ("Let me assume", "Assume", "Say")),
    (r"\bI try\b", ("let me try", "I test", "I give a chance to")),
    (r"\bcannot\b", ("can't", "can not")),
    (r"\bdoes not\b", ("doesn't",)),
    (r"\bwill not do\b", ("won't do", "will not be enough")),
    (r"\bis not\b", ("isn't", "cannot be")),
    (r"\bthe best so far\b", ("the best yet", "so far the best")),
    (r"\bLet me verify\b", ("Let me double-check", "I check it once more")),
    (r"\bevery\b", ("each",)),
    (r"\bEvery\b", ("Each",)),
    (r"\bgreatest\b", ("largest", "biggest")),
    (r"\bclose nothing\b", ("do not close anything", "close nothing at all")),
    (r"\bbeside\b", ("next to",)),
    (r"\bleads? nowhere\b", ("goes nowhere", "is a dead end")),
    (r"\bfewer than\b", ("less than",)),
    (r"\bno more than\b", ("at most",)),
    (
        r"\bIn (row|column|box) (\d+) no other place is left for (\w+)",
        (r"For \3 there is no other place left in \1 \2",),
    ),
    (r"\bneeds all its open cells\b", ("needs every open cell around it", "takes all of its open cells")),
    (r"\bis full\b", ("is filled", "is complete")),
    (r"\bThat is the solution\b", ("So this is the solution", "And that solves it")),
)


def synonyms(sample, reply, rng: Random):
    """Words and phrases in another form."""

    def change(text):
        for form, others in SYNONYMS:
            text = re.sub(form, lambda m, others=others: m.expand(rng.choice(others)), text)
        return text

    return on_prose(sample, reply, change)


OPENERS = (  # the narrator's openers of a kind of step, and others in their stead
    (
        (*FAIL, *STUCK),
        ("Hmm, wait, this does not work: ", "No, that is a contradiction: ", "That can't be: ", "But no: "),
    ),
    (BACK, ("So I undo that: ", "I have to step back, so ", "Then back again: ", "That was a wrong turn, so ")),
    (SUPPOSE, ("What if I just try this: ", "Let me take a guess here: ", "I'll try something: ")),
)
HEADS = [
    (re.compile(rf"(?:^|(?<=[.!?] )){re.escape(head[:1].upper() + head[1:])}(?=[\w(])"), others)
    for pool, others in OPENERS
    for head in sorted({clause.partition("{")[0] for clause in pool}, key=len, reverse=True)
    if len(head) > 3
]


def other_openers(sample, reply, rng: Random):
    """What introduces a step is said otherwise."""

    def change(text):
        for head, others in HEADS:
            text = head.sub(lambda m, others=others: rng.choice(others), text)
        return text

    return on_prose(sample, reply, change)


FILLERS = (
    "Hmm.",
    "Okay.",
    "Let me think.",
    "Let me look at that again.",
    "Is that right? I think it is.",
    "Good.",
    "I read the picture once more to be safe.",
    "Am I sure? Let me go through it again. Yes.",
    "That makes sense.",
    "Interesting.",
    "Now, what does that tell me?",
    "Slowly.",
    "Alright, going on.",
    "What else can I see?",
)


def fillers(sample, reply, rng: Random):
    """Thinking aloud between the sentences."""

    def change(text):
        sentences = SENTENCE.split(text)
        return " ".join(f"{one} {rng.choice(FILLERS)}" if rng.random() < 0.3 else one for one in sentences)

    return on_prose(sample, reply, change)


def sentences_joined(sample, reply, rng: Random):
    """Two sentences become one."""
    joiners = ("; ", ", and ", " - and then ", ", and next: ")

    def change(text):
        sentences = SENTENCE.split(text)
        out = [sentences[0]]
        for one in sentences[1:]:
            if rng.random() < 0.4 and out[-1].endswith(".") and not re.match(r"[A-Z]\d|[A-HJ-Z]\b|[A-Z]{2}|I\b", one):
                out[-1] = out[-1][:-1] + rng.choice(joiners) + one[:1].lower() + one[1:]
            else:
                out.append(one)
        return " ".join(out)

    return on_prose(sample, reply, change)


def clauses_turned(sample, reply, rng: Random):
    """`X, so Y.` becomes `Y, because X.`"""
    form = re.compile(r"(?<=[.:] )([A-Z][^.:;?]*), so ([^.:;?]*)\.(?=\s|$)")

    def change(text):
        def turned(m):
            first, then = m[1], m[2]
            head = first if re.match(r"[A-Z]{2}|[A-Z]\d|I\b|[A-Z] ", first) else first[:1].lower() + first[1:]
            return f"{then[:1].upper() + then[1:]}, {rng.choice(('because', 'since', 'as'))} {head}."

        return form.sub(turned, text)

    return on_prose(sample, reply, change)


NUMBERS = "zero one two three four five six seven eight nine".split()


def numbers_in_words(sample, reply, rng: Random):
    """Small counts in words, where a noun follows."""
    nouns = "ways|words|letters|moves|steps|nodes|edges|bars|papers|cells|pushes|apples|values|boxes|tents|mines|circles|islands|bridges|sums|cages|signs|numbers|plateaus"
    form = re.compile(rf"\b([2-9]) (?=(?:\w+ )?(?:{nouns})\b)")
    return on_prose(sample, reply, lambda text: form.sub(lambda m: NUMBERS[int(m[1])] + " ", text))


def other_cells(sample, reply, rng: Random):
    """Cells written another way."""
    forms = (
        lambda m: f"({m[1]}, {m[2]})",
        lambda m: f"r{m[1]}c{m[2]}",
        lambda m: f"column {m[2]} of row {m[1]}",
        lambda m: f"the cell in row {m[1]}, column {m[2]}",
    )
    one, named = rng.choice(forms), rng.choice(("cell", "the cell", "square"))

    def change(text):
        text = re.sub(r"\brow (\d+), column (\d+)", one, text, flags=re.IGNORECASE)
        return re.sub(r"(?<=[a-z] )([A-H]\d)\b(?! and|,)", rf"{named} \1", text)

    return on_prose(sample, reply, change)


def fences(sample, reply, rng: Random):
    """Boards as code blocks."""
    thought, rest = parts(reply)
    boards = sorted({step.board for step in sample.steps if len(step.board) > 2}, key=len, reverse=True)
    for n, board in enumerate(boards):
        thought = re.sub(rf"(?m)^{re.escape(board)}$", f"\0{n}\0", thought)
    for n, board in enumerate(boards):
        thought = thought.replace(f"\0{n}\0", f"```\n{board}\n```")
    return joined(thought, rest)


def said_again(sample, reply, rng: Random):
    """A claim is repeated where it was made."""

    def change(text):
        sentences = SENTENCE.split(text)
        out = []
        for one in sentences:
            out.append(one)
            claim = re.search(r"so ([A-Z]\d+ (?:is|gets|takes|becomes|must be|has to be|comes out) \w+)\.$", one)
            if claim and rng.random() < 0.4:
                out.append(f"Yes, {claim[1]}.")
        return " ".join(out)

    return on_prose(sample, reply, change)


def read_again(sample, reply, rng: Random):
    """A row of a board is read aloud again after it was shown."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    prose = prose_lines(sample, thought)
    rows = [n for n, line in enumerate(lines) if n not in prose and len(line.split()) > 3 and n + 1 in prose]
    if not rows:
        return None
    n = rng.choice(rows)
    lines[n + 1] = f"Let me read the last line again: {lines[n]}. {lines[n + 1]}"
    return joined("\n".join(lines), rest)


def paragraphs(sample, reply, rng: Random):
    """Other line breaks, and emphasis on a few words."""
    change = on_prose(sample, reply, lambda text: SENTENCE.sub(lambda m: rng.choice(("\n", "\n\n", " ")), text))
    return change and re.sub(r"\b(only|never|must)\b", r"**\1**", change)


def opening(sample, reply, rng: Random):
    """Another beginning."""
    said = rng.choice(("Alright, a fresh puzzle.", "Let me take this slowly.", "What do I have here?"))
    return reply.replace("<think>\n", f"<think>\n{said} ", 1)


ASIDES = (
    "Hmm, what does this give me?",
    "OK, where does that leave me?",
    "Let me look at that more closely.",
    "Right. What now?",
    "OK.",
)


def questions(sample, reply, rng: Random):
    """Questions to oneself before a sentence."""

    def change(text):
        return " ".join(f"{rng.choice(ASIDES)} {one}" if rng.random() < 0.3 else one for one in SENTENCE.split(text))

    return on_prose(sample, reply, change)


PLAINLY = (
    (r"\bcan only be\b", ("has no choice but to be",)),
    (r"\bBecause\b", ("Seeing that",)),
    (r"\bVerifying,", ("As a sanity check,", "Just to be safe,")),
    (r"\bWait, ", ("Ugh, that can't work: ", "Hmm, this one blows up: ")),
    (r"\bI go back:", ("OK, backing out of it:", "Scrap that idea:")),
)


def plainly(sample, reply, rng: Random):
    """Everyday words for what can only be, for failures and for ways back."""

    def change(text):
        for form, others in PLAINLY:
            text = re.sub(form, lambda m, others=others: rng.choice(others), text)
        return text

    return on_prose(sample, reply, change)


RULES = (synonyms, other_openers, fillers, sentences_joined, clauses_turned, numbers_in_words, other_cells, fences, said_again, read_again, paragraphs, opening, questions, plainly)  # fmt: skip


def several(sample, reply, rng: Random):
    """Three of the rules, one after the other."""
    for rule in rng.sample([one for one in RULES if one not in (fences, paragraphs)], 3):
        reply = rule(sample, reply, rng) or reply
    return reply


KINDS = {rule.__name__: rule for rule in (*RULES, several)}
