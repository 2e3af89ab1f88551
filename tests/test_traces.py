"""Traces: proven step by step from their facts, told in three lengths, no two alike, accepted by the verifier."""

import re
from collections import Counter
from random import Random
from statistics import mean

import pytest
from provers import prove, prover_of, spoil
from shelf import FUZZ, LEVELS, TASKS, fresh, item, sample

from mmhelix_nb.core import from_official, task_module
from mmhelix_nb.shared.narrator import UNDER, Steps
from mmhelix_nb.shared.seen import FREE, FULL, RING, SEARCHING, holding, marks, moments, seen_share
from mmhelix_nb.steps import LENGTHS, REFLECTIONS, Fact, Manner, token_count

every_task = pytest.mark.parametrize("task", TASKS)
MANNERS = [Manner(), *(Manner(order, "search") for order in ("fixed", "random", "heuristic")), Manner("", "none")]


# Facts


@pytest.mark.fresh
@every_task
def test_every_fact_follows_from_its_reason(task, run_seed, rng):
    """A prover that knows the rules of the puzzle finds no gap, however the search is told; `make traces` proves 250 of each task."""
    for one in fresh(run_seed, task, 1):
        for manner in (MANNERS[0], rng.choice(MANNERS[1:])):
            gap = prove(task, one.state, one.trace(manner))
            assert not gap, (one.level, one.seed, manner, gap)


@pytest.mark.fresh
@every_task
def test_a_false_fact_is_noticed(task):
    """Of 25 traces in which one number of a fact is changed a prover notices at least 23: some changes are true as well; `make fuzz` changes more."""
    missed = []
    for level in LEVELS:
        for seed in range(FUZZ):
            one = item(task, level, seed)
            steps, rng = one.trace(), Random(f"{task}/{level}/{seed}")
            for _ in range(5):
                wrong = spoil(steps, rng)
                if not prove(task, one.state, wrong):
                    missed += [(level, seed, step.says, step.facts) for step, old in zip(wrong, steps) if step != old]
    assert len(missed) <= 2 * FUZZ, missed


# On the picture

OWN_WAYS = ("maze", "word_ladder")  # whose provers follow a walk and do not say what is taken back


@every_task
def test_steps_are_seen_on_the_picture(task):
    """Nearly every step of a search tints or frames something, in every style; a place that is not there raises."""
    shares = [seen_share(item(task, level, seed), f"look:{5 * level + seed}") for level in LEVELS for seed in range(3)]
    assert mean(shares) > 0.9, shares


@every_task
def test_what_is_taken_back_is_not_seen_any_more(task):
    """Of what a search says the picture shows at each step what still holds, by the task's own prover."""
    for one in (item(task, level, seed) for level in LEVELS for seed in range(2)) if task not in OWN_WAYS else ():
        proof, steps, said = prover_of(task).prover(one.state), one.trace(), set()
        for step, held in zip(steps, holding(steps), strict=True):
            getattr(proof, f"on_{step.kind}", proof.on_deduce)(step)
            said |= {*step.facts} if step.kind in SEARCHING and step.kind != "contradiction" else set()
            assert said & {*held} == said & set().union(*proof.frames), (one.level, one.seed, step.says)


GRIDS = "sudoku futoshiki skyscrapers calcudoku numbrix binairo kukurasu nonogram".split()
CELLS = "hitori tapa campsite minesweeper kakuro".split()  # whose answers list cells; those of campsite count from 1


