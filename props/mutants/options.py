"""The command line: its options, and which of the rows they choose.

Selection is applied in the order --since, --only, --shard, --sample.
"""
import subprocess
import sys

from tree import WORKSPACE, fail

FLAGS = "ablate", "alone", "rapidcheck", "list", "check-rows"
VALUED = "only", "shard", "sample", "exhaust", "since"
EXPECTED = ("--only=TEXT, --since=REV, --shard=I/N, --sample=N, --list, --check-rows, --ablate, --alone, "
            "--exhaust=OPS or --rapidcheck")


def read_options(arguments, usage):
    """{name: value}, without the dashes."""
    options = {}
    for argument in arguments:
        name, equals, value = argument[2:].partition("=")
        if argument in ("--help", "-h"):
            print(usage)
            sys.exit(0)
        if not argument.startswith("--") or not (name in VALUED and equals or name in FLAGS and not equals):
            fail("%s: expected %s" % (argument, EXPECTED))
        options[name] = value
    if options.get("exhaust", "1") not in ("1", "2", "3", "4"):
        fail("--exhaust=%s: expected 1 to 4 operations" % options["exhaust"])
    return options


def changed_since(revision, workspace=None):
    """The files that differ from a revision, what is not committed yet included."""
    if not revision or revision.startswith("-"):
        fail("--since=%s: expected a git revision" % revision)
    run = subprocess.run(["git", "-C", workspace or WORKSPACE, "diff", "--name-only", "--relative", revision, "--"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode:
        fail("--since=%s: git: %s" % (revision, (run.stderr.strip() or "it failed").splitlines()[0]))
    return set(run.stdout.splitlines())


def shard(bugs, wanted):
    """Every Nth row, from the Ith on."""
    index, _, count = wanted.partition("/")
    if not (index.isdigit() and count.isdigit() and int(index) < int(count)):
        fail("--shard=%s: expected I/N with I from 0 to N-1" % wanted)
    return bugs[int(index)::int(count)]


def sample(bugs, wanted):
    """So many, spread over all."""
    if not wanted.isdigit() or wanted == "0":
        fail("--sample=%s: expected how many" % wanted)
    count = min(int(wanted), len(bugs))
    return [bugs[i * len(bugs) // count] for i in range(count)]


def choose(bugs, options, workspace=None):
    """The rows that the options choose."""
    if "since" in options:
        changed = changed_since(options["since"], workspace)
        bugs = [bug for bug in bugs if bug.path in changed]
    bugs = [bug for bug in bugs if options.get("only", "") in bug.name]
    if "shard" in options:
        bugs = shard(bugs, options["shard"])
    if "sample" in options:
        bugs = sample(bugs, options["sample"])
    return bugs
