"""Solutions counted by a SAT solver."""


def count_models(solver, most: int, variables: int) -> int:
    "The solutions of `solver` that differ in its first `variables`, counted up to `most`."
    found = 0
    while found < most and solver.solve():
        found += 1
        solver.add_clause([-value for value in solver.get_model()[:variables]])
    return found


def add_one_of_each(solver, groups) -> None:
    "Exactly one variable of each group is true."
    for group in groups:
        solver.add_clause(group)
        for i, one in enumerate(group):
            for two in group[:i]:
                solver.add_clause([-one, -two])


def add_choice(solver, fresh: int, ways) -> int:
    "One of the `ways`, lists of literals, holds; each gets a variable above `fresh`. Returns the last variable."
    names = []
    for name, literals in enumerate(ways, fresh + 1):
        names.append(name)
        for literal in literals:
            solver.add_clause([-name, literal])
    solver.add_clause(names)
    return fresh + len(names)


def add_totals(solver, lines, top: int) -> None:
    "For each of the `lines`, pairs (variables, number), that many of the variables are true; `top` is the last variable so far."
    from pysat.card import CardEnc

    for variables, number in lines:
        encoded = CardEnc.equals(lits=variables, bound=number, top_id=top)
        top = max(top, encoded.nv)
        for clause in encoded.clauses:
            solver.add_clause(clause)


def grid_lines(grid: list) -> list:
    "The rows of a grid of variables, then its columns."
    return [*map(list, grid), *map(list, zip(*grid))]
