"""Replies that look like a polished trace and are none: each spoils a good one in one way, and returns None where it finds nothing to spoil."""

import re
from random import Random

BOX = re.compile(r"\s*</think>.*", re.DOTALL)
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
OTHER = {digit: [one for one in "0123456789" if one != digit] for digit in "0123456789"}


def parts(reply: str) -> tuple[str, str]:
    """The thought, and what comes after it."""
    thought, rest = reply.split("</think>", 1)
    return thought.replace("<think>", "", 1), rest


def joined(thought: str, rest: str) -> str:
    return f"<think>{thought}</think>{rest}"


def prose_lines(sample, thought: str) -> list[int]:
    """The numbers of the lines that are no part of a board."""
    boards = {"".join(line.split()) for step in sample.steps for line in step.board.split("\n")}
    lines = thought.split("\n")
    return [n for n, line in enumerate(lines) if re.search("[a-z]{3}", line) and "".join(line.split()) not in boards]


def on_prose(sample, reply: str, change):
    """`reply` with `change(text)` made to its prose alone, line by line; None where that changes nothing."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    for n in prose_lines(sample, thought):
        lines[n] = change(lines[n])
    changed = "\n".join(lines)
    return joined(changed, rest) if changed != thought else None


def every_digit(sample, reply, rng: Random):
    """Every digit of the prose is another one."""
    return on_prose(sample, reply, lambda text: re.sub(r"\d", lambda m: rng.choice(OTHER[m[0]]), text))


def one_digit(sample, reply, rng: Random):
    """One digit of the prose is another one."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    places = [(n, m.start()) for n in prose_lines(sample, thought) for m in re.finditer(r"\d", lines[n])]
    if not places:
        return None
    n, at = rng.choice(places)
    lines[n] = lines[n][:at] + rng.choice(OTHER[lines[n][at]]) + lines[n][at + 1 :]
    return joined("\n".join(lines), rest)


