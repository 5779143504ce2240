"""Where the source tree is, and which of its files a mutated build is made of.

Of the allocator only classic, interpose, the checker and the floors of the process are named here:
what else belongs to the library is taken from amalgamate.py, what belongs to the rig from the
includes of the programs that are linked, so that files can move without a change here.
"""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Where the user's checkout is: `bazel run` says it, else it is the tree itself.
WORKSPACE = os.environ.get("BUILD_WORKSPACE_DIRECTORY", ROOT)
sys.path.insert(0, os.path.join(ROOT, "osmem"))
from amalgamate import AMALGAMATED, Amalgamation  # noqa: E402,F401

ENTRY, MUTANT, STEPS = "fuzz/engine/libfuzzer_mutator.c", "props/mutants/mutant.c", "props/mutants/steps.c"
CLASSIC = "osmem/classic/classic.c"
CLASSIC_KERNEL = "osmem/classic/os.c"
CHECKER = "osmem/check/check", "osmem/check/walk.", "osmem/check/dump."
PROCESS_FLOORS = None, "report", "process"
INCLUDE = re.compile(r'^\s*#\s*include "(.*)"', re.MULTILINE)
MAIN = re.compile(r"^int main\(", re.MULTILINE)


def fail(message):
    """Ends the run: it could not be carried out, which says nothing about any bug."""
    print("mutants: " + message, file=sys.stderr)
    sys.exit(2)


def read(path, root=ROOT):
    """The text of a file of the tree."""
    with open(os.path.join(root, path), encoding="utf-8") as source:
        return source.read()


def floor(path):
    """The directory of osmem/ that a file is in; None for osmem/ itself."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else None


def linked(entries, root=ROOT, without="osmem/"):
    """The sources that a program needs: those of the headers that are included, but for a folder's."""
    seen, sources = set(), []

    def add(path):
        if path in seen or not os.path.exists(os.path.join(root, path)):
            return
        seen.add(path)
        if path.endswith(".c"):
            sources.append(path)
        for header in INCLUDE.findall(read(path, root)):
            add(header)
            if not without or not header.startswith(without):
                add(os.path.splitext(header)[0] + ".c")

    for entry in entries:
        add(entry)
    return sorted(sources)


def drop_in():
    """The sources of the library for LD_PRELOAD beyond osmem's own; what has a main is a test."""
    found = sorted(glob.glob(os.path.join(ROOT, "osmem", "interpose", "*.c")))
    paths = [os.path.relpath(path, ROOT) for path in found]
    return [path for path in paths if not MAIN.search(read(path))]


# The checker judges, and so stays as it is. What is above it acts for a whole process.
CHECK = [path for path in AMALGAMATED if path.startswith(CHECKER)]
PROCESS = [path for path in AMALGAMATED if floor(path) in PROCESS_FLOORS]
FLOORS = [path for path in AMALGAMATED if path not in CHECK + PROCESS]
CLASSIC_NEEDS = linked([CLASSIC, CLASSIC_KERNEL], without=None)
HARNESS = linked([ENTRY, MUTANT, STEPS]) + CHECK + [path for path in PROCESS if path in CLASSIC_NEEDS]
CLASSIC_WHOLE = [path for path in AMALGAMATED if path in CLASSIC_NEEDS] + [CLASSIC, CLASSIC_KERNEL]
EXPLAINED = sorted(glob.glob(os.path.join(ROOT, "fuzz", "explain", "*.inc")))
