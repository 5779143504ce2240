#!/usr/bin/python3
"""The cost of a malloc/free pair as the heap fills: osmem, the textbook form and the C library.

    bazel run -c opt //bench:heap [-- --most=100000] [-- --rounds=5]

Prints a table and draws it as SVG into .fuzz/heap/ of the workspace. Times are medians of
interleaved rounds; instructions are counted by callgrind, as the difference of two run lengths
less the loop's own, and repeat exactly. The textbook form walks all blocks for each request, so it
is measured with fewer pairs, and up to 10000 blocks only.
"""
import math
import os
import shutil
import statistics
import subprocess
import sys

COLOURS = {"osmem": "#c0392b", "libc": "#2c3e50", "classic": "#8e44ad"}
CLASSIC_MOST = 10000


def fail(message):
    print("heap: " + message, file=sys.stderr)
    sys.exit(2)


def options(arguments):
    chosen = {"most": 1000000, "rounds": 5, "pairs": 1000000}
    for argument in arguments:
        name, _, value = argument[2:].partition("=")
        if argument in ("--help", "-h"):
            print(__doc__)
            sys.exit(0)
        if not argument.startswith("--") or name not in chosen or not value.isdigit() or int(value) == 0:
            fail("%s: expected --most=N, --rounds=N or --pairs=N" % argument)
        chosen[name] = int(value)
    return chosen


def allocators(live):
    return [name for name in COLOURS if name != "classic" or live <= CLASSIC_MOST]


def pairs_of(name, live, pairs):
    """As many pairs as take a second or less."""
    return min(pairs, 100000000 // live) if name == "classic" else pairs


def nanoseconds(program, name, live, pairs):
    pairs = pairs_of(name, live, pairs)
    run = subprocess.run([program, name, str(live), str(pairs)], stdout=subprocess.PIPE, check=True)
    return int(run.stdout) / pairs


def instructions(program, name, live):
    """Of one pair, by callgrind."""
    totals, pairs = [], pairs_of(name, live * 10, 100000)
    for length in (pairs // 5, pairs // 5 + pairs):
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
             program, name, str(live), str(length)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
        totals += [int(line.split()[-1]) for line in run.stderr.splitlines() if "Collected :" in line]
    return (totals[1] - totals[0]) / pairs


def measure(program, chosen, progress):
    rows = []
    live = 100
    while live <= chosen["most"]:
        progress("%d live blocks" % live)
        times = {name: [] for name in allocators(live) + ["none"]}
        for _ in range(chosen["rounds"]):
            for name, found in times.items():
                found.append(nanoseconds(program, name, live, chosen["pairs"]))
        row = {"live": live}
        ratios = [(o - n) / (c - n) for o, c, n in zip(times["osmem"], times["libc"], times["none"])]
        row["ratio"] = statistics.median(ratios)
        for name in allocators(live):
            row[name + " ns"] = statistics.median(times[name]) - statistics.median(times["none"])
        if shutil.which("valgrind"):
            loop = instructions(program, "none", live)
            for name in allocators(live):
                row[name + " instructions"] = instructions(program, name, live) - loop
        rows.append(row)
        live *= 10
    return rows


def table(rows):
    columns = [name + " " + unit for unit in ("ns", "instructions") for name in COLOURS]
    columns = [column for column in columns if column in rows[0]]
    print("  ".join(["%8s" % "live"] + columns + ["osmem/libc ns"]))
    for row in rows:
        cells = ["%*.1f" % (len(column), row[column]) if column in row else "-".rjust(len(column))
                 for column in columns]
        print("  ".join(["%8d" % row["live"]] + cells + ["%13.2f" % row["ratio"]]))
    if "osmem instructions" not in rows[0]:
        print("instructions: install valgrind to count them", file=sys.stderr)


def panel(rows, unit, left):
    """One diagram: a line for each allocator over the number of live blocks, both by powers of ten."""
    columns = [name + " " + unit for name in COLOURS]
    decades = math.log10(max(row[column] for row in rows for column in columns if column in row))
    top = max(1, math.ceil(decades))
    width, height, bottom = 320, 200, 240
    step = width / max(1, len(rows) - 1)
    out = ['<text x="%d" y="20">%s per malloc/free pair</text>' % (left, unit)]
    out.append('<path d="M%d %dv%dh%d" fill="none" stroke="#888"/>' % (left, bottom - height, height, width))
    for power in range(top + 1):
        out.append('<text x="%d" y="%d" text-anchor="end">%d</text>'
                   % (left - 4, bottom - height * power / top + 4, 10 ** power))
    for i, row in enumerate(rows):
        out.append('<text x="%d" y="%d" text-anchor="middle">%d</text>' % (left + i * step, bottom + 16, row["live"]))
    for k, (name, column) in enumerate(zip(COLOURS, columns)):
        points = " ".join("%.1f,%.1f" % (left + i * step, bottom - height * math.log10(max(1, row[column])) / top)
                          for i, row in enumerate(rows) if column in row)
        out.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>' % (points, COLOURS[name]))
        out.append('<text x="%d" y="%d" fill="%s">%s</text>' % (left + 60 + 60 * k, bottom + 36, COLOURS[name], name))
    return out


def draw(rows, path):
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="820" height="300" font-family="sans-serif" font-size="12">',
           '<rect width="820" height="300" fill="white"/>']
    out += panel(rows, "ns", 70)
    if "osmem instructions" in rows[0]:
        out += panel(rows, "instructions", 480)
    with open(path, "w") as svg:
        svg.write("\n".join(out + ["</svg>", ""]))


def main():
    chosen = options(sys.argv[1:])
    if chosen["most"] < 100:
        fail("--most=%d: expected at least 100" % chosen["most"])
    program = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "pairs")
    if not os.path.exists(program):
        fail("%s is missing; start it by: bazel run -c opt //bench:heap" % program)
    kept = os.path.join(os.environ.get("BUILD_WORKSPACE_DIRECTORY", os.getcwd()), ".fuzz", "heap")
    os.makedirs(kept, exist_ok=True)
    rows = measure(program, chosen, lambda text: print("heap: " + text, file=sys.stderr))
    table(rows)
    draw(rows, os.path.join(kept, "heap.svg"))
    print("heap: drawn in %s/heap.svg" % kept, file=sys.stderr)


main()
