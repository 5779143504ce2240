#!/usr/bin/python3
"""Measures what each tier finds, in programs with one mistake each, and compares with a table.

    tools/bazel run -c opt //props/conformance/promises [-- --only=TEXT] [--measure | --reports | --table | --write]

Every mistake of mistakes.c is committed on blocks of five sizes in every tier, by the drop-in.
promises.txt lists what ends each program, and at which step; where that is random it lists each
possibility. Sampling is off, but for the mistakes that are made 20,000 times, which only sampling
finds. The reports in reports.txt must match but for addresses. --measure and --reports print these
files as measured now, the first in five rounds. --table prints docs/PROMISES.md, from promises.txt
alone, and --write writes it into the workspace. The last line is `promises: N kept, M broken`;
exits 1 where one is broken.
"""
import collections
import concurrent.futures
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile

SIZES = 24, 200, 2000, 70000, 300000
TIERS = "light", "standard", "full", "paranoid"
REPORT = re.compile(r"^osmem: ([a-z-]+): ", re.MULTILINE)
HARMLESS = "secret", "poisoned", "none"  # need not be reported if no harm is seen
SAMPLED = "full", "paranoid"
LARGE = 128 << 10  # from here on a block has its own mapping
CPU_SECONDS, WALL_SECONDS = 60, 900  # limits for a program that loops, and one that sleeps
HUNG = -signal.SIGXCPU
ROUNDS = 5

Run = collections.namedtuple("Run", "code out err")


def fail(message):
    print("promises: " + message, file=sys.stderr)
    sys.exit(2)


def commit(program, mistake, size, library, environment, folder):
    """One run in a folder that is removed afterwards; HUNG if it does not end by itself."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    environment = dict(environment, PATH=os.environ["PATH"], LD_PRELOAD=library)
    try:
        done = subprocess.run([program, mistake, str(size)], env=environment, cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=WALL_SECONDS, preexec_fn=limit)
    except subprocess.TimeoutExpired as hung:
        return Run(HUNG, (hung.stdout or b"").decode(errors="replace"), "")
    return Run(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def lines(run, word):
    return [line[len(word) + 2:] for line in run.out.splitlines() if line.startswith(word + ": ")]


def result(run, mistake):
    """The result of a mistake in words: the step and the kind of the report, or the harm seen."""
    if run.code:
        report = REPORT.search(run.err)
        if report and mistake.endswith("-often"):  # sampling may find any of the mistakes
            return "%s: a report" % lines(run, "step")[-1]
        what = report.group(1) if report else "signal %d" % -run.code if run.code < 0 else "exit %d" % run.code
        return "%s: %s" % ((lines(run, "step") or ["the start"])[-1], what)
    harms = lines(run, "harm")
    return "- (%s)" % harms[0] if harms else "-"


# ---- the table ----

class Promise:
    def __init__(self, name):
        self.name, self.what, self.cells = name, "", {}

    def cell(self, tier, size):
        return self.cells.get((tier, size), self.cells.get((tier, None)))


def read_promises(path):
    promises = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        key, _, value = line.strip().partition(" ")
        tier, _, size = key.partition("@")
        if key == "mistake":
            promises.append(Promise(value))
        elif not key or key.startswith("#"):
            continue
        elif not promises or (key != "what" and tier not in TIERS) or (size and int(size) not in SIZES):
            fail("%s:%d: expected mistake, what, or a tier, perhaps with @SIZE, found %s" % (path, number, key))
        elif key == "what":
            promises[-1].what = value
        else:
            promises[-1].cells[tier, int(size) if size else None] = value
    for promise in promises:
        for tier in TIERS:
            if not promise.what or any(promise.cell(tier, size) is None for size in SIZES):
                fail("%s: mistake %s: expected what, and a line for each tier" % (path, promise.name))
    return promises


def options(promise, tier):
    return {"OSMEM_OPTIONS": "tier=%s%s" % (tier, "" if promise.name.endswith("-often") else ":sample=0")}


def write_promise(promise, found):
    print("mistake %s\n  what %s" % (promise.name, promise.what))
    for tier in TIERS:
        cells = [found[tier, size] for size in SIZES]
        usual = max(cells, key=cells.count)
        print("  %s %s" % (tier, usual))
        for size, cell in zip(SIZES, cells):
            if cell != usual:
                print("  %s@%d %s" % (tier, size, cell))
    print()


def sizes_in_words(sizes):
    first, last = SIZES.index(sizes[0]), SIZES.index(sizes[-1])
    if last - first + 1 == len(sizes) > 1:
        if first == 0:
            return "up to %d" % sizes[-1]
        if last == len(SIZES) - 1:
            return "from %d" % sizes[0]
    return ", ".join(map(str, sizes))


def words(promise, tier):
    """A cell of the table: the step of the report, by size where sizes differ."""
    steps = collections.OrderedDict()
    for size in SIZES:
        text = promise.cell(tier, size).partition(" | ")[0]
        if not text.startswith("-"):
            step, _, what = text.rpartition(": ")
            text = "at " + step
            if promise.name.endswith("-often") and tier in SAMPLED and size < LARGE:
                text = "by a sample, one in 1,000"
            elif promise.name.endswith("-often"):  # without sampling only a free reports
                text = "at its free" if what == "a report" and tier not in SAMPLED else "at the access"
        elif promise.name.startswith(HARMLESS):
            text = text[3:-1] or "no harm"
        else:
            text = "not found"
        steps.setdefault(text, []).append(size)
    if len(steps) == 1:
        return next(iter(steps))
    return "; ".join("%s (%s)" % (text, sizes_in_words(sizes)) for text, sizes in steps.items())


PAGE = """# What each tier finds

