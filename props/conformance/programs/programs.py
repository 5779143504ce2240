#!/usr/bin/python3
"""Runs real programs under osmem and under the C library's malloc, and compares.

    tools/bazel run -c opt //props/conformance/programs [-- --all | --only=TEXT] [--install] [--options=TEXT]

By default the quick ones; --only takes those with TEXT in their name; --install installs what they
need by apt-get, as root; --options sets OSMEM_OPTIONS, for example tier=full. Standard output and
exit code must be the same, and each program that a row names must run with libosmem.so mapped (a
second preloaded library reads /proc/self/maps). Prints CPU seconds for both; exits 1 where a
program misbehaves.
"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile


def fail(message):
    print("programs: " + message, file=sys.stderr)
    sys.exit(2)


class Program:
    def __init__(self, name):
        self.name, self.packages, self.proves, self.quick, self.script = name, [], [], False, []


def read_programs(path):
    programs = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        key, _, value = line.rstrip("\n").partition(" ")
        if key == "program":
            programs.append(Program(value))
        elif not programs or key in ("#", ""):
            continue
        elif key in ("packages", "proves"):
            setattr(programs[-1], key, value.split())
        elif key == "quick":
            programs[-1].quick = True
        elif key == "|":
            programs[-1].script.append(value)
        else:
            fail("%s:%d: expected program, packages, proves, quick or |, found %s" % (path, number, key))
    return programs


def run(program, folder, preload, witness, options):
    """Exit code, standard output, CPU seconds."""
    work = os.path.join(folder, "work")  # always the same: the output may contain it
    os.makedirs(work)
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                   "HOME": work, "TMPDIR": work, "OSMEM_WITNESS": witness}
    if preload:
        environment["LD_PRELOAD"] = " ".join(preload)
        environment["OSMEM_OPTIONS"] = options
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["bash", "-c", "\n".join(program.script)], cwd=work, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(work)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), seconds


def judge(program, folder, library, options):
    """A list of what is wrong, and the CPU seconds under glibc and under osmem."""
    preload = [os.path.join(folder, os.path.basename(path)) for path in library]
    witness = os.path.join(folder, "witness")
    open(witness, "w").close()
    os.chmod(witness, 0o666)
    code, expected, _, theirs = run(program, folder, None, witness, options)
    ours_code, found, errors, ours = run(program, folder, preload, witness, options)
    seen = [line.rsplit(" ", 1) for line in open(witness).read().splitlines()]
    os.remove(witness)
    wrong = []
    if code:
        wrong.append("fails without osmem: exit code %d" % code)
    if (ours_code, found) != (code, expected):
        wrong.append("exit code %d, expected %d; output\n%s  expected\n%s  standard error\n%s"
                     % (ours_code, code, found[-2000:], expected[-2000:], errors[-2000:]))
    if "osmem:" in errors:
        wrong.append("osmem says\n" + errors[-2000:])
    if any(how != "osmem" for _, how in seen):
        wrong.append("a process had no osmem: %s" % [name for name, how in seen if how != "osmem"][:3])
    for name in program.proves:
        if [name, "osmem"] not in seen:
            wrong.append("%s was never seen with libosmem.so; seen: %s" % (name, sorted({name for name, _ in seen})))
    return wrong, theirs, ours


def install(programs):
    packages = sorted({package for program in programs for package in program.packages})
    lacking = [package for package in packages
               if subprocess.run(["dpkg", "-s", package], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode]
    if lacking:
        print("programs: installing %s" % " ".join(lacking), file=sys.stderr)
        command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends"] + lacking
        subprocess.run(["apt-get", "update"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if subprocess.run(command, stdout=sys.stderr, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive")).returncode:
            fail("could not install %s" % " ".join(lacking))


def main():
    rows, libraries, only, options, everything, installs = sys.argv[1], sys.argv[2:4], "", "", False, False
    for argument in sys.argv[4:]:
        if argument in ("-h", "--help"):
            print(__doc__)
            sys.exit(0)
        elif argument.startswith("--only="):
            only = argument[len("--only="):]
        elif argument.startswith("--options="):
            options = argument[len("--options="):]
        elif argument == "--all":
            everything = True
        elif argument == "--install":
            installs = True
        else:
            fail("%s: expected --all, --only=TEXT, --options=TEXT or --install" % argument)
    programs = [program for program in read_programs(rows)
                if only in program.name and (program.quick or only or everything)]
    if not programs:
        fail("no program has %r in its name" % only)
    if installs:
        install(programs)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="programs") as folder:
        os.chmod(folder, 0o755)
        for path in libraries:  # where every user can read them
            shutil.copy(path, folder)
        for program in programs:
            print("programs: %s" % program.name, file=sys.stderr)
            problems, theirs, ours = judge(program, folder, libraries, options)
            wrong += bool(problems)
            print("%-20s %-8s glibc %7.2f s  osmem %7.2f s  %.2f"
                  % (program.name, "WRONG" if problems else "same", theirs, ours, ours / max(theirs, .01)), flush=True)
            for problem in problems:
                print("  " + problem.replace("\n", "\n    "))
    print("%d programs, %d misbehave" % (len(programs), wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
