#!/usr/bin/python3
"""Plants bugs, one at a time, and tells which engines find them.

    bazel run -c opt //props:mutants [-- --only=TEXT] [--shard=I/N] [--sample=N]
                                        [--ablate | --alone | --exhaust=OPS | --rapidcheck]

Each bug is a row of rows/*.txt: a file, a function, what stands there and what stands there
instead. It is built from one file of osmem's floors, judged by the unchanged rig and checker, and
must be found by the property engine and by libFuzzer from nothing; a find counts only if the same
program passes on the build without it. --only takes the rows with this text in their name,
--sample so many spread over all. --ablate tells what each family of oracles is needed for; --alone
which bugs the shrunk program shows as a program in C, without the rig; --exhaust whether all
programs of so many operations give the same verdict with equal states merged as without, of 4 with
but one naming of their slots; --rapidcheck whether an engine that nobody here wrote, over the same
interpreter, agrees.
"""
import concurrent.futures
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.abspath(__file__)
RUNFILES = HERE[:-len(".py")] if HERE.endswith(".py") else HERE
ROOT = os.path.join(RUNFILES + ".runfiles", "osmem")  # where bazel run has put what is needed
if not os.path.isdir(ROOT):
    ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(ROOT, "osmem"))
from amalgamate import AMALGAMATED, Amalgamation  # noqa: E402

CLANG = ["clang-19", "-std=gnu11", "-I.", "-w", "-fno-builtin-malloc", "-fno-builtin-calloc"]
# What is judged: optimised a little, its edges counted for libFuzzer and as steps, what C does not
# define ended by a signal.
JUDGED = ["-O1", "-fsanitize=undefined", "-fno-sanitize=function", "-fsanitize-trap=undefined",
          "-fsanitize-coverage=trace-pc-guard,inline-8bit-counters,pc-table"]
FUZZER = "libclang_rt.fuzzer_no_main-x86_64.a"
HARNESS = """
    fuzz/engine/libfuzzer_mutator.c fuzz/explain/c_program.c fuzz/machine/extents.c fuzz/machine/machine.c
    fuzz/ops/codec.c fuzz/ops/mutate.c fuzz/ops/program.c fuzz/ops/size.c fuzz/ops/text.c
    fuzz/rig/damage.c fuzz/rig/fit.c fuzz/rig/judge.c fuzz/rig/lockstep.c fuzz/rig/misuse.c fuzz/rig/pattern.c fuzz/rig/run.c
    fuzz/rig/shadow.c
    fuzz/subject/classic_subject.c fuzz/subject/heap_state.c fuzz/subject/libc_subject.c fuzz/subject/osmem_subject.c
    fuzz/subject/subjects.c osmem/check/check.c osmem/check/check_bins.c osmem/check/dump.c osmem/check/walk.c
    props/engine/exhaust.c props/engine/gen.c props/engine/shrink.c props/engine/trial.c props/laws.c
    props/mutants/mutant.c props/mutants/steps.c""".split()
MUTANT, STEPS = HARNESS[-2:]
CLASSIC = "osmem/classic/classic.c"
FLOORS = [path for path in AMALGAMATED if path.split("/")[1] in ("platform", "block", "heap", "front")]
# What stands on the floors, for the tests of that.
PROCESS = [path for path in AMALGAMATED if len(path.split("/")) == 2]
CLASSIC_WHOLE = [path for path in FLOORS if path.split("/")[1] == "platform"] + [CLASSIC, "osmem/classic/os.c"]
INTERPOSE = """
    osmem/interpose/malloc.c osmem/interpose/info.c osmem/interpose/cxx.c osmem/interpose/cxx_refused_shared.c
    osmem/interpose/dlopen.c""".split()
PROBE = "osmem/interpose/probe/probe"
SUBJECTS = "osmem", "standard", "full", "misused-light", "misused-full", "classic"
CASES = {"prop": 40000, "fuzz": 40000}
SEEDS = {"prop": 1, "fuzz": 3}  # runs, one after the other, each from nothing
SEED = 1
ORACLES = ["invariant", "ledger", "statistics", "contents", "zeroed", "outside,disjoint", "null,errno,unchanged",
           "impossible,size 0", "alignment", "usable size", "best fit,in place,growth", "waste", "leftover",
           "order of frees,malloc and free,determinism,agreement"]


def fail(message):
    print("mutants: " + message, file=sys.stderr)
    sys.exit(2)


# ---- rows ----

