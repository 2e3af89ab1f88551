"""Wilson, Student, McNemar and the paired bootstrap against slower ways to say the same."""

import math

import pytest

from mmhelix_nb.book import statistics as st


@pytest.mark.parametrize("k, n", [(0, 1), (1, 1), (3, 10), (314, 1_260), (1_260, 1_260)])
def test_wilson_solves_its_equation(k, n):
    for end in st.wilson(k, n):
        if 0 < end < 1:
            assert abs(k / n - end) == pytest.approx(1.96 * math.sqrt(end * (1 - end) / n), rel=1e-9)
    assert st.wilson(k, n)[0] <= k / n <= st.wilson(k, n)[1]


@pytest.mark.parametrize("a, b", [(0, 0), (1, 0), (5, 5), (3, 11), (40, 10), (900, 700)])
def test_mcnemar_is_the_binomial_test(a, b):
    n = a + b
    weights = [math.comb(n, i) / 2**n for i in range(n + 1)]
    expected = min(1.0, sum(w for i, w in enumerate(weights) if abs(i - n / 2) >= abs(a - n / 2)))
    assert st.mcnemar(a, b) == pytest.approx(expected, rel=1e-9)


def test_bootstrap_interval_covers_the_difference():
    for a, b in ((0, 0), (20, 0), (30, 30), (5, 60)):
        low, high = st.paired_bootstrap(a, b, 300)
        assert low <= (a - b) / 300 <= high and (low, high) == st.paired_bootstrap(a, b, 300)


@pytest.mark.parametrize("n", [2, 3, 5, 21, 40])
def test_student_interval_covers_in_nineteen_of_twenty(n):
    import numpy as np

    draws = np.random.default_rng(n).normal(size=(2_000, n))
    hits = sum(low <= 0 <= high for _, low, high in (st.mean_interval(list(row)) for row in draws))
    assert 0.935 < hits / 2_000 < 0.97


def test_seeds_are_counted_and_kept_within_the_range():
    one, two = st.share_record(10, 10), st.share_record(4, 10)
    both = st.over_seeds({3: one, 4: two})
    assert (both["seeds"], both["accuracy"], both["low"], both["high"]) == (2, 0.7, 0.0, 1.0)
    assert both["per_seed"] == {3: one, 4: two} and "missing" not in both


def test_a_single_seed_of_several_has_the_widest_interval():
    lonely = st.over_seeds({3: st.share_record(5, 10), 4: None})
    assert (lonely["seeds"], lonely["missing"], lonely["low"], lonely["high"]) == (1, [4], 0, 1)
    pair = st.pairs_over_seeds({3: None, 4: st.paired_record("111", "000")})
    assert (pair["seeds"], pair["missing"], pair["difference"], pair["low"], pair["high"]) == (1, [3], 1, -1, 1)
    assert [st.seeds_text(record) for record in (lonely, st.share_record(5, 10))] == ["1 of 2", "1"]


def test_seeds_that_agree_by_chance_leave_what_items_leave():
    share = st.share_record(278, 300)
    assert [st.over_seeds({0: share, 1: share})[end] for end in ("low", "high")] == [share["low"], share["high"]]


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_equal_methods_seldom_differ_over_seeds(seeds):
    import numpy as np

    rng, sure = np.random.default_rng(seeds), 0
    for _ in range(400):  # 300 items, of which about three differ between two models that are equally good
        tests = {}
        for seed, (a, b) in enumerate(rng.binomial(300, 0.005, (seeds, 2))):
            rest = "0" * (300 - a - b)
            tests[seed] = st.paired_record("1" * a + "0" * b + rest, "0" * a + "1" * b + rest, 200)
        found = st.pairs_over_seeds(tests)
        sure += not found["low"] <= 0 <= found["high"]
    assert sure / 400 < 0.05


@pytest.mark.parametrize("same", [0.0, 0.4, 1.0])
def test_an_interval_over_items_that_seeds_share_covers_in_nineteen_of_twenty(same):
    """Of items answered by two seeds `same` have a right answer of their own: Wilson's interval of all replies is too narrow then."""
    import numpy as np

    rng, hits, narrow = np.random.default_rng(round(10 * same)), 0, 0
    for _ in range(1_000):
        chance = np.where(rng.random(200) < same, rng.random(200) < 0.6, 0.6)  # 0.6 in the mean
        seeds = ["".join(map(str, (rng.random(200) < chance).astype(int))) for _ in range(2)]
        right = sum(marks.count("1") for marks in seeds)
        shared, alone = (st.share_record(right, 400, each) for each in (st.worth(seeds), 1.0))
        hits += shared["low"] <= 0.6 <= shared["high"]
        narrow += alone["low"] <= 0.6 <= alone["high"]
    assert 0.925 < hits / 1_000 < 0.975 and (narrow < hits - 20) == (same > 0)
