"""An independent judge of bridges."""

import json
import re

import networkx as nx

OTHERS = [*map(str, range(10))]


def split(answer) -> list[str]:
    return re.findall(r"\d+", answer)


def write(state, tokens) -> str:
    parts = [tokens[i : i + 5] for i in range(0, len(tokens), 5)]
    return "\n".join("({},{})-({},{}):{}".format(*part) if len(part) == 5 else " ".join(part) for part in parts)


def judge(state, tokens) -> bool:
    "By a graph: every bridge as an edge with the set of half steps that it covers."
    if not tokens or len(tokens) % 5:
        return False
    graph, number = nx.Graph(), {(x, y): number for x, y, number in state.islands}
    graph.add_nodes_from(number)
    for x, y, x2, y2, count in zip(*[iter(map(int, tokens))] * 5):
        a, b = (x, y), (x2, y2)
        if a not in number or b not in number or a == b or (x != x2 and y != y2) or not count:
            return False
        water = {(p, q) for p in range(min(x, x2), max(x, x2) + 1) for q in range(min(y, y2), max(y, y2) + 1)} - {a, b}
        if water & set(number):
            return False
        graph.add_edge(a, b, count=count + graph.get_edge_data(a, b, {"count": 0})["count"], water=water)
    edges = list(graph.edges(data=True))
    if any(data["count"] > 2 for _, _, data in edges) or not nx.is_connected(graph):
        return False
    if any(edges[i][2]["water"] & edges[j][2]["water"] for i in range(len(edges)) for j in range(i)):
        return False
    return all(
        sum(data["count"] for _, _, data in graph.edges(place, data=True)) == wanted for place, wanted in number.items()
    )


def guise(state, rng):
    swap, flip_x, flip_y = (rng.random() < 0.5 for _ in range(3))
    width, height = state.size
    moved = [
        (width - 1 - x if flip_x else x, height - 1 - y if flip_y else y, number) for x, y, number in state.islands
    ]
    gap = rng.randrange(width + 1)  # one more empty column
    moved = [(x + (x >= gap), y, number) for x, y, number in moved]
    return type(state)(tuple(sorted((y, x, number) if swap else (x, y, number) for x, y, number in moved)))


def links_of(places) -> list[tuple]:
    "The islands that see each other, with the water between."
    found = []
    for x, y in places:
        for dx, dy in ((1, 0), (0, 1)):
            seen = [(x + dx * step, y + dy * step) for step in range(1, 25)]
            hit = next((i for i, place in enumerate(seen) if place in places), None)
            if hit is not None:
                found.append(((x, y), seen[hit], frozenset(seen[:hit])))
    return found


def count(state, most) -> int:
    "The number of solutions up to `most`, by brute force over the islands in order, with the connection tested at the end."
    number = {(x, y): number for x, y, number in state.islands}
    links = links_of(number)
    last = {place: max(i for i, link in enumerate(links) if place in link[:2]) for place in number}

    def hopeless(i, left) -> bool:
        "Whether an island of link `i` cannot get what it needs any more."
        a, b, _ = links[i]
        done = any(last[place] == i and left[place] for place in (a, b))
        return done or any(left[place] > 2 * sum(place in link[:2] for link in links[i + 1 :]) for place in (a, b))

    def go(i, need, laid) -> int:
        if i == len(links):
            graph = nx.Graph([link[:2] for link, amount in zip(links, laid) if amount])
            return int(len(graph) == len(number) and nx.is_connected(graph))
        a, b, water = links[i]
        found = 0
        for amount in range(min(2, need[a], need[b]) + 1):
            if amount and any(n and water & link[2] for n, link in zip(laid, links)):
                break
            left = {**need, a: need[a] - amount, b: need[b] - amount}
            found += 0 if hopeless(i, left) else go(i + 1, left, [*laid, amount])
            if found >= most:
                break
        return found

    return min(go(0, number, []), most)


def corrupted(row) -> list[str]:
    lines, state = (
        row["answer"].split("\n"),
        json.loads(row["initial_state"]) if isinstance(row["initial_state"], str) else row["initial_state"],
    )
    first = state["islands"][0]
    more = lines[0][:-1] + str(3 - int(lines[0][-1]))
    return [
        "\n".join(lines[1:]),
        "\n".join([more, *lines[1:]]),
        "\n".join([*lines, lines[0]]),
        row["answer"][:-1],
        row["answer"] + f"\n({first['x']},{first['y']})-(19,19):1",
        row["answer"].replace(":", " ").replace("-", " ")[:-2],
        lines[0],
    ]