def swapped_numbers(sample, reply, rng: Random):
    """Two numbers of the prose that differ change places."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    places = [(n, m) for n in prose_lines(sample, thought) for m in re.finditer(r"\d+", lines[n])]
    pairs = [
        (a, b)
        for a, b in zip(places, places[1:], strict=False)
        if a[1][0] != b[1][0] and a[0] == b[0] and lines[a[0]][a[1].end() : b[1].start()] != " and "
    ]
    if not pairs:
        return None
    (n, a), (_, b) = rng.choice(pairs)
    line = lines[n]
    lines[n] = line[: a.start()] + b[0] + line[a.end() : b.start()] + a[0] + line[b.end() :]
    return joined("\n".join(lines), rest)


def no_failures(sample, reply, rng: Random):
    """All contradictions and ways back are left out."""
    gone = {step.says for step in sample.steps if step.kind in ("contradiction", "backtrack")}
    changed = reply
    for says in gone:
        for form in (says, says[:1].lower() + says[1:]):
            changed = changed.replace(form, "")
    return changed if changed != reply else None


def one_failure_less(sample, reply, rng: Random):
    """One contradiction with its way back is left out."""
    failures = [n for n, step in enumerate(sample.steps) if step.kind == "contradiction"]
    if not failures:
        return None
    n = rng.choice(failures)
    for step in sample.steps[n : n + 2]:
        if step.kind in ("contradiction", "backtrack"):
            for form in (step.says, step.says[:1].lower() + step.says[1:]):
                if form in reply:
                    reply = reply.replace(form, "", 1)
                    break
    return reply


def no_prose(sample, reply, rng: Random):
    """The boards alone, with a sentence that says nothing between them."""
    thought, rest = parts(reply)
    prose, lines = set(prose_lines(sample, thought)), thought.split("\n")
    told = [f"I think about it, step {n}." if n in prose else line for n, line in enumerate(lines)]
    return joined("\n".join(told), rest)


def empty_words(sample, reply, rng: Random):
    """Numbers and boards stay, every word of the prose is another one that says nothing."""
    words = "well then thus hence surely maybe quite rather also indeed".split()
    return on_prose(sample, reply, lambda text: re.sub(r"\b[a-z]{3,}\b", lambda m: rng.choice(words), text))


def half_empty_words(sample, reply, rng: Random):
    """So in the second half of the thought."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    prose = prose_lines(sample, thought)
    if len(prose) < 4:
        return None
    for n in prose[len(prose) // 2 :]:
        lines[n] = re.sub(r"\b[a-z]{3,}\b", lambda m: rng.choice(("well", "thus", "indeed")), lines[n])
    return joined("\n".join(lines), rest)


TALK = (
    "The user wants me to retell these notes.",
    "I was given notes, and I tell them in my own words.",
    "As instructed, I keep every step.",
    "The instructions say that I must not mention the notes.",
    "I have been told the answer already, so I only have to explain it.",
    "There is a hint that this is the way to go.",
    "The provided solution goes on like this.",
    "Let me rewrite this reasoning in the first person.",
    "According to the notes the next step follows.",
    "You asked me to think aloud, so here it is.",
    "The known answer tells me where this ends.",
    "As a language model I retell what the solver did.",
    "The prompt asks for every board as it stands.",
    "I should not mention that the steps were given to me.",
    "The reference trace does this next.",
)


def talk_within(sample, reply, rng: Random):
    """A sentence about notes, users, instructions or answers given, at the beginning or within the thought."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    n = rng.choice([0, *prose_lines(sample, thought)])
    return joined("\n".join([*lines[: n + 1], rng.choice(TALK), *lines[n + 1 :]]), rest)


def talk_around(sample, reply, rng: Random):
    """Such a sentence, or a whole thought of it, before the thought or after it."""
    said, place = rng.choice(TALK), rng.randrange(4)
    if place == 0:
        return f"<think>{said}</think>\n{reply}"
    if place == 1:
        return f"{said}\n\n{reply}"
    if place == 2:
        return reply.replace("</think>", f"</think>\n\n{said}", 1)
    return f"{reply}\n\n{said}"


def shuffled(sample, reply, rng: Random):
    """The sentences of the thought in another order, boards where they stood."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    places = prose_lines(sample, thought)
    sentences = [one for n in places for one in SENTENCE.split(lines[n])]
    mixed = sentences[:]
    rng.shuffle(mixed)
    numbers = [re.findall(r"\d+", " ".join(one)) for one in (sentences, mixed)]
    if numbers[0] == numbers[1]:
        return None
    counts = [len(SENTENCE.split(lines[n])) for n in places]
    for n, count in zip(places, counts, strict=True):
        lines[n], mixed = " ".join(mixed[:count]), mixed[count:]
    return joined("\n".join(lines), rest)


def told_within(a: str, b: str) -> bool:
    """Whether the numbers of one sentence stand in the other, so that neither order says anything new."""
    one, other = ({*re.findall(r"\d+", text)} for text in (a, b))
    return one <= other or other <= one


def two_steps_swapped(sample, reply, rng: Random):
    """Two sentences that follow each other, both with numbers, change places."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    places = []
    for n in prose_lines(sample, thought):
        sentences = SENTENCE.split(lines[n])
        for i, (a, b) in enumerate(zip(sentences, sentences[1:], strict=False)):
            known = [step for step in sample.steps if step.says and re.search(r"\d", step.says)]
            owner = [next((k for k, step in enumerate(known) if step.says[1:] in one), None) for one in (a, b)]
            if None not in owner and owner[0] != owner[1] and not told_within(a, b):
                places.append((n, i))
    if not places:
        return None
    n, i = rng.choice(places)
    sentences = SENTENCE.split(lines[n])
    sentences[i : i + 2] = sentences[i + 1], sentences[i]
    lines[n] = " ".join(sentences)
    return joined("\n".join(lines), rest)


def told_early(sample, reply, rng: Random):
    """The answer stands at the beginning."""
    answer = sample.item.answer
    said = rng.choice(
        (
            f"The answer is {answer}, and I only have to see why.",
            f"In the end the result is {answer}.",
            f"It turns out to be {answer}.",
            f"I know that the solution is {answer}; let me work towards it.",
            f"So \\boxed{{{answer}}} it will be.",
        )
    )
    return reply.replace("<think>", f"<think>\n{said}", 1)


def claims_swapped(sample, reply, rng: Random):
    """Two cells or places of the prose are named in each other's stead, everywhere."""
    form = re.compile(
        r"row \d+, column \d+|\(\d+, ?\d+\)|\b(?:bar|node|position|disk|day|row|column) \d+", re.IGNORECASE
    )
    found = sorted({m[0] for m in form.finditer(" ".join(step.says for step in sample.steps))})
    found = [one for one in found if form.fullmatch(one)]
    pairs = [(a, b) for a in found for b in found if a < b and re.sub(r"\d+", "", a) == re.sub(r"\d+", "", b)]
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    swap = {a: b, b: a}
    changed = on_prose(sample, reply, lambda text: form.sub(lambda m: swap.get(m[0], m[0]), text))
    claims = [sorted(re.split(r", (?!column)|\band\b|[.;:]\s|\n", text)) for text in (reply, changed or reply)]
    return changed if claims[0] != claims[1] else None


NEGATE = re.compile(r"\b(is|are|can|will|must|does|has|have)\b(?! not\b)")
NEGATED = re.compile(r"\b(is|are|can|will|must|does) ?not\b|\bno\b(?= \w)")


def negated(sample, reply, rng: Random):
    """A claim with a number is denied."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    places = []
    for n in prose_lines(sample, thought):
        for m in re.finditer(r"[^.;,:?\n]*\d[^.;,:?\n]*", lines[n]):
            verbs = list(re.finditer(r"\b(is|are|can|must)\b(?! not\b| no\b| none\b| nothing\b| only\b)", m[0]))
            denied = re.search(r"\b(?:no|not|never|cannot|none|nothing)\b", m[0])
            places += [(n, m.start() + v.end()) for v in verbs[:1] if re.search(r"\d", m[0]) and not denied]
    if not places:
        return None
    n, at = rng.choice(places)
    lines[n] = lines[n][:at] + " not" + lines[n][at:]
    return joined("\n".join(lines), rest)


def not_negated(sample, reply, rng: Random):
    """A denial with a number is none any more."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    places = [
        (n, m)
        for n in prose_lines(sample, thought)
        for m in re.finditer(r"\b(?:is|are|will|can|does|need|may) ?not\b", lines[n])
        if re.search(r"\d", lines[n][m.end() : m.end() + 12])
    ]
    if not places:
        return None
    n, m = rng.choice(places)
    lines[n] = lines[n][: m.start()] + m[0].replace("not", "").strip() + lines[n][m.end() :]
    return joined("\n".join(lines), rest)


