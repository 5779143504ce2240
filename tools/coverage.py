#!/usr/bin/python3
"""Line coverage of osmem/ by tests and corpus: a row for each source, and the lines left.

    tools/coverage.py [--least=PERCENT]

Runs `tools/bazel coverage //...` and reads what it reports. Exits 1 below --least (default 95).
"""
import os
import subprocess
import sys


def read_report(path):
    """{source: {line: times run}}"""
    found, lines = {}, None
    with open(path) as report:
        for record in report:
            key, _, value = record.strip().partition(":")
            if key == "SF":
                lines = found.setdefault(value, {})
            elif key == "DA":
                number, times = value.split(",")[:2]
                lines[int(number)] = lines.get(int(number), 0) + int(times)
    return found


def spans(numbers):
    """[3, 4, 5, 9] as "3-5 9"."""
    out = []
    for number in numbers:
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return " ".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in out)


def main():
    least = 95.0
    for argument in sys.argv[1:]:
        try:
            if not argument.startswith("--least="):
                raise ValueError
            least = float(argument[len("--least="):])
        except ValueError:
            sys.exit("coverage: %s: expected --least=PERCENT" % argument)
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    run = subprocess.run(["tools/bazel", "coverage", "--noshow_progress", "//..."],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        sys.exit(run.stdout + "coverage: a test failed, see above")
    output = subprocess.run(["tools/bazel", "info", "output_path"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=True).stdout.strip()
    total = covered = 0
    for source, lines in sorted(read_report(output + "/_coverage/_coverage_report.dat").items()):
        source = source[source.find("osmem/"):]
        if not source.startswith("osmem/") or "_test.c" in source:
            continue
        left = sorted(number for number, times in lines.items() if not times)
        total += len(lines)
        covered += len(lines) - len(left)
        print("%6.1f %%  %-28s %s" % (100 - 100 * len(left) / max(1, len(lines)), source,
                                    "left: " + spans(left) if left else ""))
    percent = 100 * covered / max(1, total)
    print("%6.1f %%  of %d lines; expected %.1f %%" % (percent, total, least))
    sys.exit(0 if total and percent >= least else 1)


main()
