#!/usr/bin/python3
"""Holds classic against scenarios.txt: every address and every system call.

    scenarios.py scenarios.txt --inside PROGRAM... --outside PROGRAM...

An inside program prints its own kernel calls; an outside one is run under strace.
"""
import re
import subprocess
import sys
import tempfile

BRK = re.compile(r"brk\((NULL|0x[0-9a-f]+)\) += (0x[0-9a-f]+)$")
MMAP = re.compile(r"mmap\(NULL, (\d+), PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0\) += (-1|0x[0-9a-f]+)")
MUNMAP = re.compile(r"munmap\((0x[0-9a-f]+), (\d+)\) += 0$")
ANSWER = re.compile(r"= (0x[0-9a-f]+|\(nil\))(.*)$")


def read_scenarios(path):
    """A list of (title, [(line number, call, address, system calls)])."""
    scenarios = []
    for number, line in enumerate(open(path), 1):
        line = line.split("#")[0].rstrip()
        if not line:
            continue
        if not line.startswith(" "):
            scenarios.append((line, []))
            continue
        call, arrow, rest = line.partition("->")
        if not arrow or not scenarios:
            sys.exit("%s:%d: expected a title, or CALL -> ADDRESS | SYSTEM CALLS" % (path, number))
        address, _, kernel = rest.partition("|")
        scenarios[-1][1].append((number, call.strip(), address.strip(), kernel.strip()))
    return scenarios


def run_inside(program, calls):
    run = subprocess.run([program] + calls, stdout=subprocess.PIPE, text=True)
    return run.returncode, run.stdout.splitlines()


def run_outside(program, calls):
    """The lines of strace; a line that the program writes appears as it was written."""
    with tempfile.NamedTemporaryFile("r") as trace:
        run = subprocess.run(["strace", "-o", trace.name, "-e", "trace=brk,mmap,munmap,write", "-e", "signal=none",
                              "-s", "200", program] + calls, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = [re.sub(r'^write\(1, "(.*)\\n", \d+\) += \d+$', r"\1", line.rstrip("\n")) for line in trace]
    if "start" not in lines:
        sys.exit("strace cannot run %s here: %s" % (program, run.stderr.strip() or "it printed nothing"))
    return run.returncode, [line for line in lines if not line.startswith("+++")]


class Reporter:
    """Describes what a run did in the words of scenarios.txt."""

    def __init__(self):
        self.heap = self.brk = None
        self.maps = {}
        self.mapped = 0

    def address(self, text):
        if text == "(nil)":
            return "NULL"
        address = int(text, 16)
        for start, (name, length) in self.maps.items():
            if start <= address < start + length:
                return "%s+%d" % (name, address - start)
        return "heap%+d" % (address - self.heap) if self.heap else "an address before any system call"

    def system_call(self, line):
        """The call in words; None where it is not reported."""
        brk, mmap, munmap = BRK.match(line), MMAP.match(line), MUNMAP.match(line)
        if brk:
            now, before = int(brk.group(2), 16), self.brk
            self.brk = now
            self.heap = self.heap or now
            if brk.group(1) == "NULL":  # libc queries it only once
                return None if before else "brk 0"
            return "brk %+d" % (now - before) if before else "brk to an address"
        if mmap:
            length = int(mmap.group(1))
            if mmap.group(2) == "-1":
                return "mmap %d refused" % length
            self.mapped += 1
            self.maps[int(mmap.group(2), 16)] = ("map%d" % self.mapped, length)
            return "mmap %d" % length
        if munmap:
            name, _ = self.maps.pop(int(munmap.group(1), 16), ("unmapped memory", 0))
            return "munmap %s %s" % (name, munmap.group(2))
        return line

    def report(self, call, kernel, answer):
        """One call: its address and its system calls."""
        if call.startswith("sbrk"):
            old = int(ANSWER.match(answer).group(1), 16)
            self.heap = self.heap or old
            self.brk = old + int(call.split()[1])
            return "", ""
        calls = [words for words in map(self.system_call, kernel) if words]
        address, note = ANSWER.match(answer).groups()
        return ("" if call.startswith("free") else self.address(address)) + note, ", ".join(calls)


def hold(path, scenario, run, program):
    """Runs one scenario; prints where it differs and returns whether it agrees."""
    title, steps = scenario
    status, lines = run(program, [call for _, call, _, _ in steps])
    lines = lines[lines.index("start") + 1:] if "start" in lines else []
    reporter, kernel, done = Reporter(), [], 0
    for line in lines:
        if not line.startswith("= "):
            kernel.append(line)
            continue
        number, call, address, system_calls = steps[done]
        found = reporter.report(call, kernel, line)
        if found != (address, system_calls):
            print("%s:%d: %s\n  expected: %s -> %s | %s\n  found:    %s -> %s | %s"
                  % ((path, number, title, call, address, system_calls, call) + found))
            return False
        done, kernel = done + 1, []
    if status != 0 or done < len(steps):
        print("%s:%d: %s\n  ended by %d before: %s" % (path, steps[min(done, len(steps) - 1)][0], title, status, program))
        return False
    return True


def main():
    path, run, runs, failed = sys.argv[1], None, 0, 0
    scenarios = read_scenarios(path)
    for argument in sys.argv[2:]:
        if argument in ("--inside", "--outside"):
            run = run_inside if argument == "--inside" else run_outside
            continue
        for scenario in scenarios:
            runs += 1
            if not hold(path, scenario, run, argument):
                print("  in:       " + argument)
                failed += 1
    print("%d scenarios, %d runs, %d failed" % (len(scenarios), runs, failed))
    sys.exit(1 if failed or runs == 0 else 0)


main()