class Bug:
    def __init__(self, name, where):
        self.name, self.where = name, where
        self.family = self.path = self.function = self.equivalent = self.test = self.subject = None
        self.old, self.new = [], []

    def check(self):
        for what in ("family", "path", "function"):
            if not getattr(self, what):
                fail("%s: bug %s has no %s" % (self.where, self.name, what))
        if not self.old:
            fail("%s: bug %s: expected a line with - and what stands there" % (self.where, self.name))


def read_rows(path):
    bugs = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        key, _, value = line.rstrip("\n").partition(" ")
        where = "%s:%d" % (os.path.basename(path), number)
        if key == "bug":
            bugs.append(Bug(value, where))
        elif not bugs and key and key != "#":
            fail("%s: expected `bug NAME` first" % where)
        elif key in ("family", "equivalent", "test", "subject"):
            setattr(bugs[-1], key, value)
        elif key == "in":
            bugs[-1].path, _, bugs[-1].function = value.partition(" ")
        elif key == "-":
            bugs[-1].old.append(value)
        elif key == "+":
            bugs[-1].new.append(value)
        elif key and key != "#":
            fail("%s: expected bug, family, in, test, subject, -, + or equivalent, found %s" % (where, key))
    for bug in bugs:
        bug.check()
    return bugs


def function_range(text, function):
    """The body of a function, from its { to its }, or the whole for *; None where there is none."""
    if function == "*":
        return 0, len(text)
    head = re.search(r"^(?:__attribute__\(\(\w+\)\) )?\w[^;{}()]*\b%s\([^;{}]*\)\s*\{" % re.escape(function), text, re.MULTILINE)
    return (head.end() - 1, text.index("\n}", head.end()) + 1) if head else None


def places(bug, text):
    """Where its function's body is, and where in that body what it replaces stands."""
    found = function_range(text, bug.function)
    if not found:
        fail("%s: %s has no function %s" % (bug.where, bug.path, bug.function))
    old = r"\s*".join(re.escape(word) for word in re.findall(r"\w+|\S", " ".join(bug.old)))
    return found, list(re.finditer(r"(?<!\w)" + old if old[0].isalnum() else old, text[found[0]:found[1]]))


def plant(bug, text):
    """The file's text with the bug in it."""
    (start, end), matches = places(bug, text)
    if len(matches) != 1:
        fail("%s: bug %s: what it replaces stands %d times in %s, expected once"
             % (bug.where, bug.name, len(matches), bug.function))
    at = matches[0]
    if bug.function == "*":
        return text[:at.start()] + "\n".join(bug.new) + text[at.end():]
    body = text[start + 1:start + at.start()] + "\n".join(bug.new) + text[start + at.end():end]
    return text[:start] + "{ mutant_reached = 1;" + body + text[end:]


# ---- building ----

