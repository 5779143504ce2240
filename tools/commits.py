#!/usr/bin/python3
"""Whether commits have the form that CONTRIBUTING requires: `scope: what changes`, and why.

    tools/commits.py [REV]

Judges the commits after REV, by default after origin/main, or the last 50 where there is none;
merges and what was committed up to FIRST are left out. A subject has at most 72 characters, names
a path or a word (or a few, with commas), then a colon, and has no period at its end; the body is
not empty. Prints a line for each wrong commit, then `N commits, M wrong`; exits 1 if one is wrong.
"""
import re
import subprocess
import sys

FIRST = "3544603"  # the rule is younger than this commit
LONGEST = 72
SCOPE = re.compile(r"[\w.][\w./+*-]*(, [\w.][\w./+*-]*)*: \S")
TRAILER = re.compile(r"[A-Z][\w-]+: .+")


def git(*arguments):
    """What git prints; a failure of it ends the run."""
    run = subprocess.run(["git"] + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode:
        print("commits: git %s: %s" % (arguments[0], (run.stderr.strip() or "it failed").splitlines()[0]),
              file=sys.stderr)
        sys.exit(2)
    return run.stdout


def exists(revision):
    """Whether git knows a commit by this name."""
    return subprocess.run(["git", "rev-parse", "--quiet", "--verify", revision + "^{commit}"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def faults(message):
    """What is wrong with a commit's message, in words."""
    subject, _, body = message.partition("\n")
    if len(subject) > LONGEST:
        yield "a subject of %d characters, expected up to %d" % (len(subject), LONGEST)
    if not SCOPE.match(subject):
        yield "expected `scope: what changes`"
    if subject.rstrip().endswith("."):
        yield "a period at the subject's end"
    if body.strip() and not body.startswith("\n"):
        yield "expected an empty line after the subject"
    if all(TRAILER.fullmatch(line) for line in body.split("\n") if line.strip()):
        yield "no body that says why"


def judged(revision):
    """The commits to be judged, oldest first."""
    if revision is not None and not exists(revision):
        git("rev-parse", "--verify", "--end-of-options", revision)
    if revision is None and exists("origin/main"):
        revision = "origin/main"
    wanted = ["%s..HEAD" % revision] if revision else ["--max-count=50", "HEAD"]
    first = ["^" + FIRST] if exists(FIRST) else []
    return git("rev-list", "--no-merges", "--reverse", *wanted, *first, "--").split()


def main():
    if len(sys.argv) > 2 or sys.argv[1:2] in (["--help"], ["-h"]) or sys.argv[1:2] and sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    commits = judged(sys.argv[1] if len(sys.argv) > 1 else None)
    wrong = 0
    for commit in commits:
        message = git("log", "-1", "--format=%B", commit)
        found = list(faults(message.rstrip("\n")))
        if found:
            print("%s %s: %s" % (commit[:9], message.split("\n")[0], "; ".join(found)))
        wrong += bool(found)
    print("%d commits, %d wrong" % (len(commits), wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
