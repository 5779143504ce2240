#!/usr/bin/python3
"""The countable part of the tree's style; prints what is wrong, a line each, and exits 1.

    tools/tidy.py [--words | --words=counts] [TREE]

Rules: files of up to 400 lines and functions of up to 60 (C, Python; files of shell, too), no #if within a
function, guards named after the path, a source's own header first, no tabs, nothing left to do, every
source named by a BUILD file, C as clang-format leaves it.

--words looks for something else: the words of tools/words.txt, in every file and file name. A line for
each; with =counts a line for each word, with its count in each directory. Exits 1 if there are any.
"""
import ast
import collections
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import words  # noqa: E402

LIMIT_FILE, LIMIT_FUNCTION = 400, 60
LEFT_OVER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
SKIPPED = (".git", ".fuzz", "third_party", "__pycache__")
TEXT = (".c", ".cc", ".h", ".def", ".inc", ".sh", ".py", ".bzl", ".txt", ".md", "BUILD", "bazel", ".ci/run", ".ci/quick")
SCRIPTS = (".py", ".sh", ".bzl", ".ci/run", ".ci/quick", "tools/bazel")


def sources(tree):
    """Every file of the tree but what a build, a run or git keeps there."""
    found = []
    for folder, folders, names in os.walk(tree):
        inside = os.path.relpath(folder, tree)
        folders[:] = [name for name in folders if name not in SKIPPED and not name.startswith("bazel-")]
        found += [os.path.normpath(os.path.join(inside, name)) for name in names]
    return sorted(found)


def functions(lines):
    """(first line, last line) of each body: from a line that ends in { at column 0's statement to a lone }."""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and line.endswith("{") and re.match(r"(?!struct|enum|union|static const)\w.*\)\s*\{$", line):
            start = number
        elif start is None and re.match(r"START_TEST\(.*\{$", line):
            start = number
        elif start is None and re.match(r"\s+\S.*\) \{$", line) and previous_opens(lines, number):
            start = number
        elif start is not None and line == "}":
            yield start, number
            start = None


def previous_opens(lines, number):
    """The line before begins a declaration at column 0 that this one ends."""
    at = number - 2
    while at >= 0 and lines[at].startswith(" "):
        at -= 1
    return at >= 0 and re.match(r"(?!struct \w+ \{|enum|static const|#|/\*|\*)[a-z_]\w*.*\([^;]*$", lines[at])


def check_size(lines):
    if len(lines) > LIMIT_FILE:
        yield 1, "%d lines, expected up to %d" % (len(lines), LIMIT_FILE)


def check_python(lines):
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError as error:
        yield error.lineno or 1, "no Python: %s" % error.msg
        return
    for node in ast.walk(tree):
        size = node.end_lineno - node.lineno + 1 if isinstance(node, ast.FunctionDef) else 0
        if size > LIMIT_FUNCTION:
            yield node.lineno, "a function of %d lines, expected up to %d" % (size, LIMIT_FUNCTION)


def check_c(path, lines):
    for first, last in functions(lines):
        if last - first + 1 > LIMIT_FUNCTION:
            yield first, "a function of %d lines, expected up to %d" % (last - first + 1, LIMIT_FUNCTION)
        for number in range(first, last):
            if re.match(r"\s*#\s*if", lines[number - 1]):
                yield number, "#if within a function"
    if path.endswith(".h"):
        guard = re.sub(r"\W", "_", path).upper()
        guard = guard if guard.startswith(("OSMEM_", "FUZZ_", "SANITIZERS_", "BENCH_", "PROPS_")) else "OSMEM_" + guard
        guard = guard.replace("OSMEM_OSMEM_H", "OSMEM_OSMEM_H")
        if "#ifndef " + guard not in lines:
            yield 1, "expected the guard " + guard
    own = path[:-2] + ".h"
    first_include = next((line for line in lines if line.startswith("#include")), "")
    if path.endswith(".c") and os.path.exists(own) and first_include != '#include "%s"' % own:
        yield 1, 'expected #include "%s" first' % own


def check_text(path, lines):
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            yield number, "a tab"
        if line != line.rstrip():
            yield number, "blanks at the line's end"
        if LEFT_OVER.search(line):
            yield number, "left over: " + line.strip()


def check_named(paths):
    """Every source stands in its package's BUILD: by name, by a glob of its ending, or by a macro that is
    named as it is (NAME.c, and NAME_test.c beside it)."""
    for path in paths:
        if not path.endswith((".c", ".h", ".def", "_test.sh")):
            continue
        folder, name = os.path.split(path)
        if not os.path.exists(os.path.join(folder, "BUILD")):
            yield path, 1, "there is no %s/BUILD" % folder
            continue
        with open(os.path.join(folder, "BUILD")) as build:
            text = build.read()
        stem = os.path.splitext(name)[0]
        macro = '"%s"' % (stem[:-len("_test")] if stem.endswith("_test") else stem)
        if '"%s"' % name not in text and 'name = %s' % macro not in text and not re.search(r"glob\(.*\*" + re.escape(os.path.splitext(name)[1]), text):
            yield path, 1, "no target of %s/BUILD names it" % folder


def check_format(paths):
    formatter = subprocess.run(["clang-format-19", "--dry-run"] + paths, stderr=subprocess.PIPE, text=True)
    for line in formatter.stderr.splitlines():
        found = re.match(r"(.+?):(\d+):\d+: warning: code should be clang-formatted", line)
        if found:
            yield found.group(1), int(found.group(2)), "not as clang-format-19 leaves it"


def read_lines(path):
    with open(path, encoding="utf-8") as source:
        lines = source.read().split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    return lines


def check_words(paths, count):
    """Prints the words that are not to be used; how many there are."""
    listed, exceptions = words.read_list()
    found, counts = 0, collections.Counter()
    for path in paths:
        for number, what, word in words.find(path, read_lines(path), listed, exceptions):
            found += 1
            counts[word.pattern, "/".join(os.path.dirname(path).split("/")[:2]) or "."] += 1
            if not count:
                print('%s:%d: "%s": say %s' % (path, number, what, word.instead))
    if count:
        print("\n".join(words.table(counts)))
    print("words: %d files, %d wrong" % (len(paths), found))
    return found


def check_tree(paths):
    """(file, line, what is wrong) by every rule but the words."""
    for path in paths:
        if not path.endswith(TEXT):
            continue
        lines = read_lines(path)
        rules = [check_text(path, lines)]
        if path.endswith(SCRIPTS + (".c", ".h")):
            rules.append(check_size(lines))
        if path.endswith((".c", ".h")):
            rules.append(check_c(path, lines))
        if path.endswith(".py"):
            rules.append(check_python(lines))
        for rule in rules:
            yield from ((path, number, what) for number, what in rule)
    yield from check_named(paths)
    yield from check_format([path for path in paths if path.endswith((".c", ".h"))])


def main():
    switches = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    trees = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if len(trees) > 1 or switches not in ([], ["--words"], ["--words=counts"]):
        sys.exit(__doc__)
    os.chdir(trees[0] if trees else ".")
    paths = sources(".")
    if switches:
        sys.exit(1 if check_words([path for path in paths if path.endswith(TEXT)], switches == ["--words=counts"]) else 0)
    wrong = list(check_tree(paths))
    for path, number, what in wrong:
        print("%s:%d: %s" % (path, number, what))
    print("tidy: %d files, %d wrong" % (len(paths), len(wrong)))
    sys.exit(1 if wrong or not paths else 0)


main()
