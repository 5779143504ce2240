"""A test for each law."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")

def law_tests(binary, laws):
    """NAME_law_test searches for programs that refute a law, on osmem in three tiers and on classic."""
    for law in laws:
        sh_test(
            name = law + "_law_test",
            size = "small",
            srcs = [binary],
            args = ["--only=" + law],
            tags = ["nomsan"],
        )
