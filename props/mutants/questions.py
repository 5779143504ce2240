"""The other questions about the planted bugs: --ablate, --rapidcheck, --alone and --exhaust.

Each takes the bugs of the allocators that are not called equivalent, and prints; none judges.
"""
import os

from judge import SEED, SUBJECTS, hunt, subject_of
from report import progress
from run import ENGINE_SECONDS, run, run_limited
from tree import fail

ORACLES = ["invariant", "kernel", "statistics", "contents", "zeroed", "outside,disjoint", "null,errno,unchanged",
           "impossible,size 0", "alignment", "usable size", "best fit,in place,growth", "waste", "leftover",
           "order of frees,malloc and free,determinism,agreement"]
ALONE_CPU_SECONDS, ALONE_SECONDS = 10, 300


def ablate(workshop, pool, bugs):
    """With one family of oracles off, which bugs survive the property engine."""
    programs = dict(zip(bugs, pool.map(workshop.build, bugs)))
    for family in ORACLES:
        found = pool.map(lambda bug: hunt(workshop, programs[bug], bug, "prop", family), bugs)
        alive = [bug.name for bug, result in zip(bugs, found) if result["killed"] != "1"]
        print("without %-52s %3d of %d survive%s" % (family, len(alive), len(bugs), ": " * bool(alive) + ", ".join(alive)))


def ask_rapidcheck(workshop, pool, bugs):
    """Which bugs the second engine finds, of those that the others do."""
    main = workshop.rapidcheck()
    control = workshop.link("rapidcheck", workshop.judged.values(), main)
    for subject in SUBJECTS:
        if run(control, subject, 4000, SEED).get("killed") != "0":
            fail("RapidCheck refutes %s without a bug" % subject)

    def ask(bug):
        program = workshop.build(bug, main)
        done = run_limited([program, subject_of(bug), "4000", str(SEED)], ENGINE_SECONDS)
        os.remove(program)
        words = (word.partition("=") for word in done.out.split() if "=" in word)
        return {name: value for name, _, value in words}

    found = list(pool.map(ask, bugs))
    for bug, result in zip(bugs, found):
        print("%-44s %-9s %7s cases %9s CPU ms" % (bug.name, "found" if result.get("killed") == "1" else "not found",
                                                 result.get("cases", "-"), result.get("ms", "-")))
    print("RapidCheck finds %d of %d" % (sum(result.get("killed") == "1" for result in found), len(bugs)))


def fails_alone(workshop, source, library):
    """Whether a C program fails with a library; one that never ends fails as well."""
    program = workshop.user_program(source, library)
    return run_limited([program], ALONE_SECONDS, ALONE_CPU_SECONDS).status != 0


def show_alone(workshop, pool, bugs):
    """Which bugs are shown by the C program of what the property engine found and shrunk."""
    sound = {subject: workshop.library_of(subject) for subject in SUBJECTS}

    def ask(bug):
        program = workshop.build(bug)
        found, subject = hunt(workshop, program, bug, "prop"), subject_of(bug)
        if found["killed"] != "1":
            return False
        source, failing = workshop.path(bug.name + ".alone.c"), workshop.path(bug.name + ".prop.bytes")
        written = run(program, "explain", subject, found["law"], failing, source)
        os.remove(program)
        return written.get("explained") == "1" and not fails_alone(workshop, source, sound[subject]) and \
            fails_alone(workshop, source, workshop.library_of(subject, bug))

    silent = []
    for number, (bug, shown) in enumerate(zip(bugs, pool.map(ask, bugs)), 1):
        silent += [] if shown else [bug.name]
        progress(number, len(bugs), bug.name)
    print("needs the rig to be seen: %s" % (", ".join(silent) or "none"))
    print("the shrunk program fails alone, in C, for %d of %d bugs" % (len(bugs) - len(silent), len(bugs)))


def compare_exhaust(workshop, pool, bugs, ops):
    """Whether merging equal states changes what all short programs say of each bug."""
    def compare(bug):
        program = workshop.build(bug)
        subject = subject_of(bug)
        merged = run(program, "exhaust", subject, ops, 2)
        # What fails among the merged fails among all.
        apart = merged if merged["killed"] == "1" else run(program, "exhaust", subject, ops, 1 if ops == 4 else 0)
        os.remove(program)
        return merged, apart

    same = killed = 0
    for number, (bug, (merged, apart)) in enumerate(zip(bugs, pool.map(compare, bugs)), 1):
        same += merged["killed"] == apart["killed"]
        killed += merged["killed"] == "1"
        if merged["killed"] != apart["killed"]:
            print("%s: %s with equal states merged, %s without" % (bug.name, merged, apart))
        progress(number, len(bugs), bug.name)
    print("up to %d operations: the same verdict for %d of %d bugs, %d of them found" % (ops, same, len(bugs), killed))
