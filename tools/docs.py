#!/usr/bin/python3
"""Whether the documentation is true: its commands are run, its links lead somewhere.

    tools/docs.py [--list | --run] [TREE]

Reads README.md, CONTRIBUTING.md and docs/*.md. Rules: each command is run by .ci/run, by a test, or
by --run; a link, a path and a `path:name` exist; README.md has up to 180 lines, and the rows of its
tables that docs/PROMISES.md has too agree with it; a block that quotes a file is that file. Prints
a line for each breach, then `docs: N commands, ...`; exits 1 if there is one.

A command is a line of a block ```sh, or an indented line that starts with tools/ or .ci/. It needs
no mark if .ci/run has it, with at least its flags. Else a comment right before the block says how:

    <!-- docs: run -->                 --run runs the block, as one script, in the tree
    <!-- docs: run ends=134 makes=A,B shows -->
                                       ... which exits so, makes these files (they are removed),
                                       and prints the next block ```text, addresses left out
    <!-- docs: run as COMMAND -->      --run runs this, of the same program, for the next command;
                                       `run ends=1 as COMMAND`: it exits so
    <!-- docs: by PATH: TEXT -->       the next command is run by this file, which has this text and
                                       the name of its program
    <!-- docs: file=PATH -->           the block is this file

--list prints each command and how it is run. --run runs what is marked so, and ends with the line
`docs: N commands, M passed`.
"""
import glob
import os
import re
import shlex
import subprocess
import sys

README_LINES = 180
SECONDS = 900  # for one block, its build included
AS = re.compile(r"run (?:ends=(\d+) )?as (.*)")
MARK = re.compile(r"<!-- docs: (.*?) -->")
OWN = re.compile(r"`((?:osmem|fuzz|props|corpus|docs|tools|bench|sanitizers|\.ci)/[\w./-]*[\w/])(?::(\w+))?`")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
INDENTED = re.compile(r"    ((?:tools|\.ci)/.*)")


class Block:
    """A block between ```, or an indented command: its lines, and the marks right before it."""

    def __init__(self, path, line, language, marks):
        self.path, self.line, self.language, self.marks = path, line, language, marks
        self.lines, self.next = [], None

    def options(self):
        """What `run` says besides: {"ends": "134", "shows": ""}; None where the block is not run as it is."""
        for mark in self.marks:
            words = mark.split()
            if words[0] == "run" and not AS.match(mark):
                return dict(word.partition("=")[::2] for word in words[1:])
        return None

    def single_marks(self):
        """The marks that are for one command each."""
        return [mark for mark in self.marks if AS.match(mark) or mark.startswith("by ")]

    def commands(self):
        """(line, command): comments left out, continued lines joined, what is fed to a command left out."""
        found, whole, until = [], "", None
        for number, line in enumerate(self.lines, self.line):
            if until:
                until = None if line == until else until
                continue
            line = re.split(r"(?:^|\s+)#\s", line)[0].strip()
            here = re.search(r"<<'?(\w+)'?", line)
            until = here.group(1) if here else None
            whole = (whole + " " + line.rstrip("\\").strip()).strip()
            if line.endswith("\\"):
                continue
            if whole:
                found.append((number, whole))
            whole = ""
        return found


class Command:
    """A command of the documentation, and how it is run: "ci", "test", "run", or None."""

    def __init__(self, path, line, text, how=None, detail=""):
        self.path, self.line, self.text, self.how, self.detail = path, line, text, how, detail
        self.ends = "0"


def read(tree, path):
    with open(os.path.join(tree, path), encoding="utf-8") as text:
        return text.read()


def documents(tree):
    pages = sorted(glob.glob(os.path.join(tree, "docs", "*.md")))
    names = ["README.md", "CONTRIBUTING.md"] + [os.path.relpath(page, tree) for page in pages]
    return [name for name in names if os.path.exists(os.path.join(tree, name))]


def blocks(path, text):
    """Every block of a page, in order; marks belong to the block that follows them."""
    found, marks, inside, margin = [], [], None, 0
    for number, line in enumerate(text.split("\n"), 1):
        ticks = re.match(r"( *)```(\w*)", line)
        indented = INDENTED.match(line)
        mark = MARK.match(line.strip())
        if ticks and inside:
            inside = None
        elif ticks:
            inside, margin = Block(path, number + 1, ticks.group(2), marks), len(ticks.group(1))
            found.append(inside)
            marks = []
        elif inside:
            inside.lines.append(line[margin:])
        elif mark:
            marks.append(mark.group(1))
        elif indented:
            found.append(Block(path, number, "sh", marks))
            found[-1].lines.append(indented.group(1))
            marks = []
    for block, following in zip(found, found[1:]):
        block.next = following
    return found


# ---- what .ci/run runs ----

