#!/usr/bin/python3
"""Plants bugs, one at a time, and reports which engines find them.

    bazel run -c opt //props:mutants [-- --only=TEXT] [--since=REV] [--shard=I/N] [--sample=N]
                                        [--list | --check-rows]
                                        [--ablate | --alone | --exhaust=OPS | --rapidcheck]

Each bug is a row of rows/*.txt: a file, a function, what stands there and what stands there
instead. It is built into osmem's floors, judged by the unchanged rig and checker, and
must be found by the property engine and by libFuzzer from nothing; a find counts only if the same
program passes on the build without it. A row may name a unit test or a question of the probe that
must notice it instead; one that hangs has noticed.

--only takes the rows with this text in their name, --since those in files that differ from a git
revision, --sample so many spread over all. --list prints the rows, --check-rows those that do not
apply to the sources of today, and neither builds anything. --ablate reports what each family of
oracles is needed for; --alone which bugs the shrunk program shows as a program in C, without the
rig; --exhaust whether all programs of so many operations give the same verdict with equal states
merged as without, of 4 with but one naming of their slots; --rapidcheck whether an independent
engine, over the same interpreter, agrees.
"""
import concurrent.futures
import os
import sys
import tempfile

HERE = os.path.abspath(__file__)
RUNFILES = os.path.join((HERE[:-len(".py")] if HERE.endswith(".py") else HERE) + ".runfiles", "osmem")
MODULES = os.path.join(RUNFILES, "props", "mutants") if os.path.isdir(RUNFILES) else os.path.dirname(HERE)
sys.path.insert(0, MODULES)
sys.dont_write_bytecode = True
from build import Workshop  # noqa: E402
from judge import examine_all, examine_drop_in, examine_rig  # noqa: E402
from options import choose, read_options  # noqa: E402
from questions import ablate, ask_rapidcheck, compare_exhaust, show_alone  # noqa: E402
from report import list_rows  # noqa: E402
from rows import BadRow, all_rows, misfits  # noqa: E402
from tree import fail  # noqa: E402


def load_rows():
    """All rows; a file of rows that cannot be read ends the run."""
    try:
        return all_rows()
    except BadRow as wrong:
        return fail(str(wrong))


def check_rows(bugs):
    """Prints a line for each row that does not apply; the exit status."""
    wrong = misfits(bugs)
    for line in wrong:
        print(line)
    print("rows: %d, %d wrong" % (len(bugs), len(wrong)))
    return 1 if wrong else 0


def question(workshop, pool, options, bugs):
    """Answers one of the other questions; False where the options have none."""
    standing = [bug for bug in bugs if bug.kind == "engines"]
    for name, answer in (("ablate", ablate), ("alone", show_alone), ("rapidcheck", ask_rapidcheck)):
        if name in options:
            answer(workshop, pool, standing)
            return True
    if "exhaust" in options:
        compare_exhaust(workshop, pool, standing, int(options["exhaust"]))
    return "exhaust" in options


def judge(workshop, pool, bugs):
    """Judges every bug by its kind; prints the sums; the exit status."""
    planted = [bug for bug in bugs if not bug.test]
    rig = [bug for bug in bugs if bug.kind == "test"]
    drop_in = [bug for bug in bugs if bug.kind == "probe"]
    missed = examine_rig(workshop, rig) if rig else []
    missed += examine_drop_in(workshop, drop_in) if drop_in else []
    alive, wrong = examine_all(workshop, pool, planted) if planted else ([], [])
    for bug in alive + missed:
        print("survives: %s" % bug.name)
    for bug in wrong:
        print("killed, though it is called equivalent: %s" % bug.name)
    equivalent = sum(1 for bug in planted if bug.equivalent)
    print("killed %d of %d (%d equivalent)" % (len(planted) - len(alive) - equivalent, len(planted), equivalent))
    return 1 if alive or wrong or missed else 0


def main():
    options = read_options(sys.argv[1:], __doc__)
    bugs = load_rows()
    if not bugs:
        fail("there are no rows")
    if "check-rows" in options:
        return check_rows(choose(bugs, options))
    chosen = choose(bugs, options)
    if "list" in options:
        list_rows(chosen)
        return 0
    wrong = misfits(bugs)  # whichever are chosen, all must fit
    if wrong:
        fail("\n".join(wrong))
    if not chosen and "since" in options:
        print("no chosen row is in a file that differs from %s" % options["since"])
        return 0
    if not chosen:
        fail("no row is chosen")
    with tempfile.TemporaryDirectory(prefix="mutants") as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        workshop = Workshop(folder, pool)
        return 0 if question(workshop, pool, options, chosen) else judge(workshop, pool, chosen)


if __name__ == "__main__":
    sys.exit(main())
