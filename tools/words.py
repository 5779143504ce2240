"""The words that osmem does not use: reads words.txt, and finds them in the tree.

Called by `tidy.py --words`, which says what the output is.
"""
import collections
import os
import re

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.txt")
# The list itself, and the test that makes wrong lines.
UNJUDGED = "tools/words.txt", "tools/tidy_test.sh"


class Word:
    """One line of the list."""

    def __init__(self, pattern, instead, inside, outside):
        self.pattern, self.instead, self.inside, self.outside = pattern, instead, inside, outside
        self.regex = re.compile(r"(?<![A-Za-z0-9])(?:%s)(?![A-Za-z0-9])" % pattern, re.IGNORECASE)

    def is_for(self, path):
        """Whether a file is one of those that the word is looked for in."""
        def within(folders):
            return any(path == folder or path.startswith(folder + "/") for folder in folders)
        return (not self.inside or within(self.inside)) and not within(self.outside)


def read_list(path=LIST):
    """(words, exceptions); ValueError at a line that makes no sense."""
    words, exceptions = [], []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.strip()
            exception = re.fullmatch(r"except (\S+) (.+)", line)
            word = re.fullmatch(r"(.+?) => (.+?)(?: (not )?in ((?:[\w.-]+/?)+(?: (?:[\w.-]+/?)+)*))?", line)
            if exception:
                exceptions.append(exception.groups())
            elif word:
                folders = word.group(4).split() if word.group(4) else []
                inside, outside = ([], folders) if word.group(3) else (folders, [])
                words.append(Word(word.group(1), word.group(2), inside, outside))
            elif line and not line.startswith("#"):
                raise ValueError("%s:%d: expected `PATTERN => INSTEAD [[not] in FOLDER ...]`" % (path, number))
    return words, exceptions


def find(path, lines, words, exceptions):
    """(line, what was found, its Word) for a file, its own name included as line 1."""
    if path in UNJUDGED:
        return
    wanted = [word for word in words if word.is_for(path)]
    excepted = [text for where, text in exceptions if where == path]
    for number, line in [(1, path)] + list(enumerate(lines, 1)):
        if any(text in line for text in excepted):
            continue
        for word in wanted:
            for match in word.regex.finditer(line):
                yield number, match.group(0), word


def table(counts):
    """The counts by word and directory, as lines; `counts` has (pattern, directory)."""
    folders = sorted({folder for _, folder in counts})
    total, by_word = collections.Counter(), collections.Counter()
    for (pattern, folder), count in counts.items():
        total[folder] += count
        by_word[pattern] += count
    for pattern, count in by_word.most_common():
        cells = ", ".join("%s %d" % (folder, counts[pattern, folder]) for folder in folders if counts[pattern, folder])
        yield "%5d  %-24s %s" % (count, pattern if len(pattern) <= 24 else pattern[:21] + "...", cells)
    yield "%5d  %-24s %s" % (sum(total.values()), "all", ", ".join("%s %d" % item for item in total.most_common()))
