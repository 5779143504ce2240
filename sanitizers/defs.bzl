"""What each sanitizer asks of compiler and linker, and the settings that choose one."""

Setting = provider(doc = "What a setting was set to.", fields = ["value"])

def _setting_impl(ctx):
    return [Setting(value = ctx.build_setting_value)]

string_flag = rule(
    implementation = _setting_impl,
    build_setting = config.string(flag = True),
    doc = "A string that the command line may set.",
)

string_setting = rule(
    implementation = _setting_impl,
    build_setting = config.string(),
    doc = "A string that only a transition sets.",
)

def _sanitizer(name, extra = []):
    return struct(
        copts = ["-fsanitize=" + name, "-fno-omit-frame-pointer"] + extra,
        linkopts = ["-fsanitize=" + name],
    )

SANITIZERS = {
    "none": struct(copts = [], linkopts = []),
    "asan": _sanitizer("address"),
    "ubsan": _sanitizer("undefined", ["-fno-sanitize-recover=all"]),
    "asan-ubsan": _sanitizer("address,undefined", ["-fno-sanitize-recover=all"]),
    "msan": _sanitizer("memory", ["-fsanitize-memory-track-origins=2"]),
    "tsan": _sanitizer("thread"),
}
