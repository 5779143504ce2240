/*
 * ops_text: programs from text to bytes and back.
 *
 *     ops_text --compile FILE OUT    text to bytes; bytes are copied as they are
 *     ops_text --print FILE          bytes (or text) to text on standard output
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/ops/text.h"

enum {
    PROGRAM_MAX = 1 << 20,
};

static int complain(const char *file, const char *what) {
    fprintf(stderr, "ops_text: %s: %s\n", file, what);
    return 2;
}

/* Reads a whole file; false after a message. */
static bool read_file(const char *file, char *text, size_t most, size_t *length) {
    struct stat info;
    FILE *from = stat(file, &info) == 0 ? fopen(file, "rb") : NULL;
    if (!from)
        return complain(file, strerror(errno)) == 0;
    if (S_ISDIR(info.st_mode)) {
        fclose(from);
        return complain(file, "is a folder, expected a program (text or bytes)") == 0;
    }
    *length = fread(text, 1, most + 1, from);
    bool failed = ferror(from);
    fclose(from);
    if (failed)
        return complain(file, "cannot be read") == 0;
    if (*length == 0)
        return complain(file, "is empty, expected a program (text or bytes)") == 0;
    if (*length > most)
        return complain(file, "is too large, expected at most 1 MiB") == 0;
    return true;
}

int main(int argc, char **argv) {
    static char text[PROGRAM_MAX + 1];
    static uint8_t bytes[PROGRAM_MAX];
    size_t text_length, length;
    struct text_error error;
    bool compile = argc == 4 && strcmp(argv[1], "--compile") == 0;
    if (!compile && !(argc == 3 && strcmp(argv[1], "--print") == 0)) {
        fputs("usage: ops_text --compile FILE OUT | ops_text --print FILE\n", stderr);
        return 2;
    }
    if (!read_file(argv[2], text, PROGRAM_MAX, &text_length))
        return 2;
    if (!text_is_program(text, text_length)) {
        memcpy(bytes, text, text_length);
        length = text_length;
    } else if (!text_compile(text, text_length, bytes, sizeof bytes, &length, &error)) {
        fprintf(stderr, "%s:%u: %s\n", argv[2], error.line, error.expected);
        return 2;
    }
    if (!compile) {
        text_print(stdout, bytes, length, SIZE_MAX);
        return ferror(stdout) ? 2 : 0;
    }
    FILE *to = fopen(argv[3], "wb");
    if (!to)
        return complain(argv[3], strerror(errno));
    bool written = fwrite(bytes, 1, length, to) == length;
    return fclose(to) == 0 && written ? 0 : complain(argv[3], "cannot be written");
}
