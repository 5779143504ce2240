"""The output: the table of the bugs, its sums, the list of rows, and the progress of a run."""
import statistics
import sys

ENGINES = (("prop", "property engine"), ("fuzz", "libFuzzer"))
LINE = "%-44s %-17s %-7s %-7s %-16s %7s %9s  %-16s %7s %9s %5s %9s"


def table_head():
    return LINE % ("bug", "family", "reached", "differs", "property engine", "cases", "CPU ms", "libFuzzer", "cases",
                   "CPU ms", "ops", "shrink ms")


def table_line(bug, result):
    """One bug: what each engine said, after how many cases and how much time."""
    cells = []
    for engine, _ in ENGINES:
        found = result[engine]
        cells += [found["oracle"] if found["killed"] == "1" else "-", found["cases"], found["ms"]]
    reached = max(result[engine].get("reached", "0") for engine, _ in ENGINES)
    return LINE % ((bug.name, bug.family, "yes" if reached == "1" else "no", result["differs"]) + tuple(cells) +
                   (result["prop"].get("ops", "-"), result["prop"].get("shrink_ms", "-")))


def summary(results):
    """Medians and worst values of the whole table."""
    for engine, name in ENGINES:
        times = [float(r[engine]["ms"]) / 1000 for _, r in results if r[engine]["killed"] == "1"]
        if times:
            print("%s: %d killed, CPU seconds: median %.3f, worst %.2f"
                  % (name, len(times), statistics.median(times), max(times)))
    sizes = [int(r["prop"]["ops"]) for _, r in results if "ops" in r["prop"]]
    shrinks = [float(r["prop"]["shrink_ms"]) / 1000 for _, r in results if "shrink_ms" in r["prop"]]
    if sizes:
        print("shrunk: median %.1f operations, worst %d; worst %.2f CPU seconds"
              % (statistics.median(sizes), max(sizes), max(shrinks)))


def list_rows(bugs):
    """Name, family, how it is judged, file and function of each."""
    for bug in bugs:
        print("%-44s %-17s %-10s %s %s" % (bug.name, bug.family, bug.kind, bug.path, bug.function))
    print("%d bugs in %d files" % (len(bugs), len({bug.path for bug in bugs})))


def progress(done, total, name):
    """A bar on a terminal, a line now and then elsewhere."""
    if sys.stderr.isatty():
        bar = "#" * (30 * done // total)
        print("\r[%-30s] %d of %d  %-40s" % (bar, done, total, name), end="" if done < total else "\n", file=sys.stderr)
    elif done % 20 == 0 or done == total:
        print("mutants: %d of %d" % (done, total), file=sys.stderr)