A row is a program with one mistake, a column a tier. Each program runs on blocks of
%(sizes)s bytes, with libosmem.so preloaded and nothing else
changed; a test runs all %(runs)d cases. Made from
[promises.txt](../props/conformance/promises/promises.txt), which lists the kinds of the reports
too; [reports.txt](../props/conformance/promises/reports.txt) has whole reports.

<!-- docs: by props/conformance/promises/BUILD: name = "promises_test" -->
<!-- docs: by props/conformance/promises/BUILD: name = "table_test" -->
```sh
tools/bazel run -c opt //props/conformance/promises               # runs every case
tools/bazel run //props/conformance/promises -- --write           # writes this page
```

How to read a cell:

- **at ...** names the call at which osmem reports the mistake. This is certain.
- **at the access**: a guard page stops the access itself. `full` and `paranoid` report the block;
  in `light` and `standard` the program ends by SIGSEGV without a report.
- **by a sample, one in 1,000**: only a sampled block has a guard page, so only a mistake that is
  repeated is likely to be found.
- In `light` and `standard`, once a program has freed 64 large blocks, the mappings of later ones may
  stay accessible for others of the same size: an access to one is then found no more. `reuse=0`
  prevents that; it is also for programs that free blocks with pages which they made read-only, locked
  or replaced by another mapping.
- **not found**: the tier does not detect the mistake, whether or not it does harm.
- **no harm**, **a secret was read**: programs that a tier may survive; what they could see or do.
- A number in brackets is the block's size, where sizes differ.

No tier can detect one mistake: once an address has a new owner, a second free by the old owner is a
free by the new one.

