"""Cycles in a directed graph: Tarjan's strongly connected components without recursion, and a shortest loop in one."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping


def components(edges: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """Groups of two or more nodes that reach each other, each sorted, in the order of their first nodes."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    groups = []
    for root in sorted(edges):
        if root in index:
            continue
        work = [(root, iter(sorted(edges.get(root, ()))))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, following = work[-1]
            for other in following:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(sorted(edges.get(other, ())))))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node)
                    group, stack[cut:] = stack[cut:], []
                    on_stack.difference_update(group)
                    groups.append(sorted(group))
    yield from sorted(group for group in groups if len(group) > 1)


def shortest(group: Collection[str], edges: Mapping[str, Collection[str]]) -> list[str]:
    """A shortest loop within a component, from one of its nodes back to it: the node stands at both ends."""
    inside = set(group)
    best: list[str] = []
    for start in sorted(inside)[:50]:
        before: dict[str, str] = {}
        waiting = deque([start])
        while waiting and start not in before:
            node = waiting.popleft()
            for other in sorted(set(edges.get(node, ())) & inside):
                if other not in before:
                    before[other] = node
                    waiting.append(other)
        loop = [start]
        while len(loop) == 1 or loop[-1] != start:
            loop.append(before[loop[-1]])
        if not best or len(loop) < len(best):
            best = loop[::-1]
        if len(best) == 3:
            break
    return best
