#!/usr/bin/python3
"""Which mistakes of a program allocators find: osmem's tiers and other allocators.

    bazel run -c opt //bench:detect [-- [--only=TEXT] [--install] [--write]]

The programs are those of props/conformance/promises, each on blocks of five sizes, with only the
allocator preloaded. Of five runs the table counts those that were found (the program was ended, or
a report written to standard error, or a possible harm did not occur), that showed harm (h: a
neighbour changed, the same memory returned twice, a secret read, or the program hangs), and that
were silent (s). Mistakes repeated 20,000 times are for allocators that sample. --install installs
the peers by apt-get, as root; --write rewrites bench/detect.md and the summary in README.md. Ends
with the nanoseconds of a malloc/free pair among 1,000 live blocks, the median of five interleaved
rounds, and the line `detect: N mistakes, M allocators`; exits 1 where a program without a mistake
does not pass.

    detect.py PROMISES DETECT.MD README.MD --hold    checks that both texts are complete and agree
"""
import concurrent.futures
import datetime
import glob
import os
import re
import statistics
import subprocess
import sys
import tempfile
import textwrap

sys.path.insert(0, os.path.join(os.getcwd(), "props/conformance/promises"))  # bazel run starts in the runfiles
from promises import HARMLESS, HUNG, SIZES, commit, lines, read_promises  # noqa: E402

PACKAGES = ["libjemalloc2", "libmimalloc2.0", "libtcmalloc-minimal4", "libclang-rt-19-dev"]
ROUNDS = 5
# Name, a pattern for the library, and its environment.
PEERS = [
    ("glibc", "", {}),
    ("glibc check=3", "/lib/*/libc_malloc_debug.so.0", {"GLIBC_TUNABLES": "glibc.malloc.check=3"}),
    ("jemalloc", "/usr/lib/*/libjemalloc.so.2", {}),
    ("mimalloc", "/usr/lib/*/libmimalloc.so.2*", {"MIMALLOC_SHOW_ERRORS": "1"}),
    ("tcmalloc", "/usr/lib/*/libtcmalloc_minimal.so.4", {}),
    ("tcmalloc debug", "/usr/lib/*/libtcmalloc_minimal_debug.so.4", {}),
    ("scudo", "/usr/lib/llvm-19/lib/clang/19/lib/*/libclang_rt.scudo_standalone-x86_64.so", {}),
]


def fail(message):
    print("detect: " + message, file=sys.stderr)
    sys.exit(2)


