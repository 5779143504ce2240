"""Builds what is judged: the programs, tests and libraries with one bug in them, or with none.

The harness is compiled once. A bug of the allocator is built into one file made of osmem's floors
(or of classic), which is linked with the harness; a bug of the rig replaces one source of a unit
test; a bug of the drop-in is built into a library for LD_PRELOAD.
"""
import os
import subprocess

from rows import planted_text
from tree import (AMALGAMATED, CLASSIC, CLASSIC_WHOLE, ENTRY, EXPLAINED, FLOORS, HARNESS, MUTANT, PROCESS, ROOT,
                  STEPS, Amalgamation, drop_in, fail)

CLANG = ["clang-19", "-std=gnu11", "-I.", "-w", "-fno-builtin-malloc", "-fno-builtin-calloc"]
# What is judged: optimised a little, its edges counted for libFuzzer and as steps, what C does not
# define ended by a signal.
JUDGED = ["-O1", "-fsanitize=undefined", "-fno-sanitize=function", "-fsanitize-trap=undefined",
          "-fsanitize-coverage=trace-pc-guard,inline-8bit-counters,pc-table"]
PUBLIC = "osmem/osmem.h"
LIBRARIES = ["-lstdc++", "-lm", "-lpthread", "-ldl", "-lrt"]
TEST_LIBRARIES = ["-lcheck", "-lpthread", "-lrt", "-lm", "-lsubunit", "-ldl"]


