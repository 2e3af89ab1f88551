"""The prover of hamiltonian_cycle: a node on a cycle needs two ways, and the cycle has to come back."""

from provers._tours import Tour


class Cycle(Tour):
    closed = True

    def forces(self, reason, path, there, options):
        if reason.rule == "two-ways":
            node, ways = reason.args
            return node == there and sorted(ways) == self.ways(node, path) and len(ways) == 2 and path[-1] in ways
        if reason.rule == "either-way":
            return (
                len(path) == 1 and reason.args == (path[0], tuple(options)) and len(options) == 2 and there in options
            )
        return super().forces(reason, path, there, options)

    def dead(self, rule, args, path):
        free, first, last = self.free(path), path[0], path[-1]
        if rule == "short":
            (node,) = args
            return node in free and len(self.ways(node, path)) < 2 or path == [node] and len(self.near[node]) < 2
        if rule == "torn":
            nodes, beside = args
            alone = all(
                node in free and len(self.ways(node, path)) == 2 and last in self.ways(node, path) for node in nodes
            )
            return beside == last and alone and len(set(nodes)) == len(nodes) > (2 if len(path) == 1 else 1)
        if rule == "open":
            left = [node for node in self.near[first] if node in free]
            return args == (first,) and (not left if free else first not in self.near[last])
        if rule == "sides":
            return (
                all(other not in args[0] for node in args[0] for other in self.near[node]) and 2 * len(args[0]) > self.n
            )
        return super().dead(rule, args, path)


def prover(state):
    return Cycle(state.n, state.edges)
