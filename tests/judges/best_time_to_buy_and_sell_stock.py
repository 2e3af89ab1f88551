"""An independent judge of best_time_to_buy_and_sell_stock."""

from judges._numbers import states, wrong_numbers

OTHERS = [*map(str, range(-1, 60))]


def best(prices) -> int:
    "The most that can be earned up to each day, over all pairs of a purchase and a sale."
    earned = [0] * (len(prices) + 1)  # earned[k]: by the first k days
    for sell in range(len(prices)):
        earned[sell + 1] = max(earned[sell], *(earned[buy] + prices[sell] - prices[buy] for buy in range(sell)), 0)
    return earned[-1]


def judge(state, tokens) -> bool:
    return states(tokens, best(state.prices))


def guise(state, rng):
    prices, shift = state.prices, rng.randint(1, 50)
    return type(state)(
        tuple(max(prices) + shift - price for price in prices[::-1])
        if rng.random() < 0.5
        else tuple(price + shift for price in prices)
    )


def corrupted(row) -> list[str]:
    return wrong_numbers(row)
