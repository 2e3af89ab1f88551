"""An independent judge of crypto_math: numbers instead of columns, and a count of solutions that meets in the middle."""

from itertools import permutations

OTHERS = [*"ABCDEFGHIJKZ", *map(str, range(12))]


def words(state) -> list[str]:
    left, right = state.equation.split("=")
    return [*left.split("+"), right]


def judge(state, tokens) -> bool:
    if len(tokens) % 2:
        return False
    value = {}
    for letter, digit in zip(tokens[::2], tokens[1::2]):
        if not (len(letter) == 1 and letter.isalpha() and len(digit) == 1 and digit.isdecimal()):
            return False
        if value.setdefault(letter, digit) != digit:
            return False
    if set(value) != set(state.equation) - set("+="):
        return False
    if len(set(value.values())) < len(value):
        return False
    numbers = [word.translate(str.maketrans(value)) for word in words(state)]
    return sum(map(int, numbers[:-1])) == int(numbers[-1]) and all(number == str(int(number)) for number in numbers)


def weight(state) -> dict[str, int]:
    "The factor of each letter in terms minus result."
    found = {}
    for number, word in enumerate(words(state)):
        for place, letter in enumerate(reversed(word)):
            found[letter] = (
                found.get(letter, 0)
                + (-1 if word is words(state) or number == len(words(state)) - 1 else 1) * 10**place
            )
    return found


def count(state, most: int) -> int:
    "Number of solutions up to `most`: sums of one half of the letters, matched by the other half on other digits."
    factors, leading = weight(state), {word[0] for word in words(state) if len(word) > 1}
    letters = sorted(factors)
    half = len(letters) // 2

    def halves(part):
        for digits in permutations(range(10), len(part)):
            if any(not digit and letter in leading for letter, digit in zip(part, digits)):
                continue
            yield (
                sum(factors[letter] * digit for letter, digit in zip(part, digits)),
                sum(1 << digit for digit in digits),
            )

    sums, found = {}, 0
    for total, mask in halves(letters[:half]):
        sums.setdefault(total, []).append(mask)
    for total, mask in halves(letters[half:]):
        found += sum(not mask & other for other in sums.get(-total, ()))
        if found >= most:
            return most
    return found


def guise(state, rng):
    *terms, result = words(state)
    columns = [rng.sample(column, len(column)) for column in zip(*terms)]
    text = "+".join("".join(column[i] for column in columns) for i in range(len(terms))) + "=" + result
    letters = sorted(set(text) - set("+="))
    return type(state)(
        text.translate(str.maketrans(dict(zip(letters, rng.sample("ABCDEFGHIJKLMNOPQRSTUVWXYZ", len(letters))))))
    )


def corrupted(row) -> list[str]:
    import json

    digits = json.loads(row["answer"])
    equation = row["initial_state"]["equation"]
    left, result = equation.split("=")
    numbers = {word: "".join(str(digits[letter]) for letter in word) for word in [*left.split("+"), result]}
    first = min(digits)
    fewer = {letter: digit for letter, digit in digits.items() if letter != first}
    same = dict.fromkeys(digits, digits[first])
    return [
        json.dumps(fewer),
        json.dumps(same),
        json.dumps(numbers),
        json.dumps({**digits, first: -digits[first] - 1}),
        json.dumps({**digits, first: 10 + digits[first]}),
        json.dumps({**digits, **dict.fromkeys(numbers, 1)}),
        row["answer"] + f", {first}={(digits[first] + 1) % 10}",
        row["answer"] + ", " + "".join(sorted(digits)),
        "+".join(numbers.values()),
    ]
