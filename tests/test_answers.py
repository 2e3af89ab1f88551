"""The readers that all tasks share: time that grows with the text, whatever the text is."""

import re
import time

import pytest

from mmhelix_nb import answers, replies
from mmhelix_nb.shared import boards

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
        "row 1: (1, 2) ",
        " ✓",
        '{"answer": ',
        "<think>",
        "**",
        "| - ",
        "```\n",
        "x, but ",
        "que, ",
        "{\\rm ",
        ". ",
        "start at 5: ",
        ", starting at 5",
        "and then back to 8 ",
        "<8 -> ",
        "No, since 3 and 5 are leaves ",
    )
) + (" " * (MEGABYTE - 1) + "x",)
READERS = {
    "extract": replies.extract,
    "was_cut": replies.was_cut,
    "set_aside_thoughts": replies.set_aside_thoughts,
    "last_boxed": replies.last_boxed,
    "last_tagged": lambda text: replies.last_tagged(text, re.compile("<(/?)answer>")),
    "last_token_box": replies.last_token_box,
    "json_answer": replies.json_answer,
    "after_answer_word": replies.after_answer_word,
    "stated_answer": replies.stated_answer,
    "reply_text": replies.reply_text,
    "concluding_answer": replies.concluding_answer,
    "plain": answers.plain,
    "means_answer": answers.means_answer,
    "drop_label": answers.drop_label,
    "short_number": answers.short_number,
    "shorten": answers.shorten,
    "read_int": answers.read_int,
    "read_ints": answers.read_ints,
    "read_json": answers.read_json,
    "read_walk": answers.read_walk,
    "read_expression": answers.read_expression,
    "evaluate": lambda text: answers.evaluate(text.split()),
    "says": lambda text: answers.says(text, "yes"),
    "says_no": answers.says_no,
    "read_records": lambda text: boards.read_records(text, (2, 1)),
    "without_index": boards.without_index,
    "read_grid": lambda text: boards.read_grid(text, 9, "01-"),
    "read_table": lambda text: boards.read_table(text, 9, 9, r"\d{1,3}"),
    "read_moves": lambda text: boards.read_moves(text, {"up": "up", "u": "up"}),
}


def seconds(run) -> float:
    """Seconds of the processor, the better of two, so that a machine that stalls can't fail a test; a benchmark is `make bench`."""

    def once():
        began = time.process_time()
        run()
        return time.process_time() - began

    return first if (first := once()) < 0.5 else min(first, once())


def test_every_reader_is_attacked():
    rooms = (replies, answers, boards)
    public = {name for room in rooms for name in room.__all__ if callable(getattr(room, name)) and name[0].islower()}
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


@pytest.mark.parametrize(
    "words",
    [
        "one edge ",
        "1 edge, ",
        "leaf ",
        "no such path ",
        "there isn't any ",
        "and then ",
        "Start at 5: ",
        "(back to 5) ",
    ],
)
def test_words_that_can_be_read_in_two_ways_are_read_quickly(words):
    """As many as a No may have, with a sign behind them that no reader takes."""

    def refused(text):
        with pytest.raises(answers.Unreadable):
            answers.read_walk(text)

    for front in ("No, ", "No, since ", "[0, 1], "):
        for number in (30, 1_900 // len(words)):
            assert seconds(lambda text=front + words * number + "?": refused(text)) < 0.1


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: repr(attack[:8]))
def test_a_megabyte_in_a_reply_is_cut(attack):
    """What is extracted is never longer than the tail that is looked at, and a mark behind the noise is found."""
    assert len(replies.extract(attack).text) <= replies.TAIL
    assert replies.extract(attack + "</think>\n<answer>7</answer>").text == "7"