def compile_file(source, out, options):
    run = subprocess.run(CLANG + options + ["-c", source, "-o", out], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    if run.returncode:
        fail("%s does not compile:\n%s" % (source, run.stderr[-2000:]))
    return out


def subject_of(bug):
    return bug.subject or ("classic" if bug.path == CLASSIC else "osmem")


class Workshop:
    """The harness, compiled once, and the two halves of the build without a bug."""

    def __init__(self, folder, pool):
        self.folder = folder
        for part in ("classic", "osmem", "prelude", "refusing", "sbrk"):
            self.embed(part)
        with open(os.path.join(folder, "reached.c"), "w") as out:
            out.write("int mutant_reached;\n")
        compiled = HARNESS + FLOORS + PROCESS + [CLASSIC, os.path.join(folder, "reached.c")]
        jobs = {source: pool.submit(compile_file, source, self.object_of(source), ["-O2", "-I" + folder])
                for source in compiled}
        done = {source: job.result() for source, job in jobs.items()}
        self.objects = [done[source] for source in HARNESS]
        # What the tests are made of: neither an engine's entry nor steps.
        self.parts = {source: found for source, found in done.items()
                      if source not in (HARNESS[0], MUTANT, STEPS) and not source.endswith("reached.c")}
        self.floors = compile_file(self.unit_source("floors"), os.path.join(folder, "floors.o"), JUDGED)
        self.classic = compile_file(CLASSIC, os.path.join(folder, "classic.o"), JUDGED)
        self.library = subprocess.run([CLANG[0], "--print-runtime-dir"], stdout=subprocess.PIPE, text=True).stdout.strip()
        if not os.path.exists(os.path.join(self.library, FUZZER)):
            self.library = os.path.join(os.path.dirname(self.library), "linux")
        self.control = self.link("control", self.floors, self.classic)

    def planted(self, name, bug):
        """What stands in place of which file."""
        if not bug:
            return {}
        planted = os.path.join(self.folder, name + ".planted")
        with open(os.path.join(ROOT, bug.path), encoding="utf-8") as source, open(planted, "w", encoding="utf-8") as out:
            out.write(plant(bug, source.read()))
        return {bug.path: planted}

    def unit_source(self, name, bug=None):
        """One file of the floors, or classic, with the bug in it, or none."""
        source = os.path.join(self.folder, name + ".c")
        unit = Amalgamation(ROOT, self.planted(name, bug))
        for path in [CLASSIC] if bug and bug.path == CLASSIC else FLOORS:
            unit.add(path)
        with open(source, "w", encoding="utf-8") as out:
            out.write("extern int mutant_reached;\n" + unit.text("a mutant"))
        return source

    def object_of(self, source):
        return os.path.join(self.folder, os.path.splitext(source.replace(self.folder + "/", ""))[0].replace("/", "_") + ".o")

    def embed(self, part):
        """A part of the C programs, as a string of C."""
        os.makedirs(os.path.join(self.folder, "fuzz", "explain"), exist_ok=True)
        with open(os.path.join(ROOT, "fuzz", "explain", part + ".inc"), encoding="utf-8") as source:
            lines = source.read().replace("\\", "\\\\").replace('"', '\\"').splitlines()
        with open(os.path.join(self.folder, "fuzz", "explain", part + "_text.h"), "w", encoding="utf-8") as out:
            out.write("static const char %s_text[] =\n%s;\n" % (part, "\n".join('"%s\\n"' % line for line in lines)))

    def link(self, name, floors, classic, main=None):
        """A program; `main`: objects in place of mutant.c."""
        out = os.path.join(self.folder, name)
        objects = self.objects if not main else [found for found in self.objects if found != self.object_of(MUTANT)] + main
        run = subprocess.run([CLANG[0], "-Wl,--allow-multiple-definition"] + objects + [floors, classic] +
                             [os.path.join(self.library, FUZZER)] + (["-lrapidcheck"] if main else []) + ["-lstdc++", "-lm", "-lpthread", "-ldl", "-lrt",
                              "-o", out], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        if run.returncode:
            fail("%s does not link:\n%s" % (name, run.stderr[-2000:]))
        return out

    def build(self, bug, main=None):
        source = self.unit_source(bug.name, bug)
        unit = compile_file(source, os.path.join(self.folder, bug.name + ".o"), JUDGED)
        program = self.link(bug.name, self.floors, unit, main) if bug.path == CLASSIC else \
            self.link(bug.name, unit, self.classic, main)
        os.remove(unit)
        return program

    def library_of(self, subject, bug=None):
        """The whole of osmem, or classic, as a user would link it, with the bug in it or none."""
        name = bug.name if bug else subject
        unit = Amalgamation(ROOT, self.planted(name, bug), public=["osmem/osmem.h"])
        for path in CLASSIC_WHOLE if subject == "classic" else AMALGAMATED:
            unit.add(path)
        source = os.path.join(self.folder, name + ".library.c")
        with open(source, "w", encoding="utf-8") as out:
            out.write("int mutant_reached;\n" + unit.text("a library"))
        return compile_file(source, source[:-1] + "o", ["-O1", "-I" + os.path.join(ROOT, "osmem")])

    def fails_alone(self, program, library):
        """A C program, linked with a library; one that never ends fails as well."""
        out = "%s.with.%s" % (program, os.path.basename(library)[:-2])
        built = subprocess.run(CLANG + ["-O1", "-g", program, library, "-o", out, "-ldl"], cwd=ROOT,
                               stderr=subprocess.PIPE, text=True)
        if built.returncode:
            fail("%s does not compile:\n%s" % (program, built.stderr[-2000:]))
        seconds = 10  # of the processor's time
        return subprocess.run([out], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=lambda:
                              resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))).returncode != 0

    def rapidcheck(self):
        """What takes the place of mutant.c where RapidCheck is the engine."""
        return [compile_file(source, os.path.join(self.folder, os.path.basename(source) + ".o"), options)
                for source, options in (("props/rapidcheck/bridge.c", ["-O2"]),
                                        ("props/rapidcheck/rapidcheck.cc", ["-O2", "-x", "c++", "-std=c++14"]),
                                        (os.path.join(self.folder, "reached.c"), []))]


    def drop_in(self, name, bug=None):
        """libosmem.so, with the bug in it or none."""
        unit = Amalgamation(ROOT, self.planted(name, bug), public=["osmem/osmem.h"])
        for path in AMALGAMATED + INTERPOSE:
            unit.add(path)
        source, out = (os.path.join(self.folder, name + end) for end in (".interpose.c", ".libosmem.so"))
        with open(source, "w", encoding="utf-8") as to:
            to.write("int mutant_reached;\n" + unit.text("a drop-in"))
        built = subprocess.run(CLANG + ["-O1", "-fPIC", "-shared", "-fexceptions", "-fvisibility=hidden",
                                        "-I" + os.path.join(ROOT, "osmem"), source, "-o", out, "-Wl,-Bsymbolic", "-ldl",
                                        "-lpthread", "-Wl,--dynamic-list=osmem/interpose/replaceable.ld"],
                               cwd=ROOT, stderr=subprocess.PIPE, text=True)
        if built.returncode:
            fail("%s does not build:\n%s" % (name, built.stderr[-2000:]))
        return out

    def answer(self, library, question):
        """What the probe says with a drop-in."""
        return subprocess.run([os.path.join(ROOT, PROBE), question], env=dict(os.environ, LD_PRELOAD=library),
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    def answers_otherwise(self, bug, sound):
        """Whether the probe's question that a row names is answered as by no sound library."""
        question = bug.test[len(PROBE) + 1:]
        expected = self.answer(sound, question)
        if not expected:
            fail("%s: bug %s: no question has %r in it" % (bug.where, bug.name, question))
        return self.answer(self.drop_in(bug.name, bug), question) != expected

    def noticed(self, bug):
        """Whether the test that a row names fails with its bug."""
        if not os.path.exists(os.path.join(ROOT, bug.test)):
            fail("%s: bug %s: there is no %s" % (bug.where, bug.name, bug.test))
        planted = os.path.join(self.folder, bug.name + ".c")
        with open(os.path.join(ROOT, bug.path), encoding="utf-8") as source, open(planted, "w", encoding="utf-8") as out:
            out.write("extern int mutant_reached;\n" + plant(bug, source.read()))
        return not self.test_passes(bug.name, bug.test, bug.path, planted)

    def test_passes(self, name, test, path=None, planted=None):
        """Runs a test by libcheck, with a source replaced."""
        objects = [found for source, found in self.parts.items() if source != path]
        for source in [planted or os.path.join(self.folder, "reached.c"), test]:
            objects.append(compile_file(source, os.path.join(self.folder, name + "." + os.path.basename(source) + ".o"),
                                        ["-O1", "-I" + self.folder]))
        if planted:
            objects.append(os.path.join(self.folder, "reached.o"))
        out = os.path.join(self.folder, name)
        built = subprocess.run([CLANG[0]] + objects + ["-o", out, "-lcheck", "-lpthread", "-lrt", "-lm", "-lsubunit",
                                                       "-ldl"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        if built.returncode:
            fail("%s does not build:\n%s" % (name, built.stderr[-2000:]))
        passes = subprocess.run([out], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
        os.remove(out)
        return passes


# ---- running ----

def run(program, *arguments):
    """What it printed, as a dictionary; {} where it died."""
    done = subprocess.run([program] + [str(argument) for argument in arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    fields = re.findall(r"(\w+)=((?:signal )?\S+(?: [a-z]+(?![\w=]))*)", done.stdout)
    return dict(fields) if done.returncode == 0 else {}


def hunt(workshop, program, bug, engine, without=None):
    """Runs one engine; its finding, with `passes` where the control does not."""
    subject = subject_of(bug)
    out = os.path.join(workshop.folder, "%s.%s.bytes" % (bug.name, engine))
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
    if found["killed"] == "1":
        if run(workshop.control, "replay", subject, found["law"], out).get("passes") != "1":
            kept = os.path.join(os.environ.get("BUILD_WORKSPACE_DIRECTORY", os.getcwd()), bug.name + ".control-fails")
            os.rename(out, kept)
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


# ---- telling ----

def table_line(bug, result):
    cells = []
    for engine in CASES:
        found = result[engine]
        cells += [found["oracle"] if found["killed"] == "1" else "-", found["cases"], found["ms"]]
    reached = max(result[engine].get("reached", "0") for engine in CASES)
    return "%-44s %-17s %-7s %-7s %-16s %7s %9s  %-16s %7s %9s %5s %9s" % (
        (bug.name, bug.family, "yes" if reached == "1" else "no", result["differs"]) + tuple(cells) +
        (result["prop"].get("ops", "-"), result["prop"].get("shrink_ms", "-")))


HEAD = "%-44s %-17s %-7s %-7s %-16s %7s %9s  %-16s %7s %9s %5s %9s" % (
    "bug", "family", "reached", "differs", "property engine", "cases", "CPU ms", "libFuzzer", "cases", "CPU ms",
    "ops", "shrink ms")


def summary(results):
    for engine, name in (("prop", "property engine"), ("fuzz", "libFuzzer")):
        times = [float(r[engine]["ms"]) / 1000 for _, r in results if r[engine]["killed"] == "1"]
        if times:
            print("%s: %d killed, CPU seconds: median %.3f, worst %.2f"
                  % (name, len(times), statistics.median(times), max(times)))
    sizes = [int(r["prop"]["ops"]) for _, r in results if "ops" in r["prop"]]
    shrinks = [float(r["prop"]["shrink_ms"]) / 1000 for _, r in results if "shrink_ms" in r["prop"]]
    if sizes:
        print("shrunk: median %.1f operations, worst %d; worst %.2f CPU seconds"
              % (statistics.median(sizes), max(sizes), max(shrinks)))


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
    control = workshop.link("rapidcheck", workshop.floors, workshop.classic, main)
    for subject in SUBJECTS:
        if run(control, subject, 4000, SEED).get("killed") != "0":
            fail("RapidCheck refutes %s without a bug" % subject)

    def ask(bug):
        program = workshop.build(bug, main)
        done = subprocess.run([program, subject_of(bug), "4000", str(SEED)],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        os.remove(program)
        return dict(re.findall(r"(killed|cases|ms)=(\S+)", done.stdout))

    found = list(pool.map(ask, bugs))
    for bug, result in zip(bugs, found):
        print("%-44s %-9s %7s cases %9s CPU ms" % (bug.name, "found" if result.get("killed") == "1" else "not found",
                                                 result.get("cases", "-"), result.get("ms", "-")))
    print("RapidCheck finds %d of %d" % (sum(result.get("killed") == "1" for result in found), len(bugs)))


def show_alone(workshop, pool, bugs):
    """Which bugs are shown by the C program of what the property engine found and shrunk."""
    sound = {subject: workshop.library_of(subject) for subject in SUBJECTS}

    def ask(bug):
        program = workshop.build(bug)
        found, subject = hunt(workshop, program, bug, "prop"), subject_of(bug)
        if found["killed"] != "1":
            return False
        source = os.path.join(workshop.folder, bug.name + ".alone.c")
        told = run(program, "explain", subject, found["law"], os.path.join(workshop.folder, bug.name + ".prop.bytes"), source)
        os.remove(program)
        return told.get("explained") == "1" and not workshop.fails_alone(source, sound[subject]) and \
            workshop.fails_alone(source, workshop.library_of(subject, bug))

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


def choose(bugs, options):
    chosen = [bug for bug in bugs if options.get("only", "") in bug.name]
    if "shard" in options:
        index, _, count = options["shard"].partition("/")
        if not (index.isdigit() and count.isdigit() and int(index) < int(count)):
            fail("--shard=%s: expected I/N with I from 0 to N-1" % options["shard"])
        chosen = chosen[int(index)::int(count)]
    if "sample" in options:
        if not options["sample"].isdigit() or options["sample"] == "0":
            fail("--sample=%s: expected how many" % options["sample"])
        count = min(int(options["sample"]), len(chosen))
        chosen = [chosen[i * len(chosen) // count] for i in range(count)]
    return chosen


def read_options(arguments):
    options = {}
    for argument in arguments:
        name, _, value = argument[2:].partition("=")
        if argument in ("--help", "-h"):
            print(__doc__)
            sys.exit(0)
        if not argument.startswith("--") or name not in ("only", "shard", "sample", "ablate", "alone", "exhaust", "rapidcheck"):
            fail("%s: expected --only=TEXT, --shard=I/N, --sample=N, --ablate, --alone, --exhaust=OPS or --rapidcheck" % argument)
        options[name] = value
    if options.get("exhaust", "1") not in ("1", "2", "3", "4"):
        fail("--exhaust=%s: expected 1 to 4 operations" % options["exhaust"])
    return options


def progress(done, total, name):
    if sys.stderr.isatty():
        bar = "#" * (30 * done // total)
        print("\r[%-30s] %d of %d  %-40s" % (bar, done, total, name), end="" if done < total else "\n", file=sys.stderr)
    elif done % 20 == 0 or done == total:
        print("mutants: %d of %d" % (done, total), file=sys.stderr)


def examine_all(workshop, pool, bugs):
    """The table of the bugs of an allocator; those that an engine missed, or found though they are none."""
    results = []
    print(HEAD)
    for bug, result in zip(bugs, pool.map(lambda bug: examine(workshop, bug), bugs)):
        results.append((bug, result))
        print(table_line(bug, result), flush=True)
        progress(len(results), len(bugs), bug.name)
    check_control(workshop, pool, results)
    summary(results)
    alive = [bug for bug, r in results if not bug.equivalent and "0" in (r["prop"]["killed"], r["fuzz"]["killed"])]
    wrong = [bug for bug, r in results if bug.equivalent and "1" in (r["prop"]["killed"], r["fuzz"]["killed"])]
    return alive, wrong


def examine_rig(workshop, pool, bugs):
    """The checks of the checker and the rig that no test misses."""
    tests = sorted(set(bug.test for bug in bugs))
    for test, passes in zip(tests, pool.map(lambda test: workshop.test_passes("control_" + os.path.basename(test), test), tests)):
        if not passes:
            fail("%s fails without a bug" % test)
    alive = []
    for number, (bug, noticed) in enumerate(zip(bugs, pool.map(workshop.noticed, bugs)), 1):
        alive += [] if noticed else [bug]
        progress(number, len(bugs), bug.name)
    print("rig, checker and detectors: noticed %d of %d" % (len(bugs) - len(alive), len(bugs)))
    return alive


def examine_drop_in(workshop, pool, bugs):
    """The bugs of the drop-in that no question of the probe tells."""
    if not os.path.exists(os.path.join(ROOT, PROBE)):
        fail("there is no %s: run this by bazel" % PROBE)
    sound, alive = workshop.drop_in("sound"), []
    for number, (bug, noticed) in enumerate(zip(bugs, pool.map(lambda bug: workshop.answers_otherwise(bug, sound), bugs)), 1):
        alive += [] if noticed else [bug]
        progress(number, len(bugs), bug.name)
    print("drop-in: noticed %d of %d" % (len(bugs) - len(alive), len(bugs)))
    return alive


def main():
    options = read_options(sys.argv[1:])
    rows = os.path.join(ROOT, "props", "mutants", "rows")
    bugs = [bug for name in sorted(os.listdir(rows)) for bug in read_rows(os.path.join(rows, name))]
    for bug in bugs:  # whichever are chosen, all must fit
        with open(os.path.join(ROOT, bug.path), encoding="utf-8") as source:
            plant(bug, source.read())
    bugs = choose(bugs, options)
    if not bugs:
        fail("no row is chosen")
    planted = [bug for bug in bugs if not bug.test]
    drop_in = [bug for bug in bugs if bug.test and bug.test.startswith(PROBE + " ")]
    rig = [bug for bug in bugs if bug.test and bug not in drop_in]
    alive, wrong = [], []
    with tempfile.TemporaryDirectory(prefix="mutants") as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        workshop = Workshop(folder, pool)
        standing = [bug for bug in planted if not bug.equivalent]
        if "ablate" in options:
            return ablate(workshop, pool, standing)
        if "alone" in options:
            return show_alone(workshop, pool, standing)
        if "exhaust" in options:
            return compare_exhaust(workshop, pool, standing, int(options["exhaust"]))
        if "rapidcheck" in options:
            return ask_rapidcheck(workshop, pool, standing)
        blind = examine_rig(workshop, pool, rig) if rig else []
        blind += examine_drop_in(workshop, pool, drop_in) if drop_in else []
        if planted:
            alive, wrong = examine_all(workshop, pool, planted)
    for bug in alive + blind:
        print("survives: %s" % bug.name)
    for bug in wrong:
        print("killed, though it is called equivalent: %s" % bug.name)
    equivalent = sum(1 for bug in planted if bug.equivalent)
    print("killed %d of %d (%d equivalent)" % (len(planted) - len(alive) - equivalent, len(planted), equivalent))
    sys.exit(1 if alive or wrong or blind else 0)


if __name__ == "__main__":
    main()
