"""How the allocator's floors and their tests are compiled."""

load("@rules_cc//cc:cc_library.bzl", "cc_library")
load("@rules_cc//cc:cc_test.bzl", "cc_test")

# -fno-builtin: else the compiler turns our own malloc and memset into calls of calloc.
COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wshadow",
    "-fno-builtin-malloc",
    "-fno-builtin-calloc",
    "-fvisibility=hidden",
]

# For what judges and is not judged: no coverage-guided engine is to be guided by its branches,
# and checking costs a third without them.
JUDGE_COPTS = COPTS + [
    "-fno-sanitize-coverage=" + ",".join([
        "bb",
        "control-flow",
        "edge",
        "func",
        "indirect-calls",
        "inline-8bit-counters",
        "pc-table",
        "stack-depth",
        "trace-cmp",
        "trace-pc-guard",
    ]),
]

def floor_library(name, srcs = [], hdrs = [], copts = COPTS, **kwargs):
    """A floor of the house: a C library whose users are named. NAME_sources are its files."""
    cc_library(name = name, srcs = srcs, hdrs = hdrs, copts = copts, **kwargs)
    native.filegroup(
        name = name + "_sources",
        srcs = srcs + hdrs,
        visibility = [
            "//osmem:__subpackages__",
            "//props:__subpackages__",
        ],
    )

def check_test(name, srcs, deps, tags = [], **kwargs):
    """A test by libcheck. MSan is left out: libcheck is not instrumented."""
    cc_test(
        name = name,
        size = "small",
        srcs = srcs,
        copts = COPTS + ["-Wno-missing-prototypes"],
        tags = tags + ["nomsan"],
        deps = deps + ["//props/testing:suite"],
        **kwargs
    )