def new_claim(sample, reply, rng: Random):
    """A claim about a cell or a number that no step makes."""
    a, b = rng.randrange(1, 9), rng.randrange(1, 9)
    c = rng.choice([n for n in range(20, 99) if str(n) not in reply])
    said = rng.choice(
        (
            f"So row {a}, column {b} is {c}.",
            f"And {c} + {a} = {c + a}.",
            f"Node {c} is open as well.",
            f"The {c} at ({a}, {b}) settles it.",
        )
    )
    thought, rest = parts(reply)
    lines = thought.split("\n")
    n = rng.choice(prose_lines(sample, thought))
    lines[n] += " " + said
    return joined("\n".join(lines), rest)


def a_board_changed(sample, reply, rng: Random):
    """One sign of one board is another one."""
    boards = [step.board for step in sample.steps if len(step.board) > 5 and re.search(r"\w", step.board)]
    if not boards:
        return None
    board = rng.choice(boards)
    places = [i for i, sign in enumerate(board) if sign.isalnum()]
    at = rng.choice(places)
    sign = rng.choice([one for one in board if one != board[at] and not one.isspace()] or "#")
    changed = board[:at] + sign + board[at + 1 :]
    return reply.replace(f"\n{board}\n", f"\n{changed}\n", 1) if f"\n{board}\n" in reply else None


