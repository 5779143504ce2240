"""Builds what is judged: the programs, tests and libraries with one bug in them, or with none.

Every source is compiled once for each of three uses: as it judges, as it is judged by the engines,
and as part of the library for LD_PRELOAD. A bug replaces the object of its source; a bug of a header
is built into one file made of all sources.
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
PRELOADED = ["-O1", "-fPIC", "-fexceptions", "-fvisibility=hidden"]
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


def replaced(objects, amalgamated, bug, unit):
    """The objects, with that of the bug in place of its source's, or of all that are amalgamated."""
    if bug.path.endswith(".c") and bug.path not in objects:
        fail("%s: bug %s: %s is in none of the sources that are built for it" % (bug.where, bug.name, bug.path))
    gone = [bug.path] if bug.path in objects else amalgamated
    return [unit] + [found for source, found in objects.items() if source not in gone]


class Workshop:
    """The sources, compiled once, and the build without a bug."""

    def __init__(self, folder, pool):
        self.folder, self.pool, self.preloaded, self.tests = folder, pool, {}, {}
        self.reached = self.write("reached.c", "int mutant_reached;\n")
        for path in EXPLAINED:
            self.embed(path)
        done = self.compile_all(HARNESS + FLOORS + PROCESS + [CLASSIC, self.reached], "", ["-O2", "-I" + folder])
        self.objects = [done[source] for source in HARNESS]
        # What the tests are made of: neither an engine's entry nor steps.
        self.parts = {source: found for source, found in done.items()
                      if source not in (ENTRY, MUTANT, STEPS, self.reached)}
        self.judged = self.compile_all(FLOORS + [CLASSIC], "judged_", JUDGED)
        self.fuzzer = fuzzer_library()
        self.control = self.link("control", self.judged.values())

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        """A file in the workshop's folder."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def object_of(self, source, prefix=""):
        name = os.path.splitext(source.replace(self.folder + "/", ""))[0].replace("/", "_")
        return self.path(prefix + name + ".o")

    def compile_all(self, sources, prefix, options):
        """{source: object}"""
        jobs = {source: self.pool.submit(compile_file, source, self.object_of(source, prefix), options)
                for source in sources}
        return {source: job.result() for source, job in jobs.items()}

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

    def planted_source(self, name, bug, paths):
        """The bug's source with the bug in it; of a header: all of the paths in one file."""
        text = planted_text(bug) if bug.path.endswith(".c") else self.amalgam(name, paths, bug)
        return self.write(name + ".c", "extern int mutant_reached;\n" + text)

    def link(self, name, judged, main=None):
        """A program of the engines; `main`: objects in place of mutant.c."""
        out = self.path(name)
        objects = self.objects
        if main:
            objects = [found for found in objects if found != self.object_of(MUTANT)] + main
        clang([CLANG[0], "-Wl,--allow-multiple-definition"] + objects + list(judged) + [self.fuzzer] +
              (["-lrapidcheck"] if main else []) + LIBRARIES + ["-o", out], "%s does not link" % name)
        return out

    def build(self, bug, main=None):
        """The program of the engines with a bug in it."""
        unit = compile_file(self.planted_source(bug.name, bug, FLOORS), self.path(bug.name + ".o"), JUDGED)
        program = self.link(bug.name, replaced(self.judged, FLOORS, bug, unit), main)
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

    def sound_drop_in(self):
        """libosmem.so without a bug; its objects are those of all others."""
        self.preloaded = self.compile_all(AMALGAMATED + drop_in() + [self.reached], "preloaded_", PRELOADED)
        return self.link_drop_in("sound", self.preloaded.values())

    def drop_in(self, bug):
        """libosmem.so with the bug in it."""
        sources = AMALGAMATED + drop_in()
        unit = compile_file(self.planted_source(bug.name, bug, sources), self.path(bug.name + ".o"), PRELOADED)
        return self.link_drop_in(bug.name, replaced(self.preloaded, sources, bug, unit))

    def link_drop_in(self, name, objects):
        out = self.path(name + ".libosmem.so")
        clang([CLANG[0], "-shared"] + list(objects) + ["-o", out, "-Wl,-Bsymbolic", "-ldl", "-lpthread",
              "-Wl,--dynamic-list=osmem/interpose/replaceable.ld"], "%s does not link" % name)
        return out

    def user_program(self, program, library):
        """A C program of a user, linked with a library."""
        out = "%s.with.%s" % (program, os.path.basename(library)[:-2])
        clang(CLANG + ["-O1", "-g", program, library, "-o", out, "-ldl"], "%s does not compile" % program)
        return out

    def unit_test(self, name, test, bug=None):
        """A test by libcheck, with the bug in the source that has it, or none."""
        if test not in self.tests:
            self.tests[test] = compile_file(test, self.object_of(test), ["-O1", "-I" + self.folder])
        source = self.planted_source(name, bug, []) if bug else self.reached
        unit = compile_file(source, self.path(name + ".o"), ["-O1", "-I" + self.folder])
        objects = [self.tests[test], unit] + [found for path, found in self.parts.items() if not bug or path != bug.path]
        if bug:
            objects.append(self.object_of(self.reached))
        out = self.path(name)
        # Unreferenced parts would count: some tests run under a small RLIMIT_DATA.
        clang([CLANG[0], "-Wl,--gc-sections"] + objects + ["-o", out] + TEST_LIBRARIES, "%s does not build" % name)
        return out