def ci_commands(text):
    """The commands of a script like .ci/run: what run_step and run_tests are given, its loops unrolled."""
    found, loops = [], []
    for line in text.replace("\\\n", " ").split("\n"):
        line = line.strip()
        loop = re.match(r"for (\w+) in ([^$;]+); do$", line)
        if loop:
            loops.append((loop.group(1), loop.group(2).split()))
        elif line == "done" and loops:
            loops.pop()
        step = re.match(r"(run_step|run_tests) (.*)", line)
        if not step:
            continue
        commands = [("tools/bazel test " if step.group(1) == "run_tests" else "") + step.group(2)]
        for name, values in loops:
            commands = [re.sub(r"\$\{?%s\b\}?" % name, value, command) for command in commands for value in values]
        found += [split(command) for command in commands]
    return found


def split(command):
    """The words of a command, without what only concerns its output."""
    try:
        return [word for word in shlex.split(command) if word != "--noshow_progress"]
    except ValueError:
        return command.split()


def parts(words):
    """(subcommand, flags, labels, arguments) of a call of Bazel; None for another command."""
    if words[0] not in ("tools/bazel", "bazel") or len(words) < 3:
        return None
    own, arguments = words[1:], []
    if "--" in own:
        own, arguments = own[:own.index("--")], own[own.index("--") + 1:]
    return own[0], [word for word in own[1:] if not word.startswith("//")], \
        [word for word in own[1:] if word.startswith("//")], arguments


def covers(ran, words):
    """Whether .ci/run's command `ran` is the documented one: the same, with its flags, and perhaps more."""
    theirs, ours = parts(ran), parts(words)
    if not ours or not theirs:
        return not ours and not theirs and ran[0] == words[0] and set(words) <= set(ran)
    if ours[1] != theirs[1]:
        return False
    if ours[0] in ("test", "build"):
        return theirs[0] == "test" and theirs[2] == ["//..."]
    return theirs[0] == "run" and ours[0] == "run" and ours[2] == theirs[2] and set(ours[3]) <= set(theirs[3])


# ---- the rules ----

def program(command):
    """What it runs, in a word: the name of its target, else its own."""
    words = split(command)
    while words[1:] and re.match(r"\w+=", words[0]):
        words.pop(0)
    bazel = parts(words)
    return bazel[2][0].partition(":")[2] or bazel[2][0] if bazel and bazel[2] else words[0]


def judge_mark(tree, command, mark):
    """Applies `run as` or `by` to its command; what is wrong with the mark, or None."""
    shorter = AS.match(mark)
    if shorter:
        command.how, command.ends, command.detail = "run", shorter.group(1) or "0", shorter.group(2)
        return None if program(command.text) == program(command.detail) else "not the program of `%s`" % command.text
    path, _, text = mark[len("by "):].partition(": ")
    command.how, command.detail = "test", path
    if not os.path.isfile(os.path.join(tree, path)):
        return "%s does not exist" % path
    for needed in (text, os.path.basename(program(command.text))):
        if needed not in read(tree, path):
            return "%s has no `%s`" % (path, needed)
    return None


def judge_block(tree, block, ran):
    """(commands, breaches) of a block of commands."""
    commands, wrong = [], []
    whole, marks = block.options(), block.single_marks()
    for line, text in block.commands():
        command = Command(block.path, line, text)
        commands.append(command)
        words = split(text)
        if whole is not None:
            command.how, command.detail = "run", "with its block"
        elif words[0].startswith(".ci/"):
            command.how, command.detail = "ci", "itself"
            if not os.access(os.path.join(tree, words[0]), os.X_OK):
                wrong.append((line, "%s does not exist" % words[0]))
        elif any(covers(step, words) for step in ran):
            command.how = "ci"
        elif marks:
            fault = judge_mark(tree, command, marks.pop(0))
            if fault:
                wrong.append((line, fault))
        else:
            wrong.append((line, "no test, .ci/run or --run runs `%s`" % text))
    wrong += [(block.line, "a mark without a command: " + mark) for mark in marks]
    if whole is not None and "shows" in whole and (not block.next or block.next.language != "text"):
        wrong.append((block.line, "expected a block of text behind it"))
    return commands, wrong


def judge_quotes(tree, block):
    """A block that quotes a file."""
    for mark in block.marks:
        if mark.startswith("file="):
            path = mark[len("file="):]
            if not os.path.isfile(os.path.join(tree, path)):
                yield block.line, "%s does not exist" % path
            elif read(tree, path).rstrip("\n").split("\n") != block.lines:
                yield block.line, "expected the text of %s" % path


def judge_links(tree, path, text):
    """Links, and the tree's own paths and names between backticks, outside of blocks."""
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        inside ^= line.lstrip().startswith("```")
        if inside:
            continue
        for target in LINK.findall(line):
            there = os.path.join(tree, os.path.dirname(path), target)
            if not re.match(r"\w+:", target) and not os.path.exists(there):
                yield number, "%s does not exist" % target
        for own, name in OWN.findall(line):
            there = os.path.join(tree, own)
            if not os.path.exists(there):
                yield number, "%s does not exist" % own
            elif name and not re.search(r"\b%s\b" % name, read(tree, own)):
                yield number, "%s has no %s" % (own, name)


