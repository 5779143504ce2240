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


# The rooms from the ground up.
AMALGAMATED = """
    osmem/platform/text.c osmem/platform/lock.c osmem/platform/environ.c osmem/platform/access.c osmem/platform/site.c osmem/platform/fault.c osmem/platform/sys.c osmem/block/canary.c osmem/block/fill.c
    osmem/block/tags.c osmem/heap/guarded.c osmem/heap/link.c
    osmem/heap/trie.c osmem/heap/bins.c osmem/heap/mend.c osmem/heap/carve.c osmem/heap/span.c osmem/heap/registry.c osmem/heap/large.c osmem/heap/beside.c
    osmem/heap/heap.c osmem/check/check.c osmem/check/check_bins.c osmem/check/walk.c osmem/check/dump.c
    osmem/front/handover.c osmem/front/options.c osmem/front/quarantine.c osmem/front/sample.c osmem/front/ledger.c
    osmem/front/trail.c osmem/front/blame.c osmem/front/verify.c
    osmem/front/front.c osmem/outcome.c osmem/segv.c osmem/leaks.c osmem/osmem.c osmem/buffer.c""".split()


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
