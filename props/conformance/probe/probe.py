#!/usr/bin/python3
"""Compares the answers of a malloc and of the C library's to the same questions.

    probe.py PROBE LIBRARY DIFFERENCES [--options=OPTIONS] [TEXT]

PROBE is run as it is, then with LIBRARY preloaded, under OSMEM_OPTIONS=OPTIONS. Every
answer must be the same, or be listed in DIFFERENCES with its reason. With TEXT, only questions
that contain it. Prints a line for each question; exits 1 where answers differ.
"""
import os
import subprocess
import sys


def fail(message):
    print("probe: " + message, file=sys.stderr)
    sys.exit(2)


def answers(probe, chosen, library=None, options=""):
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("LD_PRELOAD", "OSMEM_OPTIONS", "MALLOC_PERTURB_", "GLIBC_TUNABLES")}
    if library:
        environment["LD_PRELOAD"] = library
        environment["OSMEM_OPTIONS"] = options
    done = subprocess.run([probe, chosen], env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        fail("%s %r exits with %d" % (probe, chosen, done.returncode))
    return dict(line.split(" => ", 1) for line in done.stdout.splitlines())


def read_differences(path):
    differences, question = {}, None
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        key, _, value = line.strip().partition(" ")
        if line.startswith("  ") and key in ("glibc", "osmem", "why") and question:
            differences[question][key] = value.strip()
        elif line.strip() and not line.startswith(("#", " ")):
            question = line.strip()
            differences[question] = {}
        elif line.strip() and not line.startswith("#"):
            fail("%s:%d: expected a question, or glibc, osmem or why behind two blanks" % (path, number))
    return differences


def main():
    options = [argument[len("--options="):] for argument in sys.argv if argument.startswith("--options=")]
    sys.argv = [argument for argument in sys.argv if not argument.startswith("--options=")]
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    probe, library, differences = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), read_differences(sys.argv[3])
    if not os.path.exists(library):  # the loader would only warn
        fail("%s: no such library" % library)
    chosen = sys.argv[4] if len(sys.argv) > 4 else ""
    theirs, ours = answers(probe, chosen), answers(probe, chosen, library, "".join(options))
    wrong = []
    for question in theirs:
        difference = differences.pop(question, None)
        same = theirs[question] == ours.get(question)
        right = same if difference is None else \
            (difference["glibc"], difference["osmem"]) == (theirs[question], ours.get(question)) and "why" in difference
        print("%-6s %s: %s%s" % ("same" if same else "known" if right else "WRONG", question, theirs[question],
                                 "" if same else "  |  " + str(ours.get(question))))
        if not right:
            wrong.append(question)
    if not chosen:
        wrong += sorted(differences)
        for question in differences:
            print("WRONG  %s: a difference for no question" % question)
    print("%d questions, %d answered wrong" % (len(theirs), len(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
