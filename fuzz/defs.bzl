"""Rules for fuzz targets. A transition builds each with the flags of its engine and sanitizer."""

load("@rules_cc//cc:cc_binary.bzl", "cc_binary")
load("//osmem:defs.bzl", "COPTS")
load("//sanitizers:defs.bzl", "SANITIZERS", _Setting = "Setting")

# The compiler flags that each engine needs.
_ENGINES = {
    "afl": ["-fsanitize-coverage=trace-pc-guard"],
    "libfuzzer": ["-fsanitize=fuzzer-no-link"],
    "replay": [],
}

def _without_own_flags(options):
    """The options without those for sanitizers and optimisation, which the transition sets."""
    return [
        option
        for option in options
        if not (option.startswith("-fsanitize") or option.startswith("-fno-sanitize") or option.startswith("-O"))
    ]

def _fuzz_transition_impl(settings, attr):
    engine = attr.engine or str(settings["//fuzz:default_engine"])
    sanitizer = attr.sanitizer or str(settings["//sanitizers:fuzz_sanitizer"])
    if engine not in _ENGINES:
        fail("//fuzz:default_engine is %s, expected one of %s" % (engine, ", ".join(_ENGINES)))
    if sanitizer not in SANITIZERS:
        fail("//sanitizers:fuzz_sanitizer is %s, expected one of %s" % (sanitizer, ", ".join(SANITIZERS)))
    chosen = SANITIZERS[sanitizer]
    optimisation = "-O2" if sanitizer == "none" else "-O1"

    # -UNDEBUG: every fuzz target checks osmem's own assertions.
    return {
        "//command_line_option:copt": _without_own_flags(settings["//command_line_option:copt"]) +
                                      [optimisation, "-UNDEBUG"] + _ENGINES[engine] + chosen.copts,
        "//command_line_option:linkopt": _without_own_flags(settings["//command_line_option:linkopt"]) + chosen.linkopts,
        "//fuzz:engine": engine,
    }

_fuzz_transition = transition(
    implementation = _fuzz_transition_impl,
    inputs = [
        "//command_line_option:copt",
        "//command_line_option:linkopt",
        "//fuzz:default_engine",
        "//sanitizers:fuzz_sanitizer",
    ],
    outputs = [
        "//command_line_option:copt",
        "//command_line_option:linkopt",
        "//fuzz:engine",
    ],
)

def _fuzz_impl(ctx):
    # An attribute with a transition is a list in newer Bazels.
    binary = ctx.attr.binary[0] if type(ctx.attr.binary) == type([]) else ctx.attr.binary

    # Under a name of its own: one binary of two engines has one path among runfiles.
    executable = ctx.actions.declare_file(ctx.label.name + "_binary")
    ctx.actions.symlink(
        output = executable,
        target_file = binary[DefaultInfo].files_to_run.executable,
        is_executable = True,
    )
    launcher = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(launcher, "\n".join([
        "#!/bin/bash",
        "export FUZZ_NAME=%s FUZZ_MODE=%s" % (ctx.label.name, ctx.attr.mode),
        "export FUZZ_ENGINE=%s" % (ctx.attr.engine or ctx.attr._default_engine[_Setting].value),
        "export FUZZ_AFL_MUTATOR=%s" % ctx.executable._afl_mutator.short_path,
        "export FUZZ_BINARY=%s" % executable.short_path,
        "export FUZZ_SHOW=%s" % ctx.executable._show.short_path,
        "export FUZZ_SUBJECTS=%s" % ctx.attr.subjects,
        "export FUZZ_TEXT=%s" % ctx.executable._text.short_path,
        "export FUZZ_CORPUS='%s'" % " ".join([f.short_path for f in ctx.files.corpus]),
        "cd \"${RUNFILES_DIR:-$0.runfiles}/%s\" || exit 2" % ctx.workspace_name,
        "exec %s \"$@\"" % ctx.file._launcher.short_path,
        "",
    ]), is_executable = True)
    runfiles = ctx.runfiles(files = [
        executable,
        ctx.executable._afl_mutator,
        ctx.executable._text,
        ctx.file._launcher,
    ] + ctx.files._launcher_parts + ctx.files.corpus)
    for part in [binary, ctx.attr._show]:
        runfiles = runfiles.merge(part[DefaultInfo].default_runfiles)
    return [
        DefaultInfo(executable = launcher, runfiles = runfiles),
        coverage_common.instrumented_files_info(ctx, dependency_attributes = ["binary"]),
    ]

