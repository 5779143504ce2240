/*
 * ops_text: programs from text to bytes and back.
 *
 *     ops_text --compile FILE OUT       to bytes
 *     ops_text --print FILE             to text, on standard output
 *     ops_text --into FOLDER FILE...    each to bytes, in FOLDER/NAME-HASH; prints the paths
 *                                       of those that were text
 *
 * FILE is text or bytes; --bytes in front of the rest: bytes, even if it looks like text.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/ops/program.h"
#include "fuzz/ops/reader.h"
#include "fuzz/ops/text.h"

static uint8_t bytes[READER_MAX];
static bool as_bytes;

static bool write_file(const char *file, size_t length) {
    FILE *to = fopen(file, "wb");
    bool written = to && fwrite(bytes, 1, length, to) == length;
    if ((!to || fclose(to) != 0) || !written) {
        fprintf(stderr, "%s: cannot be written: %s\n", file, strerror(errno));
        return false;
    }
    return true;
}

static int compile(const char *file, const char *out) {
    size_t length;
    return reader_read(file, as_bytes, bytes, &length) && write_file(out, length) ? 0 : 2;
}

static int print(const char *file) {
    size_t length;
    if (!reader_read(file, as_bytes, bytes, &length))
        return 2;
    text_print(stdout, bytes, length, SIZE_MAX);
    return fflush(stdout) == 0 ? 0 : 2;
}

/* Files of one name in two folders get two names, unless they are the same program. */
static int compile_into(const char *folder, const char *file) {
    char out[PATH_MAX];
    size_t length;
    enum reader_form form = reader_read(file, as_bytes, bytes, &length);
    if (form == READER_NONE)
        return 2;
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    size_t stem = strlen(name);
    if (stem > 4 && strcmp(name + stem - 4, ".txt") == 0)
        stem -= 4;
    snprintf(out, sizeof out, "%s/%.*s-%08" PRIx32, folder, (int)stem, name,
             program_hash(bytes, length));
    if (!write_file(out, length))
        return 2;
    if (form == READER_WAS_TEXT)
        puts(out);
    return 0;
}

int main(int argc, char **argv) {
    as_bytes = argc > 1 && strcmp(argv[1], READER_BYTES) == 0;
    argc -= as_bytes, argv += as_bytes;
    if (argc == 4 && strcmp(argv[1], "--compile") == 0)
        return compile(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "--print") == 0)
        return print(argv[2]);
    if (argc < 4 || strcmp(argv[1], "--into") != 0) {
        fputs(
            "usage: ops_text [--bytes] --compile FILE OUT | --print FILE | --into FOLDER "
            "FILE...\n",
            stderr);
        return 2;
    }
    for (int i = 3; i < argc; i++)
        if (compile_into(argv[2], argv[i]) != 0)
            return 2;
    return 0;
}
