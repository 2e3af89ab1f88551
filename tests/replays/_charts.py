"""What narrations of tasks on bar charts share: the bars that are read out."""

from replays._story import Story, ints, same


def reads_bars(story: Story, name: str = "heights") -> None:
    "Let the story know the sentence that reads the bars out; the facts have them under `name`."

    @story.says(r"The (\d+) bars are ([\d, ]+)\.")
    def bars(facts, n, listed):
        known = getattr(facts, name)
        same((n, tuple(ints(listed))), (len(known), known), "the bars")