def table_rows(text):
    """The rows of all tables: {first cell: its other cells}."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in text.split("\n") if line.startswith("|")]
    return {row[0]: row[1:] for row in rows}


def judge_readme(tree):
    """Its length, and its rows of docs/PROMISES.md."""
    text = read(tree, "README.md")
    lines = text.rstrip("\n").count("\n") + 1
    if lines > README_LINES:
        yield 1, "%d lines, expected up to %d" % (lines, README_LINES)
    if not os.path.exists(os.path.join(tree, "docs/PROMISES.md")):
        return
    promised = table_rows(read(tree, "docs/PROMISES.md"))
    for name, cells in table_rows(text).items():
        if name in promised and set(name) != {"-"} and cells != promised[name][:len(cells)]:
            yield 1, "the row `%s`: expected %s" % (name, " | ".join(promised[name][:len(cells)]))


def judge(tree):
    """(commands, blocks, breaches) of the whole; a breach is (path, line, words)."""
    commands, everything, breaches = [], [], []
    ci = os.path.join(tree, ".ci/run")
    ran = ci_commands(read(tree, ".ci/run")) if os.path.exists(ci) else []
    for path in documents(tree):
        text = read(tree, path)
        wrong = list(judge_links(tree, path, text))
        for block in blocks(path, text):
            everything.append(block)
            wrong += judge_quotes(tree, block)
            if block.language == "sh":
                found, faults = judge_block(tree, block, ran)
                commands += found
                wrong += faults
        if path == "README.md":
            wrong += judge_readme(tree)
        breaches += [(path, line, words) for line, words in wrong]
    return commands, everything, breaches


# ---- --run ----

def plain(text):
    """Output without what differs from run to run: addresses and random bytes."""
    return [re.sub(r"0x[0-9a-f]+", "0x?", line.rstrip()) for line in text.strip("\n").split("\n")]


def run_script(tree, script, options):
    """Runs it in the tree; what is wrong, or None."""
    made = [os.path.join(tree, name) for name in options.get("makes", "").split(",") if name]
    for path in made:
        if os.path.exists(path):
            return "%s is in the way" % path
    try:
        done = subprocess.run(["bash", "-ec", script], cwd=tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS, encoding="utf-8", errors="replace")
    except subprocess.TimeoutExpired:
        return "not done after %d seconds" % SECONDS
    finally:
        for path in filter(os.path.exists, made):
            os.remove(path)
    status = done.returncode if done.returncode >= 0 else 128 - done.returncode  # as a shell counts signals
    if status != int(options.get("ends", 0)):
        return "exit status %d\n%s" % (status, "\n".join(done.stdout.split("\n")[-30:]))
    shown = options.get("shows")
    if shown and "\n".join(plain(shown)) not in "\n".join(plain(done.stdout)):
        return "expected to print\n%s\nbut printed\n%s" % (shown, "\n".join(done.stdout.split("\n")[-30:]))
    return None


def scripts(commands, everything):
    """(where, the script, its options, how many commands) for each thing that --run runs."""
    for block in everything:
        options = block.options() if block.language == "sh" else None
        if options is not None:
            if "shows" in options and block.next:
                options["shows"] = "\n".join(block.next.lines)
            yield "%s:%d" % (block.path, block.line), "\n".join(block.lines), options, len(block.commands())
    for command in commands:
        if command.how == "run" and command.detail != "with its block":
            yield "%s:%d" % (command.path, command.line), command.detail, {"ends": command.ends}, 1


def run_all(tree, commands, everything):
    total = passed = 0
    for where, script, options, count in scripts(commands, everything):
        print("== %s: %s" % (where, script.split("\n")[0]), flush=True)
        wrong = run_script(tree, script, options)
        total += count
        passed += 0 if wrong else count
        if wrong:
            print("%s: FAILED: %s" % (where, wrong), flush=True)
    print("docs: %d commands, %d passed" % (total, passed))
    return 0 if passed == total else 1


def main():
    arguments = sys.argv[1:]
    mode = arguments.pop(0) if arguments[:1] in (["--list"], ["--run"]) else None
    if len(arguments) > 1 or arguments and arguments[0].startswith("-"):
        sys.exit(__doc__)
    tree = arguments[0] if arguments else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    commands, everything, breaches = judge(tree)
    if mode == "--run":
        return run_all(tree, commands, everything)
    if mode == "--list":
        for command in commands:
            print("%-22s %-5s %s" % ("%s:%d" % (command.path, command.line), command.how or "-", command.text))
    for breach in breaches:
        print("%s:%d: %s" % breach)
    ways = [command.how for command in commands]
    print("docs: %d commands, %d run by .ci/run, %d by a test, %d by --run; %d wrong" %
          (len(ways), ways.count("ci"), ways.count("test"), ways.count("run"), len(breaches)))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