%(table)s
"""


def table(promises):
    rows = ["| mistake | %s |" % " | ".join(TIERS), "|---|" + "---|" * len(TIERS)]
    rows += ["| %s | %s |" % (promise.what, " | ".join(words(promise, tier) for tier in TIERS))
             for promise in promises]
    return "\n".join(rows)


def page(promises):
    """The text of docs/PROMISES.md."""
    sizes = ", ".join("{:,}".format(size) for size in SIZES[:-1]) + " and {:,}".format(SIZES[-1])
    return PAGE % {"sizes": sizes, "runs": len(promises) * len(TIERS) * len(SIZES), "table": table(promises)}


def write_page(promises):
    tree = os.environ.get("BUILD_WORKSPACE_DIRECTORY") or fail("--write: expected to be run by tools/bazel run")
    with open(os.path.join(tree, "docs/PROMISES.md"), "w", encoding="utf-8") as out:
        out.write(page(promises))


# ---- reports ----

def normal(report):
    """A report without what differs between runs and builds: addresses, paths, inlined frames."""
    report = re.sub(r"0x[0-9a-f]+", "0x?", re.sub(r"osmem\.\d+\.ops", "osmem.PID.ops", report))
    report = re.sub(r"(operation|the last) \d+", r"\1 N", report)  # the C library's own calls come first
    report = re.sub(r"(?m)^(    |  by the instruction at )\S*/", r"\1", report)
    return re.sub(r"(?m)^(    \S+\n)(\1)+", r"\1", report)


def read_reports(path):
    """(mistake, size, options) and the expected report."""
    reports = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        key, _, value = line.rstrip("\n").partition(" ")
        if key == "report" and len(value.split()) == 3:
            reports.append((value.split(), []))
        elif key == "|" and reports:
            reports[-1][1].append(value + "\n")
        elif key and not key.startswith("#"):
            fail("%s:%d: expected report MISTAKE SIZE OPTIONS, or | and a line of it" % (path, number))
    return [(what, "".join(text)) for what, text in reports]


def hold_reports(reports, program, library, show):
    """How many match and how many do not; or prints them."""
    kept = 0
    for (mistake, size, chosen), expected in reports:
        with tempfile.TemporaryDirectory(prefix="promises") as folder:
            found = normal(commit(program, mistake, int(size), library, {"OSMEM_OPTIONS": chosen}, folder).err)
        if show:
            print("report %s %s %s\n%s" % (mistake, size, chosen, re.sub("(?m)^", "| ", found.rstrip("\n")) + "\n"))
            continue
        kept += found == expected
        if found != expected:
            print("report of %s, %s bytes, %s: expected\n%s  found\n%s" % (mistake, size, chosen, expected, found))
    return kept, len(reports) - kept


# ---- the runs ----

def measure(promises, program, library):
    """The result and the report for each mistake, tier and size."""
    jobs = [(promise, tier, size) for promise in promises for tier in TIERS for size in SIZES]
    found = {}
    with tempfile.TemporaryDirectory(prefix="promises") as folder, concurrent.futures.ThreadPoolExecutor(
            os.cpu_count()) as pool:
        runs = pool.map(lambda job: commit(program, job[0].name, job[2], library, options(job[0], job[1]), folder), jobs)
        for number, ((promise, tier, size), run) in enumerate(zip(jobs, runs), 1):
            found[promise.name, tier, size] = result(run, promise.name), run.err
            if sys.stderr.isatty():
                print("\rpromises: %d of %d" % (number, len(jobs)), end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return found


def main():
    program, library, path, reports, only, mode = *sys.argv[1:5], "", "hold"
    for argument in sys.argv[5:]:
        if argument in ("-h", "--help"):
            print(__doc__)
            sys.exit(0)
        elif argument.startswith("--only="):
            only = argument[len("--only="):]
        elif argument in ("--measure", "--reports", "--table", "--write"):
            mode = argument[2:]
        else:
            fail("%s: expected --only=TEXT, --measure, --reports, --table or --write" % argument)
    promises = [promise for promise in read_promises(path) if only in promise.name]
    if not promises:
        fail("no mistake has %r in its name" % only)
    if mode in ("table", "write"):
        if only:
            fail("--%s: expected without --only" % mode)
        print(page(promises), end="") if mode == "table" else write_page(promises)
        return
    program, library = os.path.abspath(program), os.path.abspath(library)
    if not os.path.exists(library):  # the loader would only warn
        fail("%s: no such library" % library)
    listed = subprocess.run([program], stdout=subprocess.PIPE, text=True).stdout.split()
    if not only and listed != [promise.name for promise in promises]:
        fail("%s: expected the mistakes that %s lists, in that order" % (path, os.path.basename(program)))
    if mode == "measure":
        rounds = [measure(promises, program, library) for _ in range(ROUNDS)]
        for promise in promises:
            write_promise(promise, {(tier, size): " | ".join(sorted({found[promise.name, tier, size][0] for found in rounds}))
                                    for tier in TIERS for size in SIZES})
        return
    whole = [report for report in read_reports(reports) if only in report[0][0]]
    kept, broken = hold_reports(whole, program, library, mode == "reports")
    if mode == "reports":
        return
    found = measure(promises, program, library)
    for promise in promises:
        for tier in TIERS:
            for size in SIZES:
                seen, report = found[promise.name, tier, size]
                if seen in promise.cell(tier, size).split(" | "):
                    kept += 1
                    continue
                broken += 1
                print("%s, %s, %d bytes: expected %s, found %s\n%s" % (promise.name, tier, size, promise.cell(tier, size), seen, report))
    print("promises: %d kept, %d broken" % (kept, broken))
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
