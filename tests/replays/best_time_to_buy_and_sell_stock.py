"""A replay of best_time_to_buy_and_sell_stock: each rise against the prices, and the running profit."""

from itertools import pairwise

from replays._story import Story, expect, ints, same

story = Story()


@story.says(r"The prices are ([\d, ]+)\.")
def prices(facts, listed):
    same(tuple(ints(listed)), facts.prices, "the prices")


@story.says(r"Prices rise from (\d+) on day (\d+) to (\d+) on day (\d+): a gain of (\d+), (.*)\.")
def rise(facts, low, buy, high, sell, gain, so_far):
    same(buy, facts.day, "the day of the purchase")
    follow(facts, low, buy, high, sell, gain, so_far)


@story.says(
    r"From (\d+) on day (\d+) prices fall to (\d+) on day (\d+), then rise to (\d+) on day (\d+): a gain of (\d+), (.*)\."
)
def fall_and_rise(facts, before, day, low, buy, high, sell, gain, so_far):
    same((day, before), (facts.day, facts.prices[day - 1]), "where the fall begins")
    expect(
        day < buy and all(a >= b for a, b in pairwise(facts.prices[day - 1 : buy])),
        f"prices do not fall from day {day} to day {buy}",
    )
    follow(facts, low, buy, high, sell, gain, so_far)


def follow(facts, low, buy, high, sell, gain, so_far):
    "Check a rise from day `buy` to day `sell` and the sum after it."
    same(
        (low, high, gain),
        (facts.prices[buy - 1], facts.prices[sell - 1], high - low),
        f"the rise from day {buy} to day {sell}",
    )
    expect(
        buy < sell and low < high and all(a <= b for a, b in pairwise(facts.prices[buy - 1 : sell])),
        f"prices do not rise from day {buy} to day {sell}",
    )
    expect(sell == len(facts.prices) or facts.prices[sell] < high, f"the rise goes on after day {sell}")
    sum_so_far = [facts.profit, gain, facts.profit + gain] if facts.profit else [gain]
    same(ints(so_far), sum_so_far, "the profit so far")
    facts.day, facts.profit = sell, facts.profit + gain


@story.says(r"After day (\d+) no price is higher than the one before it\.")
def rest(facts, day):
    same(day, facts.day, "the last sale")
    expect(all(a >= b for a, b in pairwise(facts.prices[day - 1 :])), f"prices rise after day {day}")
    facts.day = len(facts.prices)


@story.says(r"The rises come to (\d+) and the falls to (\d+); (.*) is the last price, as it must be\.")
def balance(facts, up, down, sum_):
    steps = [b - a for a, b in pairwise(facts.prices)]
    same(
        (up, down),
        (sum(step for step in steps if step > 0), -sum(step for step in steps if step < 0)),
        "rises and falls",
    )
    same(ints(sum_), [facts.prices[0], up, down, facts.prices[-1]], "the sum of rises and falls")


@story.says(r"Every rise is used and every fall avoided, so the largest total profit is (\d+)\.")
def result(facts, profit):
    same((profit, facts.day), (facts.profit, len(facts.prices)), "profit and day")


@story.shows(r"day (\d+), profit (\d+)")
def board(facts, day, profit):
    same((day, profit), (facts.day, facts.profit), "day and profit")


def end(facts, answer):
    same(answer, str(facts.profit), "the answer")


def replay(state, text) -> str:
    return story.replay(text, end, prices=state.prices, day=1, profit=0)
