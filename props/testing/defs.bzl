"""Tests and commands by a script over built files."""

load("@rules_shell//shell:sh_binary.bzl", "sh_binary")
load("@rules_shell//shell:sh_test.bzl", "sh_test")

def script_test(name, script, files = [], args = [], data = [], size = "small", tags = []):
    """A test by a script, with the paths of `files` and then `args` as its arguments.

    Only in plain builds: a sanitizer or coverage would change the programs under test.

    Args:
      name: of the test.
      script: the executable file.
      files: labels, each one file.
      args: further arguments.
      data: labels that are no arguments by themselves.
      size: as of every test.
      tags: further tags.
    """
    sh_test(
        name = name,
        size = size,
        srcs = [script],
        args = ["$(location %s)" % file for file in files] + args,
        data = files + data,
        tags = tags + [
            "nocoverage",
            "nosan",
        ],
    )

def script_binary(name, script, files = [], data = []):
    """A command by a script, with the paths of `files` as its first arguments."""
    sh_binary(
        name = name,
        srcs = [script],
        args = ["$(location %s)" % file for file in files],
        data = files + data,
    )
