"""How the allocator's floors and their tests are compiled."""

load("@rules_cc//cc:cc_library.bzl", "cc_library")
load("@rules_cc//cc:cc_test.bzl", "cc_test")

# -fno-builtin: else the compiler turns our own malloc and memset into calls of calloc. A build that
# names no mode is optimised a little: it takes a fifth of the time. Fuzz targets say that themselves.
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
    # Its functions are glibc's alone.
    "-U_FORTIFY_SOURCE",
] + select({
    "//osmem:plain": ["-O1"],
    "//conditions:default": [],
})

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
    """A floor of the house: a C library whose users are named. NAME_sources are its files.

    Frame pointers, which the toolchain keeps, are no help to a stack walk by unwind tables, and cost
    a tenth of a small allocation: -c opt leaves them out.
    """
    cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        copts = copts + select({
            "//osmem:optimised": ["-fomit-frame-pointer"],
            "//conditions:default": [],
        }),
        **kwargs
    )
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

def tested_library(name, deps = [], test_deps = [], **kwargs):
    """A floor_library, and NAME_test from NAME_test.c.

    Args:
      test_deps: what the test needs besides the library and its dependencies.
    """
    floor_library(name = name, deps = deps, **kwargs)
    check_test(
        name = name + "_test",
        srcs = [name + "_test.c"],
        deps = [":" + name] + deps + [dep for dep in test_deps if dep not in deps],
    )

def judge_library(name, **kwargs):
    """A C library that judges and is not judged: see JUDGE_COPTS."""
    cc_library(name = name, copts = JUDGE_COPTS, **kwargs)

def package_sources():
    """:sources, every source of a package, for the builds of planted bugs in //props/mutants."""
    native.filegroup(
        name = "sources",
        srcs = native.glob(["*.c", "*.def", "*.h", "*.inc"], allow_empty = True),
        visibility = ["//props:__subpackages__"],
    )