def clang(arguments, failure):
    """Runs the compiler in the tree; a failure of it ends the run."""
    done = subprocess.run(arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        fail("%s:\n%s" % (failure, done.stderr[-2000:]))


def compile_file(source, out, options):
    clang(CLANG + options + ["-c", source, "-o", out], "%s does not compile" % source)
    return out


def fuzzer_library():
    """libFuzzer without a main."""
    folder = subprocess.run([CLANG[0], "--print-runtime-dir"], stdout=subprocess.PIPE, text=True).stdout.strip()
    name = "libclang_rt.fuzzer_no_main-x86_64.a"
    if not os.path.exists(os.path.join(folder, name)):
        folder = os.path.join(os.path.dirname(folder), "linux")
    return os.path.join(folder, name)


class Workshop:
    """The harness, compiled once, and the two halves of the build without a bug."""

    def __init__(self, folder, pool):
        self.folder = folder
        self.reached = self.write("reached.c", "int mutant_reached;\n")
        for path in EXPLAINED:
            self.embed(path)
        compiled = HARNESS + FLOORS + PROCESS + [CLASSIC, self.reached]
        jobs = {source: pool.submit(compile_file, source, self.object_of(source), ["-O2", "-I" + folder])
                for source in compiled}
        done = {source: job.result() for source, job in jobs.items()}
        self.objects = [done[source] for source in HARNESS]
        # What the tests are made of: neither an engine's entry nor steps.
        self.parts = {source: found for source, found in done.items()
                      if source not in (ENTRY, MUTANT, STEPS, self.reached)}
        self.floors = compile_file(self.unit_source("floors"), self.path("floors.o"), JUDGED)
        self.classic = compile_file(CLASSIC, self.path("classic.o"), JUDGED)
        self.fuzzer = fuzzer_library()
        self.control = self.link("control", self.floors, self.classic)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """A file in the workshop's folder."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def object_of(self, source):
        name = os.path.splitext(source.replace(self.folder + "/", ""))[0].replace("/", "_")
        return self.path(name + ".o")

    def embed(self, path):
        """A part of the C programs, as a string of C."""
        part = os.path.splitext(os.path.basename(path))[0]
        with open(path, encoding="utf-8") as source:
            lines = source.read().replace("\\", "\\\\").replace('"', '\\"').splitlines()
        text = "\n".join('"%s\\n"' % line for line in lines)
        self.write("fuzz/explain/%s_text.h" % part, "static const char %s_text[] =\n%s;\n" % (part, text))

    def planted(self, name, bug):
        """What stands in place of which file."""
        return {bug.path: self.write(name + ".planted", planted_text(bug))} if bug else {}

    def amalgam(self, name, paths, bug=None, public=()):
        """The sources in one text, with the bug in it, or none."""
        unit = Amalgamation(ROOT, self.planted(name, bug), public=public)
        for path in paths:
            unit.add(path)
        if bug and bug.path not in unit.seen:
            fail("%s: bug %s: %s is in none of the sources that are built for it" % (bug.where, bug.name, bug.path))
        return unit.text("for mutants.py")

    def unit_source(self, name, bug=None):
        """One file of the floors, or classic, with the bug in it, or none."""
        paths = [CLASSIC] if bug and bug.path == CLASSIC else FLOORS
        return self.write(name + ".c", "extern int mutant_reached;\n" + self.amalgam(name, paths, bug))

    def link(self, name, floors, classic, main=None):
        """A program; `main`: objects in place of mutant.c."""
        out = self.path(name)
        objects = self.objects
        if main:
            objects = [found for found in objects if found != self.object_of(MUTANT)] + main
        clang([CLANG[0], "-Wl,--allow-multiple-definition"] + objects + [floors, classic, self.fuzzer] +
              (["-lrapidcheck"] if main else []) + LIBRARIES + ["-o", out], "%s does not link" % name)
        return out

    def build(self, bug, main=None):
        """The program of the engines with a bug in it."""
        unit = compile_file(self.unit_source(bug.name, bug), self.path(bug.name + ".o"), JUDGED)
        halves = (self.floors, unit) if bug.path == CLASSIC else (unit, self.classic)
        program = self.link(bug.name, *halves, main)
        os.remove(unit)
        return program

    def rapidcheck(self):
        """What takes the place of mutant.c where RapidCheck is the engine."""
        return [compile_file(source, self.path(os.path.basename(source) + ".o"), options)
                for source, options in (("props/rapidcheck/bridge.c", ["-O2"]),
                                        ("props/rapidcheck/rapidcheck.cc", ["-O2", "-x", "c++", "-std=c++14"]),
                                        (self.reached, []))]

    def library_of(self, subject, bug=None):
        """The whole of osmem, or classic, as a user would link it, with the bug in it or none."""
        name = bug.name if bug else subject
        paths = CLASSIC_WHOLE if subject == "classic" else AMALGAMATED
        text = "int mutant_reached;\n" + self.amalgam(name, paths, bug, [PUBLIC])
        source = self.write(name + ".library.c", text)
        return compile_file(source, source[:-1] + "o", ["-O1", "-I" + os.path.join(ROOT, "osmem")])

    def drop_in(self, name, bug=None):
        """libosmem.so, with the bug in it or none."""
        text = "int mutant_reached;\n" + self.amalgam(name, AMALGAMATED + drop_in(), bug, [PUBLIC])
        source, out = self.write(name + ".interpose.c", text), self.path(name + ".libosmem.so")
        clang(CLANG + ["-O1", "-fPIC", "-shared", "-fexceptions", "-fvisibility=hidden",
                       "-I" + os.path.join(ROOT, "osmem"), source, "-o", out, "-Wl,-Bsymbolic", "-ldl", "-lpthread",
                       "-Wl,--dynamic-list=osmem/interpose/replaceable.ld"], "%s does not build" % name)
        return out

    def user_program(self, program, library):
        """A C program of a user, linked with a library."""
        out = "%s.with.%s" % (program, os.path.basename(library)[:-2])
        clang(CLANG + ["-O1", "-g", program, library, "-o", out, "-ldl"], "%s does not compile" % program)
        return out

    def unit_test(self, name, test, bug=None):
        """A test by libcheck, with the bug in the source that has it, or none."""
        sources = [test, self.write(name + ".c", "extern int mutant_reached;\n" + planted_text(bug)) if bug
                   else self.reached]
        objects = [found for source, found in self.parts.items() if not bug or source != bug.path]
        for source in sources:
            out = self.path(name + "." + os.path.basename(source) + ".o")
            objects.append(compile_file(source, out, ["-O1", "-I" + self.folder]))
        if bug:
            objects.append(self.object_of(self.reached))
        out = self.path(name)
        # Unreferenced parts would count: some tests run under a small RLIMIT_DATA.
        clang([CLANG[0], "-Wl,--gc-sections"] + objects + ["-o", out] + TEST_LIBRARIES, "%s does not build" % name)
        return out
