#!/usr/bin/python3
"""The includes of the tree: no circle among headers, and no include of a higher floor.

    tools/include_graph.py [--rig] [TREE]

Rules: (1) headers (.h, .def, .inc) do not include each other in a circle, nor do the modules of
osmem/, a module being a header with its source (--rig: nor those of fuzz/ and props/); (2) a file of
osmem/ includes only headers of its own and lower floors, by FLOORS; (3) what stands beside the
floors includes only what APART says; (4) osmem/ includes neither fuzz/ nor props/; (5) every
directory of osmem/ is listed here. Tests (TEST) are held to the circle of headers and rule 5 only. Prints a line for each breach and exits 1.
"""
import collections
import os
import re
import sys

# From the lowest to the highest. Files of osmem/ itself are process.
FLOORS = [["base"], ["platform"], ["block"], ["space"], ["arena"], ["cache"], ["alloc"], ["check"],
          ["report"], ["process"], ["interpose"]]
PUBLIC = "osmem/osmem.h"  # for every floor: what it declares is defined above, or handed in
# Beside the floors: what each may include of osmem/.
APART = {
    "classic": {"classic", "base", "platform", "report"},
}
RIG = "fuzz", "props"
ENDINGS = ".c", ".cc", ".h", ".def", ".inc"
SKIPPED = ".git", ".fuzz", "third_party", "__pycache__"
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')
TEST = re.compile(r"(_test\.c|_testing\.[ch]|^props/testing/.*)$")

LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}  # heap: the higher of its two


def read_includes(tree):
    """{file: [(line, included file)]}, of includes from the root, for all sources of the tree."""
    found = {}
    for folder, folders, names in os.walk(tree):
        folders[:] = sorted(name for name in folders if name not in SKIPPED and not name.startswith("bazel-"))
        for name in sorted(names):
            if not name.endswith(ENDINGS):
                continue
            path = os.path.normpath(os.path.relpath(os.path.join(folder, name), tree))
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as source:
                lines = [(number, INCLUDE.match(line)) for number, line in enumerate(source, 1)]
            found[path] = [(number, match.group(1)) for number, match in lines if match and "/" in match.group(1)]
    return found


def directory(path):
    """The directory of osmem/ that a path is in; process for osmem/ itself, None outside of it."""
    parts = path.split("/")
    if parts[0] != "osmem":
        return None
    return parts[1] if len(parts) > 2 else "process"


def breach(path, included):
    """What is wrong with one include of a file of osmem/ that is no test, in words; None if nothing is."""
    own, other = directory(path), directory(included)
    if included == PUBLIC:
        return None
    if included.split("/")[0] in RIG:
        return "osmem/ includes %s, which tests and the rig alone may" % included
    if other is None or own not in LEVEL and own not in APART:
        return None
    if own in APART:
        return None if other in APART[own] else "%s includes %s, expected only %s" % (
            own, included, " and ".join(sorted(APART[own])))
    if other in APART:
        return "%s includes %s, which stands beside the floors" % (own, included)
    if LEVEL.get(other, -1) > LEVEL[own]:
        return "%s includes %s of the higher floor %s" % (own, included, other)
    return None


def floor_breaches(includes):
    """(file, line, words) for rules 2 to 5."""
    unknown = set()
    for path, found in includes.items():
        own = directory(path)
        if own and own not in LEVEL and own not in APART and own not in unknown:
            unknown.add(own)
            yield path, 1, "osmem/%s is not listed in tools/include_graph.py" % own
        if own and not TEST.search(path):
            for number, included in found:
                words = breach(path, included)
                if words:
                    yield path, number, words


def way(edges, start, end):
    """The shortest way of includes from one header to another; None where there is none."""
    before, queue = {start: None}, collections.deque([start])
    while queue:
        at = queue.popleft()
        if at == end:
            path = []
            while at is not None:
                path.append(at)
                at = before[at]
            return path[::-1]
        for following in edges.get(at, ()):
            if following not in before:
                before[following] = at
                queue.append(following)
    return None


def circles(edges, what):
    """(file, line, words): the shortest circle through each edge of {node: [(next, file, line)]}, each once."""
    plain, seen = {node: [found[0] for found in edges[node]] for node in edges}, set()
    for node in sorted(edges):
        for following, path, number in edges[node]:
            back = way(plain, following, node)
            if back and frozenset(back) not in seen:
                seen.add(frozenset(back))
                yield path, number, "circle of %s: %s" % (what, " -> ".join([node] + back))


def header_edges(includes):
    """Which header includes which."""
    headers = {path for path in includes if not path.endswith((".c", ".cc"))}
    return {path: [(included, path, number) for number, included in includes[path] if included in headers]
            for path in headers}


def module_edges(includes, folders):
    """Which module includes which: a header and the source of its name are one; tests are left out."""
    edges = {}
    for path in sorted(includes):
        module = os.path.splitext(path)[0]
        if path.split("/")[0] in folders and not TEST.search(path):
            edges.setdefault(module, [])
            others = [(os.path.splitext(included)[0], path, number) for number, included in includes[path]]
            edges[module] += [edge for edge in others if edge[0] != module and edge[0].split("/")[0] in folders]
    return edges


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--rig"]
    if len(arguments) > 1 or arguments and arguments[0].startswith("-"):
        sys.exit(__doc__)
    includes = read_includes(arguments[0] if arguments else ".")
    modules = ("osmem",) + (RIG if "--rig" in sys.argv[1:] else ())
    wrong = list(circles(header_edges(includes), "headers")) + list(circles(module_edges(includes, modules), "modules"))
    wrong += sorted(floor_breaches(includes))
    for path, number, words in wrong:
        print("%s:%d: %s" % (path, number, words))
    print("include_graph: %d files, %d includes, %d wrong"
          % (len(includes), sum(map(len, includes.values())), len(wrong)))
    return 1 if wrong or not includes else 0


if __name__ == "__main__":
    sys.exit(main())
