"""An independent judge of shingoki."""
import re
from itertools import product

import networkx as nx

from mmhelix_nb.search import square_symmetries, transform

OTHERS = [*map(str, range(9))]


def split(answer) -> list[str]: return re.findall(r"\d+", answer)


def write(state, tokens) -> str:
    parts = [tokens[i : i + 4] for i in range(0, len(tokens), 4)]
    return " ".join("({},{})-({},{})".format(*part) if len(part) == 4 else " ".join(part) for part in parts)


def circles(state) -> dict: return {(r, c): (sign[0], int(sign[1:])) for r, row in enumerate(state.grid) for c, sign in enumerate(row) if sign != "."}


def fits(loop, circles) -> bool:
    "Whether a graph that is a cycle fits all circles: arms are counted as the lengths of the straight pieces on which a circle lies."
    pieces = nx.Graph(loop)
    for point in list(pieces):
        if len({p[0] for p in (*pieces[point], point)}) == 2 and len({p[1] for p in (*pieces[point], point)}) == 2:
            for other in list(pieces[point]):  # cut the cycle at its turns
                pieces.remove_edge(point, other)
                pieces.add_edge((point, other), other if other in pieces and not isinstance(other[0], tuple) else other)
    length = {point: part for part in nx.connected_components(pieces) for point in part}
    for point, (color, number) in circles.items():
        if point not in loop: return False
        rows, columns = {p[0] for p in (*loop[point], point)}, {p[1] for p in (*loop[point], point)}
        if (1 in (len(rows), len(columns))) != (color == "W"): return False
        if color == "W": total = pieces.subgraph(length[point]).number_of_edges()
        else: total = sum(pieces.subgraph(length[point, other]).number_of_edges() for other in loop[point] if (point, other) in length)
        if color == "B" and total != number or color == "W" and total != number: return False
    return True
