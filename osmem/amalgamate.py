#!/usr/bin/python3
"""Makes one file of osmem: every own include in its place, the system's at the top.

    amalgamate.py OUT

Run from the root. An own header is taken once, a .def each time.
"""
import os
import re
import sys

OWN = re.compile(r'\s*#include "(.*)"')
SYSTEM = re.compile(r"\s*#include (<.*>)(.*)")
FEATURE = re.compile(r"\s*#define (_GNU_SOURCE|_DEFAULT_SOURCE)\b")


# The modules from the ground up.
AMALGAMATED = """
    osmem/base/status.c osmem/platform/text.c osmem/platform/lock.c osmem/platform/expect.c
    osmem/platform/environ.c osmem/platform/access.c osmem/platform/module.c
    osmem/platform/unwind_row.c osmem/platform/unwind.c osmem/platform/site.c osmem/platform/sys.c
    osmem/block/canary.c osmem/block/fill.c osmem/block/tags.c
    osmem/space/guarded.c osmem/space/page_map.c osmem/space/span.c osmem/space/zero.c
    osmem/space/registry.c osmem/space/retire.c osmem/space/large.c osmem/space/classify.c osmem/space/locate.c osmem/space/space.c
    osmem/arena/link.c osmem/arena/trie.c osmem/arena/bins.c osmem/arena/repair.c
    osmem/arena/carve.c osmem/arena/grow.c osmem/arena/quarantine.c osmem/arena/arena.c
    osmem/alloc/heap.c osmem/alloc/heap_claim.c osmem/alloc/heap_inspect.c osmem/alloc/options.c osmem/alloc/sample.c
    osmem/alloc/site_table.c osmem/alloc/history.c osmem/alloc/record.c osmem/alloc/prepare.c
    osmem/alloc/findings.c osmem/alloc/inspect.c osmem/alloc/alloc.c
    osmem/check/check.c osmem/check/check_bins.c osmem/check/walk.c osmem/check/dump.c
    osmem/check/verify.c osmem/report/text.c osmem/report/error_policy.c osmem/report/segv.c
    osmem/report/kept.c osmem/report/leaks.c osmem/process/nested.c osmem/process/process.c
    osmem/process/osmem.c osmem/process/inspect.c osmem/process/buffer.c""".split()


class Amalgamation:
    """Files taken from a root folder; `replaced` ones from elsewhere, `public` headers stay includes."""

    def __init__(self, root=".", replaced=None, public=()):
        self.root, self.replaced, self.public = root, replaced or {}, set(public)
        self.system, self.seen, self.lines = set(), [], []

    def add(self, path):
        if path in self.seen and not path.endswith(".def"):
            return
        self.seen.append(path)
        with open(self.replaced.get(path, os.path.join(self.root, path)), encoding="utf-8") as source:
            lines = source.read().split("\n")
        self.lines.append("/* ==== %s ==== */" % path)
        for line in lines:
            own, system = OWN.match(line), SYSTEM.match(line)
            if own and own.group(1) in self.public:
                self.seen.append(own.group(1))
            elif own:
                self.add(own.group(1))
            elif system:
                self.system.add(system.group(1))
            elif not FEATURE.match(line):
                self.lines.append(line)

    def text(self, headline):
        head = ["/* %s */" % headline, "#define _GNU_SOURCE"]
        head += ["#include %s" % name for name in sorted(self.system)]
        head += ['#include "%s"' % os.path.basename(name) for name in sorted(self.public)]
        text = "\n".join(head + [""] + self.lines)
        return re.sub(r"\n{3,}", "\n\n", text)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    whole = Amalgamation(public=["osmem/osmem.h"])
    for path in AMALGAMATED:
        whole.add(path)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write(whole.text("osmem in one file: made from %d, not to be changed here" % len(set(whole.seen))))


if __name__ == "__main__":
    main()