@pytest.mark.parametrize("task", GRIDS + CELLS)
def test_what_is_written_at_the_end_is_the_answer(task):
    """The marks that stay stand where the answer has them, and none is missing beside the givens."""
    for one in (item(task, level, seed) for level in LEVELS for seed in range(2)):
        *_, last = moments(one)
        stay = {
            mark.place: mark.text
            for mark in marks(one.module.SEEN, one.state, last.held)
            if mark.stays and isinstance(mark.place[0], int)
        }
        if task in GRIDS:
            signs = re.findall(r"\d+" if task == "numbrix" else r"[\dX.]", one.answer)
            side = round(len(signs) ** 0.5)
            wanted = {(i // side, i % side): sign for i, sign in enumerate(signs)}
            wanted |= {
                place: wanted[place].translate(str.maketrans("1X0.", "■■··"))
                for place in stay
                if stay[place] in (FULL, FREE)
            }
            assert {place: wanted[place] for place in stay} == stay, (one.level, one.seed)
        else:
            cells = [tuple(map(int, pair)) for pair in re.findall(r"[\[(](\d+), ?(\d+)[\])]", one.answer)]
            wanted = {(r - (task == "campsite"), c - (task == "campsite")) for r, c in cells}
            assert {place for place, text in stay.items() if text not in (FREE, RING)} == wanted, (one.level, one.seed)


@every_task
def test_slips_are_marked_mended_and_told_in_full_only(task):
    kinds = Counter()
    for telling in range(40):
        one = item(task, 1, telling % 4)
        steps = one.trace(telling=telling)
        kinds["slips"] += any(step.kind == "repair" for step in steps)
        kinds["false"] += any(step.false for step in steps)
        assert steps[-1].kind == "conclude" and steps[-1].facts[0].args == (one.answer,)
        assert all(set(step.false) <= set(step.facts) for step in steps)
    assert 4 <= kinds["slips"] <= 32, kinds
    for reflection in REFLECTIONS[1:]:
        told = [item(task, 3, seed).trace(Manner("", reflection)) for seed in range(5)]
        assert not {"check", "repair"} & {step.kind for steps in told for step in steps}
        assert reflection == "search" or "backtrack" not in {step.kind for steps in told for step in steps}


def unnamed(voice, step) -> list[str]:
    """What stands in the facts of a step, or is the place of a reason, and is not in its words or on its board."""
    said = f"{step.says} {step.board}".lower()
    parts = [
        name for fact in step.facts if fact.kind in voice.words for name in voice.slots(fact.kind, fact.args).values()
    ]
    for reason in step.reasons:
        kinds = [kind for sign in ("", "-", "~", "^") if (kind := f"{reason.rule}{sign}") in voice.grounds]
        if kinds and voice.grounds[kinds[0]][0] and reason.args:
            parts.append(voice.called(voice.grounds[kinds[0]][0][0], reason.args[0]))
    return [part for part in parts if part.lower() not in said and not step.board]


@every_task
def test_words_name_what_the_facts_name(task, monkeypatch):
    voices, begin = [], Steps.__init__
    monkeypatch.setattr(Steps, "__init__", lambda self, voice, rng: (voices.append(voice), begin(self, voice, rng))[1])
    for seed in range(5):
        steps = item(task, 2, seed).trace()
        for step in steps:
            assert not (missing := unnamed(voices[-1], step)), (step.says, missing)


@every_task
def test_sentences_are_cased_and_closed(task):
    for seed in range(5):
        open_before = False
        for step in item(task, 2, seed).trace():
            first = step.says.split()[0]
            runs_on = step.kind == "deduce" or open_before
            assert not (first.islower() and first.isalpha() and len(first) > 1) or runs_on, step.says
            open_before = step.says[-1] in ",;"
            assert step.says[-1] in ".:,;?" or step.board, step.says
            told = re.sub(r"\[.*?\]", "[]", step.says)  # rows of a grid have dots of their own
            assert not re.search(r"  |\.\.|\{|, ,| [.,;:](?!\d)", told), step.says


MUST = re.compile(
    r"\b(?:must(?! make way)|ha(?:s|ve) to (?!guess|leave)|can only|bound to|surely|certainly|clearly|sure|only choice|forced (?!here))"
)


@every_task
def test_guesses_are_told_as_guesses(task):
    """What is supposed is not told in the words of what follows, as in "say A1 is clearly empty"."""
    told = [step for level in (2, 4) for seed in range(4) for step in item(task, level, seed).trace()]
    assert not [step.says for step in told if step.kind == "hypothesise" and MUST.search(step.says)]


@every_task
def test_reasons_are_one_clause(task):
    """A reason goes on behind "since" and before a comma, so it has no semicolon behind its premises."""
    rules = getattr(getattr(task_module(task), "VOICE", None), "rules", {})
    assert not [one for clauses in rules.values() for one in clauses if "{premises};" in one]
    broken = re.compile(r"(?:since|because) |\{\w+\} being ")  # "because since it is", "as A1 being black"
    assert not [one for clauses in rules.values() for one in clauses if broken.match(one)]


def test_a_sentence_that_runs_on_has_no_aside_within():
    """Not "after that okay, 9 takes place 3"."""
    told = " ".join(step.says for seed in range(8) for step in item("topological_sort", 3, seed).trace())
    assert not re.search(r"[,;] [a-z ]{0,20}\b(?:okay|good|well), ", told)


def test_earlier_guesses_are_put_in_as_clauses():
    """A guess that still stands is a clause of its own, so "while {outer}" and not "with {outer}"."""
    assert not [
        one
        for one in UNDER
        if re.search(r"\b(?:with|keep|of|to|given) \{outer\}(?!,)|(?<!that )\{outer\} (?:is|stays)", one)
    ]


DEAD = re.compile(r"(?:cut|ends|short|torn|open|sides)(?:-next)?")


@pytest.mark.parametrize("task", ["hamiltonian_cycle", "hamiltonian_path"])
def test_no_counts_the_dead_ends_that_are_told(task):
    """Where no tour is left, the number in the end is that of the dead ends that a reader met: moves that failed at once, tries that failed after others, and the last way."""
    counted = 0
    for level, seeds in ((1, 24), (2, 24), (3, 30), (5, 10)):
        for seed in range(seeds):
            one = item(task, level, seed)
            if one.answer != "No":
                continue
            for order in ("fixed", "random", "heuristic"):
                steps = one.trace(Manner(order))
                met = sum(bool(DEAD.fullmatch(reason.rule)) for step in steps for reason in step.reasons)
                check = next(step for step in steps if step.facts and step.facts[0].kind == "tried")
                assert check.facts[0].args == (met,) and re.search(rf"\b{met} dead ends?\b", check.says), (level, seed)
                told = sum(fact.kind in ("no-go", "none") for step in steps if step.reasons for fact in step.facts)
                assert met == told, (level, seed, order)
                counted += met > 2
    assert counted > 30


def test_a_path_is_denied_from_its_start_alone():
    """A graph without a path from the asked start may have one from another, and a path is no tour."""
    for level, seed in ((level, seed) for level in LEVELS for seed in range(8)):
        one = item("hamiltonian_path", level, seed)
        steps = one.trace()
        assert not re.search(r"\btours?\b", " ".join(step.says for step in steps))
        for step in steps:
            if any(fact.kind == "none" for fact in step.facts):
                assert re.search(rf"\b{one.state.start}\b", step.says), step.says


# Texts


@every_task
def test_lengths_are_ordered_and_right(task):
    for level in LEVELS:
        told = {length: sample(task, level, 2, length) for length in LENGTHS}
        assert all(one.verdict for one in told.values())
        tokens = [token_count(told[length].reply) for length in LENGTHS]
        assert tokens == sorted(tokens) and tokens[0] < tokens[1]
        assert told["normal"].reply.startswith("<think>") and told["full"].reply.count("</think>") == 1


@every_task
def test_a_short_telling_has_no_lone_sign(task):
    """A slip is not told there, so neither is that something was off."""
    for seed in range(8):
        assert "?" not in sample(task, 1, seed, "brief").reply.splitlines(), seed


@every_task
def test_no_two_samples_open_alike(task):
    openings = [sample(task, level, seed).reply[:300] for level in LEVELS for seed in range(6)]
    assert len(set(openings)) == len(openings)


def test_a_published_sum_over_one_cell_is_told():
    """Published kakuro puzzles have runs of one cell, whose digit follows from no other."""
    black, white = {"type": "black"}, {"type": "white"}
    grid = [[black, {"type": "black", "down": 8}], [{"type": "black", "right": 8}, white]]
    puzzle = from_official({"category": "kakuro", "level": 1, "initial_state": grid, "question_text": ""})
    steps = puzzle.trace()
    assert any("8" in step.says and Fact("is", ((1, 1), 8)) in step.facts for step in steps)
    assert not prove(puzzle.task, puzzle.state, steps)
