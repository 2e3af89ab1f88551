"""What judges share whose answers are one whole number."""


def states(tokens: list[str], number: int) -> bool:
    "Whether `tokens` are the `number` and nothing else."
    return len(tokens) == 1 and tokens[0].lstrip("-").isdecimal() and int(tokens[0]) == number


def wrong_numbers(row: dict, *others: str) -> list[str]:
    "Numbers beside a row's answer, the answer hedged, denied, listed and worked out, and the `others` that are not the answer."
    answer = int(row["answer"])
    wrong = [str(answer + step) for step in (-1, 1, 10, 100)]
    wrong += [f"not {answer}", f"{answer} or {answer + 1}", f"{answer}.5", f"{answer}, {answer}", f"{answer - 1} + 1"]
    wrong += [f"-{answer}"] if answer else []
    return [*wrong, *(text for text in others if text != row["answer"])]
