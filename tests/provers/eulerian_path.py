"""The prover of eulerian_path."""

from provers._walks import Walk


def prover(state):
    return Walk(state.n, state.edges, 2)
