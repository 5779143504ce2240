"""The planted bugs: rows of rows/*.txt, and how one is applied to a source text.

A row names a file, a function, what stands there (lines with -) and what replaces it (lines with
+). What stands there must occur exactly once in that function, blanks not counted. Nothing here
builds or runs anything.
"""
import glob
import os
import re

from tree import ROOT, fail, read

VALUES = "family", "equivalent", "test", "subject"
FUNCTION = r"^(?:__attribute__\(\(\w+\)\) )?\w[^;{}()]*\b%s\([^;{}]*\)\s*\{"


class BadRow(Exception):
    """A row that cannot be read or does not fit the sources, in one line."""


class Bug:
    """One row."""

    def __init__(self, name, where):
        self.name, self.where = name, where
        self.family = self.path = self.function = self.equivalent = self.test = self.subject = None
        self.old, self.new = [], []

    def check(self):
        for what in ("family", "path", "function"):
            if not getattr(self, what):
                raise BadRow("%s: bug %s has no %s" % (self.where, self.name, what))
        if not self.old:
            raise BadRow("%s: bug %s: expected a line with - and what stands there" % (self.where, self.name))

    @property
    def kind(self):
        """How it is judged: by the engines, by one test, or by a question of the probe."""
        if not self.test:
            return "equivalent" if self.equivalent else "engines"
        return "probe" if " " in self.test else "test"

    @property
    def program(self):
        """The test's source, or the program that answers."""
        return self.test.partition(" ")[0] if self.test else None


def read_rows(path):
    """The bugs of one file; BadRow at the first line that makes no sense."""
    bugs = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            key, _, value = line.rstrip("\n").partition(" ")
            where = "%s:%d" % (os.path.basename(path), number)
            if key == "bug":
                bugs.append(Bug(value, where))
            elif not bugs and key and key != "#":
                raise BadRow("%s: expected `bug NAME` first" % where)
            elif key in VALUES:
                setattr(bugs[-1], key, value)
            elif key == "in":
                bugs[-1].path, _, bugs[-1].function = value.partition(" ")
            elif key in ("-", "+"):
                (bugs[-1].old if key == "-" else bugs[-1].new).append(value)
            elif key and key != "#":
                raise BadRow("%s: expected bug, family, in, test, subject, -, + or equivalent, found %s" % (where, key))
    for bug in bugs:
        bug.check()
    return bugs


def all_rows(root=ROOT):
    """Every row of the tree, in the order of the files' names."""
    paths = sorted(glob.glob(os.path.join(root, "props", "mutants", "rows", "*.txt")))
    return [bug for path in paths for bug in read_rows(path)]


def function_range(text, function):
    """The body of a function, from its { to its }, or the whole for *; None where there is none."""
    if function == "*":
        return 0, len(text)
    head = re.search(FUNCTION % re.escape(function), text, re.MULTILINE)
    return (head.end() - 1, text.index("\n}", head.end()) + 1) if head else None


def places(bug, text):
    """Where its function's body is, and where in that body what it replaces stands."""
    found = function_range(text, bug.function)
    if not found:
        raise BadRow("%s: bug %s: %s has no function %s" % (bug.where, bug.name, bug.path, bug.function))
    old = r"\s*".join(re.escape(word) for word in re.findall(r"\w+|\S", " ".join(bug.old)))
    return found, list(re.finditer(r"(?<!\w)" + old if old[0].isalnum() else old, text[found[0]:found[1]]))


def plant(bug, text):
    """The file's text with the bug in it."""
    (start, end), matches = places(bug, text)
    if len(matches) != 1:
        raise BadRow("%s: bug %s: what it replaces stands %d times in %s, expected once"
                     % (bug.where, bug.name, len(matches), bug.function))
    at = matches[0]
    if bug.function == "*":
        return text[:at.start()] + "\n".join(bug.new) + text[at.end():]
    body = text[start + 1:start + at.start()] + "\n".join(bug.new) + text[start + at.end():end]
    return text[:start] + "{ mutant_reached = 1;" + body + text[end:]


def misfit(bug, root=ROOT):
    """Why a row does not apply to the sources of today, in one line; None where it does."""
    if not os.path.isfile(os.path.join(root, bug.path)):
        return "%s: bug %s: there is no %s" % (bug.where, bug.name, bug.path)
    if bug.kind == "test" and not os.path.isfile(os.path.join(root, bug.test)):
        return "%s: bug %s: there is no %s" % (bug.where, bug.name, bug.test)
    try:
        plant(bug, read(bug.path, root))
    except BadRow as wrong:
        return str(wrong)
    return None


def misfits(bugs, root=ROOT):
    """One line for every row that does not apply, and for every name that is used twice."""
    wrong, names = [], {}
    for bug in bugs:
        if bug.name in names:
            wrong.append("%s: bug %s: the name stands at %s already" % (bug.where, bug.name, names[bug.name]))
        names.setdefault(bug.name, bug.where)
        reason = misfit(bug, root)
        wrong += [reason] if reason else []
    return wrong


def planted_text(bug):
    """The bug's file with the bug in it, for a build."""
    try:
        return plant(bug, read(bug.path))
    except BadRow as wrong:
        return fail(str(wrong))
