"""The prover of hamiltonian_path."""

from provers._tours import Tour


def prover(state):
    return Tour(state.n, state.edges, state.start)