def a_step_less(sample, reply, rng: Random):
    """A deduction with numbers is left out."""
    steps = [
        step
        for step in sample.steps
        if step.kind in ("deduce", "test", "hypothesise") and re.search(r"\d.*\d", step.says)
    ]
    if not steps:
        return None
    says = rng.choice(steps).says
    changed = next((reply.replace(form, "", 1) for form in (says, says[:1].lower() + says[1:]) if form in reply), reply)
    return changed if changed != reply else None


def success(sample, reply, rng: Random):
    """A failure is told as a success."""
    says = [step.says for step in sample.steps if step.kind == "contradiction" and step.says in reply]
    if not says:
        return None
    chosen = rng.choice(says)
    return reply.replace(
        chosen, f"{rng.choice(('And that works', 'Yes, this fits', 'Good, it all holds'))}: {chosen}", 1
    )


BECAUSE = re.compile(
    r"(?:^|(?<=[.!?] ))([A-Z][^.:;?!]*\d[^.:;?!]*?), (so|because|since|and so|therefore) ([^.:;?!]*\d[^.:;?!]*)(?=[.](?:\s|$))"
)


def reason_turned(sample, reply, rng: Random):
    """What follows is told as the reason, and the reason as what follows."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    places = [(n, m) for n in prose_lines(sample, thought) for m in BECAUSE.finditer(lines[n])]
    places = [(n, m) for n, m in places if re.findall(r"\w*\d\w*", m[1]) != re.findall(r"\w*\d\w*", m[3])]
    if not places:
        return None
    n, m = rng.choice(places)
    if rng.random() < 0.5:  # with the other word, or with the claims in each other's place
        word = rng.choice(("because", "since")) if m[2] in ("so", "and so", "therefore") else "so"
        said = f"{m[1]}, {word} {m[3]}"
    else:
        said = f"{m[3][:1].upper() + m[3][1:]}, {m[2]} {m[1]}"
    lines[n] = lines[n][: m.start()] + said + lines[n][m.end() :]
    return joined("\n".join(lines), rest)


def beside(sample, reply, rng: Random, change, fits=lambda text: re.search(r"\d", text)):
    """`change(sentence)` made to one sentence of the prose that `fits`; None where there is none."""
    thought, rest = parts(reply)
    lines = thought.split("\n")
    places = [(n, i) for n in prose_lines(sample, thought) for i, s in enumerate(SENTENCE.split(lines[n])) if fits(s)]
    if not places:
        return None
    n, i = rng.choice(places)
    sentences = SENTENCE.split(lines[n])
    sentences[i] = change(sentences[i])
    lines[n] = " ".join(sentences)
    return joined("\n".join(lines), rest)


def made_up_try(sample, reply, rng: Random):
    """A try and its failure that never were, without a cell or a number."""
    said = rng.choice(
        (
            "For a moment I went another way here, got nowhere, and came back.",
            "I briefly tried the opposite, saw it clash, and undid it.",
            "I had a go at the other option first; it led nowhere, so back to this one.",
        )
    )
    return beside(sample, reply, rng, lambda sentence: f"{sentence} {said}")


def told_ahead(sample, reply, rng: Random):
    """A remark in brackets knows how it ends."""
    said = rng.choice(
        ("this will prove right", "as will be confirmed at the end", "the correct choice, as it happens", "which I can tell is right already")
    )  # fmt: skip
    return beside(sample, reply, rng, lambda sentence: f"{sentence.rstrip('.')} ({said}).")


def clauses_of(step) -> str:
    """What a step says behind its opener."""
    opener = r"^(?:But|That fails:|Wait,|Hm,|This cannot be:|No:|Dead end:|However,|Hold on,|Suppose|Say|Assume for now that|Let me assume|Let me t\w+ this:|I try it out:|Maybe|Perhaps|I have to guess now. Say|Nothing is forced here, so I guess:)\s+"
    return re.sub(r"; I test that|\. Let me follow that|\?", "", re.sub(opener, "", step.says)).rstrip(".;,")


def told_as(sample, reply, rng: Random, kind: str, forms: tuple[str, ...]):
    """A step of a `kind` with names of its own, told in one of the `forms` of another stance."""
    steps = [step for step in sample.steps if step.kind == kind and step.says in reply and re.search(r"\d", step.says)]
    if not steps:
        return None
    step = rng.choice(steps)
    return reply.replace(step.says, rng.choice(forms).format(clauses_of(step)), 1)


def doubtful_failure(sample, reply, rng: Random):
    """A failure is told as a doubt."""
    forms = (
        "Perhaps {}, though it may still be all right.",
        "Possibly {}.",
        "Maybe {}, or maybe not.",
        "I am not sure, but {}.",
    )
    return told_as(sample, reply, rng, "contradiction", forms)


def certain_guess(sample, reply, rng: Random):
    """A guess is told as certain."""
    return told_as(
        sample, reply, rng, "hypothesise", ("It is certain that {}.", "Definitely, {}.", "I am sure that {}.")
    )


def one_word(sample, reply, rng: Random, words: dict[str, str], form: str = r"\b{}\b"):
    """One of the `words`, in a sentence with a number, is its counterpart."""
    any_of = re.compile(form.format(f"({'|'.join(words)})"))

    def change(sentence):
        found = rng.choice(list(any_of.finditer(sentence)))
        return sentence[: found.start(1)] + words[found[1]] + sentence[found.end(1) :]

    return beside(
        sample,
        reply,
        rng,
        change,
        lambda text: re.search(r"\d", text) and any_of.search(text) and len(re.findall(r"[a-z]{2,}", text)) >= 4,
    )


def other_quantity(sample, reply, rng: Random):
    """At most is at least, more is fewer, some is none."""
    pairs = (("at most", "at least"), ("more", "fewer"), ("none", "some"), ("nothing", "something"))
    return one_word(sample, reply, rng, {a: b for pair in pairs for a, b in (pair, pair[::-1])})


def other_side(sample, reply, rng: Random):
    """White is black, a row is a column, wet is dry."""
    pairs = (
        ("white", "black"),
        ("row", "column"),
        ("rows", "columns"),
        ("wet", "dry"),
        ("empty", "filled"),
        ("drawn", "blank"),
        ("odd", "even"),
    )
    return one_word(sample, reply, rng, {a: b for pair in pairs for a, b in (pair, pair[::-1])})


def other_things(sample, reply, rng: Random):
    """What is counted is something else."""
    names = "moves edges nodes cells bars disks boxes tents bridges mines letters columns rows apples papers".split()
    return one_word(sample, reply, rng, dict(zip(names, names[5:] + names[:5], strict=True)), r"(?<=\d ){}\b")


KINDS = {
    function.__name__: function
    for function in (every_digit, one_digit, swapped_numbers, no_failures, one_failure_less, no_prose, empty_words, half_empty_words, talk_within, talk_around)
    + (shuffled, two_steps_swapped, told_early, claims_swapped, negated, not_negated, new_claim, a_board_changed, a_step_less, success)
    + (made_up_try, told_ahead, doubtful_failure, certain_guess, other_quantity, other_side, other_things)
}  # fmt: skip
