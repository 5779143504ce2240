"""A text file as a C string."""

def _embed_impl(ctx):
    ctx.actions.run_shell(
        inputs = [ctx.file.src],
        outputs = [ctx.outputs.out],
        command = "{ echo 'static const char %s[] ='; sed 's/\\\\/\\\\\\\\/g; s/\"/\\\\\"/g; s/^/    \"/; s/$/\\\\n\"/' \"$1\"; echo ';'; } > \"$2\"" % ctx.attr.variable,
        arguments = [ctx.file.src.path, ctx.outputs.out.path],
        mnemonic = "Embed",
    )

embed = rule(
    implementation = _embed_impl,
    attrs = {
        "src": attr.label(allow_single_file = True, mandatory = True),
        "out": attr.output(mandatory = True),
        "variable": attr.string(mandatory = True),
    },
)
