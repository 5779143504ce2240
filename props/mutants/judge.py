"""Whether a planted bug is found: by the engines, by a unit test, or by a question of the probe.

A find of an engine counts only if the same program passes on the build without the bug. A test or
a probe that hangs has noticed the bug as well.
"""
import concurrent.futures
import os
import shutil

from report import progress, summary, table_head, table_line
from run import HANG, TEST_SECONDS, Turn, run, run_limited
from tree import CLASSIC, ROOT, WORKSPACE, fail

SUBJECTS = "osmem", "standard", "full", "misused-light", "misused-full", "classic"
CASES = {"prop": 40000, "fuzz": 40000}
SEEDS = {"prop": 1, "fuzz": 3}  # runs, one after the other, each from nothing
SEED = 1
HANGING = 6  # so many unit tests or probes that take long run beside others


def subject_of(bug):
    """The allocator and tier that shows it."""
    return bug.subject or ("classic" if bug.path == CLASSIC else "osmem")


def hunt(workshop, program, bug, engine, without=None):
    """Runs one engine; its finding, which the control must not share."""
    subject = subject_of(bug)
    out = workshop.path("%s.%s.bytes" % (bug.name, engine))
    extra = [without] if without else []
    cases, ms = 0, 0.0
    for seed in range(SEED, SEED + (1 if bug.equivalent else SEEDS[engine])):
        found = run(program, engine, subject, CASES[engine], seed, out, *extra)
        if not found:
            fail("%s: the engine itself died under %s" % (bug.name, engine))
        cases, ms = cases + int(found["cases"]), ms + float(found["ms"])
        if found["killed"] == "1":
            break
    found["cases"], found["ms"] = str(cases), "%.2f" % ms
    if found["killed"] == "1" and run(workshop.control, "replay", subject, found["law"], out).get("passes") != "1":
        kept = os.path.join(WORKSPACE, bug.name + ".control-fails")
        shutil.move(out, kept)
        fail("%s: what %s found fails without the bug as well; kept as %s" % (bug.name, engine, kept))
    return found


def examine(workshop, bug):
    """Everything that the table says of one bug."""
    program = workshop.build(bug)
    result = {engine: hunt(workshop, program, bug, engine) for engine in CASES}
    result["differs"] = "yes"
    if "1" not in (result["prop"]["killed"], result["fuzz"]["killed"]):
        subject = subject_of(bug)
        traces = [run(build, "trace", subject, 4000, SEED).get("trace") for build in (program, workshop.control)]
        result["differs"] = "yes" if traces[0] != traces[1] else "no"
    os.remove(program)
    return result


def check_control(workshop, pool, results):
    """The build without a bug passes, on the subjects of the bugs, in as many cases as any mutant had."""
    jobs = []
    for subject in sorted({subject_of(bug) for bug, _ in results}):
        for engine in CASES:
            most = max(int(r[engine]["cases"]) for bug, r in results if subject_of(bug) == subject)
            jobs += [(subject, engine, seed, min(most, CASES[engine])) for seed in range(SEED, SEED + SEEDS[engine])]
    runs = pool.map(lambda job: run(workshop.control, job[1], job[0], job[3], job[2], os.devnull), jobs)
    for (subject, engine, _, _), found in zip(jobs, runs):
        if found.get("killed") != "0":
            fail("the build without a bug fails under %s on %s: %s" % (engine, subject, found))


def examine_all(workshop, pool, bugs):
    """The table of the bugs of an allocator; those that an engine missed, or found though they are none."""
    results = []
    print(table_head())
    for bug, result in zip(bugs, pool.map(lambda bug: examine(workshop, bug), bugs)):
        results.append((bug, result))
        print(table_line(bug, result), flush=True)
        progress(len(results), len(bugs), bug.name)
    check_control(workshop, pool, results)
    summary(results)
    missed = [bug for bug, r in results if not bug.equivalent and "0" in (r["prop"]["killed"], r["fuzz"]["killed"])]
    wrong = [bug for bug, r in results if bug.equivalent and "1" in (r["prop"]["killed"], r["fuzz"]["killed"])]
    return missed, wrong


# ---- unit tests and probe ----

def ask_test(workshop, name, test, bug=None):
    """How a unit test ends: its exit status, or HANG."""
    with Turn() as turn:
        program = workshop.unit_test(name, test, bug)
        status = run_limited([program], TEST_SECONDS, turn=turn).status
    os.remove(program)
    return status


def ask_probe(library, bug, turn):
    """What the probe answers to the question of a row, with a drop-in; HANG where it does not end."""
    program, _, question = bug.test.partition(" ")
    answer = run_limited([os.path.join(ROOT, program), question], TEST_SECONDS, turn=turn,
                         env=dict(os.environ, LD_PRELOAD=library))
    return HANG if answer.status == HANG else answer.out


def many():
    """A pool for what takes turns: wide enough that some hang, and no processor is idle for that."""
    return concurrent.futures.ThreadPoolExecutor(os.cpu_count() + HANGING)


def count_noticed(title, bugs, ask):
    """Asks about each bug; those that were missed. `ask` gives False, True or HANG."""
    missed, hung = [], []
    with many() as pool:
        for number, (bug, noticed) in enumerate(zip(bugs, pool.map(ask, bugs)), 1):
            missed += [] if noticed else [bug]
            hung += [bug.name] if noticed == HANG else []
            progress(number, len(bugs), bug.name)
    if hung:
        print("noticed by a hang: " + ", ".join(hung))
    print("%s: noticed %d of %d" % (title, len(bugs) - len(missed), len(bugs)))
    return missed


def examine_rig(workshop, bugs):
    """The bugs of the checker, the rig and the detectors that no test notices."""
    tests = sorted(set(bug.test for bug in bugs))
    with many() as pool:
        controls = pool.map(lambda test: ask_test(workshop, "control_" + os.path.basename(test), test), tests)
        for test, status in zip(tests, controls):
            if status != 0:
                fail("%s fails without a bug" % test)

    def ask(bug):
        status = ask_test(workshop, bug.name, bug.test, bug)
        return HANG if status == HANG else status != 0

    return count_noticed("rig, checker and detectors", bugs, ask)


def examine_drop_in(workshop, bugs):
    """The bugs of the drop-in that no question of the probe notices."""
    for program in sorted({bug.program for bug in bugs}):
        if not os.path.exists(os.path.join(ROOT, program)):
            fail("there is no %s: run this by bazel" % program)
    sound = workshop.sound_drop_in()

    def ask(bug):
        with Turn() as turn:
            expected = ask_probe(sound, bug, turn)
        if not expected or expected == HANG:
            fail("%s: bug %s: no question of %s is answered" % (bug.where, bug.name, bug.test))
        with Turn() as turn:
            answer = ask_probe(workshop.drop_in(bug), bug, turn)
        return HANG if answer == HANG else answer != expected

    return count_noticed("drop-in", bugs, ask)
