"""MM-HELIX in notebooks: 42 verified visual puzzles, reflective traces, and AHPO training."""
__version__ = "0.2.0"

from mmhelix_nb.core import Instance, Verdict, from_official, make, tasks

__all__ = ["Instance", "Verdict", "from_official", "make", "tasks"]
