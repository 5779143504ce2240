#!/usr/bin/python3
"""Makes rows of planted bugs by rule: comparisons, off-by-one, dropped calls and statements.

    props/mutants/make.py COUNT SEED > rows/made.txt

From every place in FOLDERS where a rule applies, COUNT are drawn. A row is kept
once it is made: what no engine can find is argued in it by hand.
"""
import glob
import os
import random
import re
import sys

from rows import BadRow, Bug, places
from tree import ROOT

FOLDERS = "block", "space", "arena"  # of osmem/, those that there are
# What only a bad pointer reaches, or nothing yet: rows for it come with the fuzzer of misuse.
NOT_REACHED = ("arena_classify", "classify_is_own", "classify_pointer", "link_agrees", "locate", "locate_last", "locate_span",
               "registry_find", "retire_was_freed", "tags_distance_to_first")
FUNCTION = re.compile(r"^(?:static )?(?:inline )?[\w ]+?[ *]+(\w+)\(([^;{}]*)\)\s*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
SWAPS = [("comparison", r" < ", " <= "), ("comparison", r" <= ", " < "), ("comparison", r" > ", " >= "),
         ("comparison", r" >= ", " > "), ("comparison", r" == ", " != "), ("comparison", r" != ", " == "),
         ("condition", r" && ", " || "), ("condition", r" \|\| ", " && "),
         ("off-by-one", r" \+ 1\b", ""), ("off-by-one", r" - 1\b", ""),
         ("off-by-one", r" \+ (\w)", r" + 1 + \1"), ("off-by-one", r" - (\w)", r" - 1 - \1")]


def statements(body):
    """Whole statements of a line or more, without those that declare, return or expect."""
    for match in re.finditer(r"(?:^|(?<=[;{}]))\s*([^;{}]+;)", body):
        text = " ".join(match.group(1).split())
        if not re.match(r"(return|EXPECT|for|break|continue|static|if|else|while|\(void\))\b|^/", text):
            yield text


def mutants(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as source:
        text = re.sub(r"/\*.*?\*/", "", source.read(), flags=re.DOTALL)
    for function in FUNCTION.finditer(text):
        name, body = function.group(1), function.group(3)
        if name in NOT_REACHED:
            continue
        for line in body.split("\n"):
            line = line.strip()
            if "EXPECT" in line or body.count(line) != 1 or len(line) < 8:
                continue
            for kind, old, new in SWAPS:
                if len(re.findall(old, line)) == 1:
                    yield kind, path, name, line, re.sub(old, new, line)
        for statement in statements(body):
            if re.match(r"\w+\(", statement):
                yield "dropped-call", path, name, statement, ""
            elif re.match(r"[\w>.\[\]*-]+ [+|&-]?= ", statement):
                yield "dropped-statement", path, name, statement, ""


def fits(row):
    """What it replaces stands once in its function."""
    bug = Bug(row[3], "made")
    bug.path, bug.function, bug.old = row[1], row[2], [row[3]]
    with open(os.path.join(ROOT, bug.path), encoding="utf-8") as source:
        try:
            return len(places(bug, source.read())[1]) == 1
        except BadRow:
            return False


def main():
    if len(sys.argv) != 3 or not all(argument.isdigit() for argument in sys.argv[1:]):
        sys.exit(__doc__)
    found = []
    for folder in FOLDERS:
        for path in sorted(glob.glob(os.path.join(ROOT, "osmem", folder, "*.c"))):
            path = os.path.relpath(path, ROOT)
            if not path.endswith("_test.c"):
                found += [row for row in mutants(path) if fits(row)]
    drawn = random.Random(int(sys.argv[2])).sample(found, int(sys.argv[1]))
    print("# Drawn by make.py from %d places; what no engine can find is argued by hand." % len(found))
    for number, (kind, path, name, old, new) in enumerate(sorted(drawn, key=found.index)):
        print(("\nbug made-%02d-%s-in-%s\nfamily %s\nin %s %s\n- %s\n+ %s"
              % (number, kind, name.replace("_", "-"), kind, path, name, old, new)).rstrip())


main()