def install():
    if subprocess.run(["dpkg", "-s"] + PACKAGES, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        return
    subprocess.run(["apt-get", "update"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends"] + PACKAGES
    if subprocess.run(command, stdout=sys.stderr, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive")).returncode:
        fail("could not install %s" % " ".join(PACKAGES))


def allocators(osmem):
    chosen = []
    for name, pattern, environment in PEERS:
        found = sorted(glob.glob(pattern)) if pattern else [""]
        if not found:  # the loader would only warn
            fail("%s: no library %s; --install installs the peers" % (name, pattern))
        chosen.append((name, found[0], environment))
    tiers = "light", "standard", "full", "paranoid"
    return chosen + [("osmem " + tier, osmem, {"OSMEM_OPTIONS": "tier=" + tier}) for tier in tiers]


def judge(mistake, run):
    """found, harm or silent."""
    if "cannot be preloaded" in run.err:
        fail(run.err)
    if run.code == HUNG:
        return "harm"
    if run.code or run.err:
        return "found"
    if lines(run, "harm"):
        return "harm"
    return "found" if mistake.startswith(HARMLESS) else "silent"


def cell(verdicts):
    found, harm = verdicts.count("found"), verdicts.count("harm")
    silent = len(verdicts) - found - harm
    return str(found) + (" %dh" % harm if harm else "") + (" %ds" % silent if silent else "")


def run_all(mistakes, chosen, program):
    """The verdicts by mistake and allocator, one for each size."""
    jobs = [(promise.name, name, library, environment, size)
            for promise in mistakes for name, library, environment in chosen for size in SIZES]
    found = {}
    with tempfile.TemporaryDirectory(prefix="detect") as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        def one(job):
            mistake, _, library, environment, size = job
            return commit(program, mistake, size, library, environment, folder)
        for number, (job, run) in enumerate(zip(jobs, pool.map(one, jobs)), 1):
            found.setdefault(job[:2], []).append(judge(job[0], run))
            if job[0] == "none" and (run.code or run.err):
                fail("%s: a program without a mistake is ended, or reports one: %s" % (job[1], run.err))
            if sys.stderr.isatty():
                print("\rdetect: %d of %d" % (number, len(jobs)), end="", file=sys.stderr)
    return found


def cost(chosen, pairs):
    """Nanoseconds a pair, in interleaved rounds."""
    times = {name: [] for name, _, _ in chosen}
    for _ in range(ROUNDS):
        for name, library, environment in chosen:
            many = 20000 if name.endswith("paranoid") else 200000
            done = subprocess.run([pairs, "libc", "1000", str(many)], stdout=subprocess.PIPE, text=True, check=True,
                                  env=dict(environment, PATH=os.environ["PATH"], LD_PRELOAD=library))
            times[name].append(float(done.stdout) / many)
    return {name: statistics.median(values) for name, values in times.items()}


# ---- the published tables ----

HEAD = """Made by `tools/bazel run -c opt //bench:detect -- --install --write` on %s: %s, %d processors, %s. Each
mistake was made on blocks of 24, 200, 2,000, 70,000 and 300,000 bytes; of these five runs so many were found,
showed harm (h; a program that hangs is harmed), or went on in silence (s). A crash counts as found, and so does
a secret that could not be read."""


def table(mistakes, names, found, times):
    rows = ["| of 5 sizes | %s |" % " | ".join(names), "|---|" + "---|" * len(names)]
    for promise in mistakes:
        rows.append("| %s | %s |" % (promise.what, " | ".join(cell(found[promise.name, name]) for name in names)))
    totals = [sum((found[promise.name, name] for promise in mistakes), []) for name in names]
    rows.append("| **all** | %s |" % " | ".join("**%s**" % cell(total) for total in totals))
    rows.append("| ns a pair | %s |" % " | ".join("%.0f" % times[name] for name in names))
    return "\n".join(rows) + "\n"


def summary(page):
    """The sums of detect.md, which README.md shows."""
    cells = {row.split(" | ")[0].strip("| *"): row.strip("| ").split(" | ")[1:] for row in page.splitlines()
             if row.startswith("| ")}
    sums = [re.fullmatch(r"\*\*(\d+)(?: (\d+)h)?(?: (\d+)s)?\*\*", text).groups(default="0") for text in cells["all"]]
    day = re.search(r"on (\d{4}-\d\d-\d\d)", page).group(1)
    rows = [("found", [found for found, _, _ in sums]), ("harm shown", [harm for _, harm, _ in sums]),
            ("ns a malloc/free pair", cells["ns a pair"])]
    return ("| %s | %s |\n|---|%s\n" % (day, " | ".join(cells["of 5 sizes"]), "---|" * len(sums)) +
            "".join("| %s | %s |\n" % (name, " | ".join(values)) for name, values in rows))


SUMMARY = re.compile(r"^\| \d{4}-\d\d-\d\d \|.*\n(?:\|.*\n)+", re.MULTILINE)


def machine():
    with open("/etc/os-release", encoding="utf-8") as release:
        system = re.search(r'^PRETTY_NAME="(.*)"', release.read(), re.MULTILINE).group(1)
    form = "-f=${Package} ${Version}, "
    packages = subprocess.run(["dpkg-query", "-W", form, "libc6"] + PACKAGES, stdout=subprocess.PIPE, text=True, check=True)
    return system, packages.stdout.rstrip(", ")


def write(text):
    tree = os.environ.get("BUILD_WORKSPACE_DIRECTORY") or fail("--write: expected to be run by tools/bazel run")
    system, packages = machine()
    head = HEAD % (datetime.date.today().isoformat(), system, os.cpu_count(), packages)
    page = "# What allocators find\n\n%s\n\n%s" % (textwrap.fill(head, 100, break_on_hyphens=False), text)
    with open(os.path.join(tree, "bench/detect.md"), "w", encoding="utf-8") as out:
        out.write(page)
    with open(os.path.join(tree, "README.md"), encoding="utf-8") as readme:
        whole = readme.read()
    if len(SUMMARY.findall(whole)) != 1:
        fail("README.md: expected one table whose head begins with a date")
    with open(os.path.join(tree, "README.md"), "w", encoding="utf-8") as readme:
        readme.write(SUMMARY.sub(lambda _: summary(page), whole))


def hold(promises, page, readme):
    """detect.md has every mistake, in that order, and README.md its sums."""
    with open(page, encoding="utf-8") as text, open(readme, encoding="utf-8") as shown:
        page, shown = text.read(), shown.read()
    rows = re.findall(r"^\| (.*?) \| \d", page, re.MULTILINE)
    mistakes = [promise.what for promise in read_promises(promises)]
    if rows[:-1] != mistakes:
        fail("bench/detect.md: expected a row for each mistake of promises.txt, in that order; --write rewrites it")
    if summary(page) not in shown:
        fail("README.md: expected the sums of bench/detect.md:\n" + summary(page))


def main():
    if sys.argv[4:] == ["--hold"]:
        hold(*sys.argv[1:4])
        return
    program, osmem, path, pairs, only = *(os.path.abspath(name) for name in sys.argv[1:5]), ""
    writes = False
    for argument in sys.argv[5:]:
        if argument in ("-h", "--help"):
            print(__doc__)
            sys.exit(0)
        elif argument.startswith("--only="):
            only = argument[len("--only="):]
        elif argument == "--install":
            install()
        elif argument == "--write":
            writes = True
        else:
            fail("%s: expected --only=TEXT, --install or --write" % argument)
    if only and writes:
        fail("--write: expected without --only, for it writes the whole table")
    mistakes = [promise for promise in read_promises(path) if only in promise.name]
    if not mistakes:
        fail("no mistake has %r in its name" % only)
    chosen = allocators(osmem)
    names = [name for name, _, _ in chosen]
    found = run_all(mistakes, chosen, program)
    text = table(mistakes, names, found, cost(chosen, pairs))
    print(text, end="")
    if writes:
        write(text)
    print("detect: %d mistakes, %d allocators" % (len(mistakes), len(names)))


if __name__ == "__main__":
    main()
