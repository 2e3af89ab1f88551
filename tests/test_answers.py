"""The readers that all tasks share: time that grows with the text, whatever the text is."""

import time

import pytest

from mmhelix_nb import answers

MEGABYTE = 1_000_000
ATTACKS = tuple(
    (piece * (MEGABYTE // len(piece) + 1))[:MEGABYTE]
    for piece in (
        "9",
        "[",
        "0 1 ",
        "up ",
        "\\boxed{",
        "{}",
        "[0, ",
        "No ",
        "answer: ",
        "\\text{",
        "-",
        "\\n",
        "a ",
        "row 1: ",
        '{"answer": ',
        "<think>",
        "**",
        "| - ",
        "```\n",
    )
) + (" " * (MEGABYTE - 1) + "x",)
READERS = {
    "extract": answers.extract,
    "last_between": lambda text: answers.last_between(text, "<answer>", "</answer>"),
    "last_boxed": answers.last_boxed,
    "after_answer_word": answers.after_answer_word,
    "json_answer": answers.json_answer,
    "set_aside_thoughts": answers.set_aside_thoughts,
    "plain": answers.plain,
    "shorten": answers.shorten,
    "read_int": answers.read_int,
    "read_ints": answers.read_ints,
    "says": lambda text: answers.says(text, "yes"),
    "says_no": answers.says_no,
    "read_records": lambda text: answers.read_records(text, (2, 2, 1)),
    "read_grid": lambda text: answers.read_grid(text, 9, "01"),
    "read_table": lambda text: answers.read_table(text, 9, 9, r"\d{1,3}"),
    "read_moves": lambda text: answers.read_moves(text, {"up": "up", "u": "up"}),
}


def seconds(run) -> float:
    """Seconds of the processor, the better of two, so that a machine that stalls can't fail a test; a benchmark is `make bench`."""

    def once():
        began = time.process_time()
        run()
        return time.process_time() - began

    return first if (first := once()) < 0.5 else min(first, once())


def test_every_reader_is_attacked():
    public = {name for name in answers.__all__ if callable(getattr(answers, name)) and name[0].islower()}
    assert public == set(READERS)


@pytest.mark.parametrize("name", READERS)
def test_a_megabyte_is_read_quickly(name):
    def read(text):
        try:
            READERS[name](text)
        except answers.Unreadable as refused:
            assert str(refused)

    for attack in ATTACKS:
        assert seconds(lambda attack=attack: read(attack)) < 1, attack[:20]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: repr(attack[:8]))
def test_a_megabyte_in_a_reply_is_cut(attack):
    """What is extracted is never longer than the tail that is looked at, and a mark behind the noise is found."""
    assert len(answers.extract(attack).text) <= answers.TAIL
    assert answers.extract(attack + "</think>\n<answer>7</answer>").text == "7"
