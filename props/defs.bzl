"""A test for each law."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")

def law_tests(binary, laws, on = None):
    """NAME_law_test searches for programs that refute a law.

    Args:
      binary: //props:props.
      laws: their names.
      on: subjects, separated by commas; none: osmem in three tiers and classic.
    """
    for law in laws:
        sh_test(
            name = law + "_law_test",
            size = "small",
            srcs = [binary],
            args = ["--only=" + law] + (["--on=" + on] if on else []),
            tags = ["nomsan"],
        )
