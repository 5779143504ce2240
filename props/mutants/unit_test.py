#!/usr/bin/python3
"""Tests of what mutants.py does before it builds anything, and of its limits, on a small tree."""
import os
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import options  # noqa: E402
import rows  # noqa: E402
import run  # noqa: E402
import tree  # noqa: E402

SOURCE = """static int twice(int number) {
    int more = number + 1;
    return more + number;
}

int f(int number) {
    return twice(number) + twice(number);
}
"""
ROWS = """# two bugs
bug one-too-many
family off-by-one
in osmem/a/a.c twice
- int more =  number + 1;
+ int more = number + 2;

bug never-twice
family dropped
in osmem/b/b.c f
test osmem/b/b_test.c
- return number;
+ return 0;
"""


class TreeTest(unittest.TestCase):
    """A tree of two sources and two rows, in a git repository."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.write("osmem/a/a.c", SOURCE)
        self.write("osmem/b/b.c", "int f(int number) {\n    return number;\n}\n")
        self.write("osmem/b/b_test.c", "int main(void) {\n    return 0;\n}\n")
        self.write("props/mutants/rows/a.txt", ROWS)
        self.git("init", "-q")
        self.commit()

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.root, "-c", "user.name=test", "-c", "user.email=test@localhost"] +
                       list(arguments), check=True, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null"))

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "state")

    def bugs(self):
        return rows.all_rows(self.root)

    def wrong(self):
        return rows.misfits(self.bugs(), self.root)

    def chosen(self, **wanted):
        return [bug.name for bug in options.choose(self.bugs(), wanted, self.root)]


class Rows(TreeTest):
    """Rows are read, and a row that makes no sense is named."""

    def refused(self, text, words):
        self.write("props/mutants/rows/a.txt", text)
        with self.assertRaises(rows.BadRow) as caught:
            self.bugs()
        self.assertIn(words, str(caught.exception))

    def test_a_row_is_read(self):
        one, never = self.bugs()
        self.assertEqual((one.name, one.family, one.path, one.function, one.kind),
                         ("one-too-many", "off-by-one", "osmem/a/a.c", "twice", "engines"))
        self.assertEqual((never.where, never.kind, never.program), ("a.txt:8", "test", "osmem/b/b_test.c"))

    def test_what_makes_no_sense_is_refused(self):
        self.refused("family x\n", "a.txt:1: expected `bug NAME` first")
        self.refused("bug x\nwhat y\n", "a.txt:2: expected bug, family")
        self.refused("bug x\nfamily y\nin a.c f\n+ 1\n", "expected a line with -")
        self.refused("bug x\nin a.c f\n- 1\n", "bug x has no family")
        self.refused("bug x\nfamily y\nin a.c\n- 1\n", "bug x has no function")

    def test_a_bug_is_planted_in_its_function(self):
        text = rows.plant(self.bugs()[0], SOURCE)
        self.assertIn("{ mutant_reached = 1;\n    int more = number + 2;\n    return more", text)
        self.assertIn("int f(int number) {\n    return twice(number) + twice(number);\n}\n", text)

    def test_the_whole_file_can_be_meant(self):
        bug = self.bugs()[0]
        bug.function, bug.old, bug.new = "*", ["int f(int number)"], ["int g(int number)"]
        self.assertEqual(rows.plant(bug, SOURCE), SOURCE.replace("int f(", "int g("))


class CheckRows(TreeTest):
    """Each row must apply exactly once."""

    def test_rows_that_fit(self):
        self.assertEqual(self.wrong(), [])

    def test_text_that_is_gone(self):
        self.write("osmem/a/a.c", SOURCE.replace("number + 1", "number + 3"))
        self.assertEqual(self.wrong(), ["a.txt:2: bug one-too-many: what it replaces stands 0 times in twice, "
                                        "expected once"])

    def test_text_that_stands_twice(self):
        self.write("osmem/b/b.c", "int f(int number) {\n    if (number)\n        return number;\n    return number;\n}\n")
        self.assertIn("stands 2 times in f", self.wrong()[0])

    def test_a_function_or_file_that_is_gone(self):
        self.write("osmem/a/a.c", SOURCE.replace("twice", "double"))
        os.remove(os.path.join(self.root, "osmem/b/b.c"))
        self.assertEqual(self.wrong(), ["a.txt:2: bug one-too-many: osmem/a/a.c has no function twice",
                                        "a.txt:8: bug never-twice: there is no osmem/b/b.c"])

    def test_a_test_that_is_gone(self):
        os.remove(os.path.join(self.root, "osmem/b/b_test.c"))
        self.assertEqual(self.wrong(), ["a.txt:8: bug never-twice: there is no osmem/b/b_test.c"])

    def test_a_name_used_twice(self):
        self.write("props/mutants/rows/b.txt", ROWS.replace("one-too-many", "another"))
        self.assertEqual(self.wrong(), ["b.txt:8: bug never-twice: the name stands at a.txt:8 already"])


class Choice(TreeTest):
    """--since, --only, --shard and --sample."""

    def test_since_takes_what_differs(self):
        self.assertEqual(self.chosen(since="HEAD"), [])
        self.write("osmem/b/b.c", "int f(int number) {\n    return number;\n}\n\n")
        self.assertEqual(self.chosen(since="HEAD"), ["never-twice"])
        self.commit()
        self.assertEqual(self.chosen(since="HEAD"), [])
        self.assertEqual(self.chosen(since="HEAD~1"), ["never-twice"])
        self.assertEqual(self.chosen(since="HEAD~1", only="one"), [])

    def test_since_of_no_revision_ends_the_run(self):
        for revision in "nothing-of-this-name", "", "--output=x":
            with self.assertRaises(SystemExit):
                self.chosen(since=revision)

    def test_shards_share_all_rows(self):
        self.assertEqual(self.chosen(shard="0/2") + self.chosen(shard="1/2"), self.chosen())
        for shard in "2/2", "1", "a/2", "0/0":
            with self.assertRaises(SystemExit):
                self.chosen(shard=shard)

    def test_only_and_sample(self):
        self.assertEqual(self.chosen(only="never"), ["never-twice"])
        self.assertEqual(self.chosen(sample="1"), ["one-too-many"])
        self.assertEqual(self.chosen(sample="9"), ["one-too-many", "never-twice"])

    def test_options_are_read(self):
        self.assertEqual(options.read_options(["--only=x", "--list"], ""), {"only": "x", "list": ""})
        for wrong in "--nothing", "only=x", "--only", "--list=1", "--exhaust=9":
            with self.assertRaises(SystemExit):
                options.read_options([wrong], "")


class Linked(TreeTest):
    """The sources of a program follow from its includes."""

    def test_sources_of_headers(self):
        self.write("fuzz/main.c", '#include "fuzz/x.h"\n#include "osmem/a/a.h"\n')
        self.write("fuzz/x.h", '#include "fuzz/y.h"\n')
        self.write("fuzz/y.h", '#include "fuzz/x.h"\n')
        self.write("fuzz/y.c", '#include "fuzz/y.h"\n')
        self.write("osmem/a/a.h", "")
        self.assertEqual(tree.linked(["fuzz/main.c"], self.root), ["fuzz/main.c", "fuzz/y.c"])


class Limits(unittest.TestCase):
    """What does not end is ended, with everything that it started."""

    def test_status_and_output(self):
        done = run.run_limited(["sh", "-c", "echo out; exit 3"], 60)
        self.assertEqual((done.status, done.out), (3, "out\n"))

    # A child in a process group of its own, as the unit tests make them.

    def test_a_hang_is_ended_with_its_children(self):
        done = run.run_limited(["bash", "-mc", "sleep 1000 & echo $!; wait"], 1)
        self.assertEqual(done.status, run.HANG)
        self.assert_ends(int(done.out))

    def test_what_a_program_leaves_is_ended(self):
        done = run.run_limited(["bash", "-mc", "sleep 1000 & echo $!"], 60)
        self.assertEqual(done.status, 0)
        self.assert_ends(int(done.out))

    def assert_ends(self, pid):
        for _ in range(200):
            if self.is_zombie(pid):
                return
            time.sleep(0.05)
        self.fail("process %d is still there" % pid)

    def is_zombie(self, pid):
        """Whether a process has ended, collected or not."""
        try:
            with open("/proc/%d/stat" % pid) as stat:
                return stat.read().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    def test_time_of_the_processor_is_limited(self):
        done = run.run_limited(["sh", "-c", "while :; do :; done"], 100, 1)
        self.assertLess(done.status, 0)


if __name__ == "__main__":
    os.environ["GIT_CONFIG_GLOBAL"] = os.environ["GIT_CONFIG_SYSTEM"] = "/dev/null"
    unittest.main(argv=[sys.argv[0]])
