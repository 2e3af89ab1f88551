"""The taskset of `mmhelix_nb.doors.verifiers_taskset` under a name without a dot, which is what verifiers looks for."""

from mmhelix_nb.doors.verifiers_taskset import PuzzleTaskset

__all__ = ["PuzzleTaskset"]