_ATTRS = {
    "binary": attr.label(cfg = _fuzz_transition, mandatory = True),
    "corpus": attr.label_list(allow_files = True),
    "engine": attr.string(doc = "empty: that of //fuzz:default_engine"),
    "sanitizer": attr.string(doc = "empty: that of //sanitizers:fuzz_sanitizer"),
    "subjects": attr.string(default = "osmem"),
    "mode": attr.string(values = ["run", "test"], mandatory = True),
    "_launcher": attr.label(default = "//fuzz/engine:launcher.sh", allow_single_file = True),
    "_launcher_parts": attr.label_list(
        default = ["//fuzz/engine:launcher_afl.sh", "//fuzz/engine:launcher_libfuzzer.sh"],
        allow_files = True,
    ),
    "_afl_mutator": attr.label(default = "//fuzz/engine:afl_mutator.so", executable = True, cfg = "exec"),
    "_default_engine": attr.label(default = "//fuzz:default_engine"),
    "_show": attr.label(default = "//fuzz:show", executable = True, cfg = "target"),
    "_text": attr.label(default = "//fuzz/ops:ops_text", executable = True, cfg = "exec"),
    "_allowlist_function_transition": attr.label(
        default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
    ),
}

_fuzz_run = rule(implementation = _fuzz_impl, attrs = _ATTRS, executable = True)

_fuzz_corpus_test = rule(
    implementation = _fuzz_impl,
    # `bazel coverage` looks for these two tools on each C test.
    attrs = dict(
        _ATTRS,
        _lcov_merger = attr.label(
            default = "@bazel_tools//tools/test:lcov_merger",
            executable = True,
            cfg = "exec",
        ),
        _collect_cc_coverage = attr.label(
            default = "@bazel_tools//tools/test:collect_cc_coverage",
            allow_single_file = True,
            executable = True,
            cfg = "exec",
        ),
    ),
    test = True,
)

def cc_fuzz_test(name, deps, subjects = "osmem", corpus = ["//corpus:ops"]):
    """A fuzz target from NAME.c, which defines LLVMFuzzerTestOneInput.

    name              `bazel run` fuzzes with libFuzzer, or runs the programs of its arguments
    name_run          an alias of name, as in rules_fuzzing
    name_afl          fuzzes with AFL++
    name_corpus_test  runs the whole corpus, sanitized
    name_raw          the binary

    Args:
      deps: its subjects; the engine and target.h are added.
      subjects: their names, as //fuzz:show takes them, separated by commas.
    """
    raw = name + "_raw"
    cc_binary(
        name = raw,
        srcs = [name + ".c"],
        copts = COPTS,
        tags = ["manual"],
        deps = deps + [
            "//fuzz/engine:entry",
            "//fuzz/engine:main",
            "//fuzz/engine:target",
        ],
    )
    _fuzz_run(name = name, binary = raw, corpus = corpus, mode = "run", subjects = subjects)
    _fuzz_run(name = name + "_afl", binary = raw, corpus = corpus, engine = "afl", mode = "run", subjects = subjects)
    native.alias(name = name + "_run", actual = name)
    _fuzz_corpus_test(
        name = name + "_corpus_test",
        size = "small",
        binary = raw,
        corpus = corpus,
        engine = "replay",
        mode = "test",
    )

def program_tests(binary, texts, corpus):
    """A test for each program, in the plain build and in the sanitized one.

    Args:
      binary: the NAME_raw of a fuzz target.
      texts: the files of the programs in text.
      corpus: the rule that compiles one of them.
    """
    for text in texts:
        name = text[:-len(".txt")]
        corpus(name = name, srcs = [text])
        for build, sanitizer in [("plain", "none"), ("sanitized", "")]:
            _fuzz_corpus_test(
                name = name + "_" + build + "_test",
                size = "small",
                binary = binary,
                corpus = [name],
                engine = "replay",
                mode = "test",
                sanitizer = sanitizer,
            )
