"""Programs in text, compiled to the bytes that the engines mutate."""

def _ops_corpus_impl(ctx):
    compiled = []
    for text in ctx.files.srcs:
        # By its folder, too: files of one name in two folders are two programs.
        path = text.short_path[:-len(".txt")]
        out = ctx.actions.declare_file("%s.compiled/%s" % (ctx.label.name, path))
        ctx.actions.run(
            executable = ctx.executable._text,
            arguments = ["--compile", text.path, out.path],
            inputs = [text],
            outputs = [out],
            mnemonic = "CompileOps",
        )
        compiled.append(out)
    return [DefaultInfo(files = depset(compiled), runfiles = ctx.runfiles(files = compiled))]

ops_corpus = rule(
    implementation = _ops_corpus_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".txt"], mandatory = True),
        "_text": attr.label(default = "//fuzz/ops:ops_text", executable = True, cfg = "exec"),
    },
    doc = "Compiles each text program; one that does not compile breaks the build with file, line and cause.",
)
