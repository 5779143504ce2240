#include "fuzz/ops/reader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/ops/text.h"

/* ---- what is text ---- */

static bool reader_is_blank(unsigned char byte) {
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The length of the printable character or blank at `at`; 0 if there is none. */
static size_t reader_character(const unsigned char *at, size_t length) {
    if (at[0] < 0x80)
        return reader_is_blank(at[0]) || (at[0] > ' ' && at[0] < 0x7f);
    size_t size = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || size > length)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

static bool reader_has_heading(const char *bytes, size_t length) {
    static const char word[] = "format";
    size_t at = 0;
    while (at < length && (reader_is_blank((unsigned char)bytes[at]) || bytes[at] == '#'))
        if (bytes[at] == '#') {
            const char *end = memchr(bytes + at, '\n', length - at);
            at = end ? (size_t)(end - bytes) : length;
        } else
            at++;
    return length - at >= sizeof word - 1 &&
           memcmp(bytes + at, word, sizeof word - 1) == 0;
}

bool reader_is_text(const char *bytes, size_t length) {
    const unsigned char *characters = (const unsigned char *)bytes;
    size_t at = 0, size;
    while (at < length && (size = reader_character(characters + at, length - at)) > 0)
        at += size;
    return at == length || reader_has_heading(bytes, length);
}

bool reader_is_of_engine(const char *file) {
    enum {
        HASH = 40
    };
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
    size_t length = strlen(name);
    return strncmp(name, "id:", 3) == 0 ||
           (length >= HASH && strspn(name + length - HASH, "0123456789abcdef") == HASH);
}

/* ---- reading ---- */

static bool reader_wrong(const char *file, const char *what) {
    fprintf(stderr, "%s: %s\n", file, what);
    return false;
}

static bool reader_load(const char *file, char *bytes, size_t *length) {
    struct stat info;
    FILE *from = stat(file, &info) == 0 ? fopen(file, "rb") : NULL;
    if (!from)
        return reader_wrong(file, strerror(errno));
    *length = fread(bytes, 1, READER_MAX + 1, from);
    bool failed = ferror(from);
    fclose(from);
    if (S_ISDIR(info.st_mode))
        return reader_wrong(file, "is a folder, expected a program (text or bytes)");
    if (failed)
        return reader_wrong(file, "cannot be read");
    if (*length > READER_MAX)
        return reader_wrong(file, "is too large, expected at most 1 MiB");
    return true;
}

enum reader_form reader_read(const char *file, bool as_bytes, uint8_t *bytes,
                             size_t *length) {
    static char loaded[READER_MAX + 1];
    struct text_error error;
    size_t size;
    if (!reader_load(file, loaded, &size))
        return READER_NONE;
    bool is_text = reader_is_of_engine(file) ? reader_has_heading(loaded, size)
                                             : size == 0 || reader_is_text(loaded, size);
    if (as_bytes || !is_text) {
        memcpy(bytes, loaded, size);
        *length = size;
        return READER_WAS_BYTES;
    }
    if (size == 0) {
        reader_wrong(file, "is empty, expected a program (" READER_BYTES
                           " takes it as one without operations)");
        return READER_NONE;
    }
    if (text_compile(loaded, size, bytes, READER_MAX, length, &error))
        return READER_WAS_TEXT;
    fprintf(stderr, "%s:%u:%u: %s%s\n", file, error.line, error.column, error.expected,
            reader_has_heading(loaded, size) ? ""
                                             : " (" READER_BYTES " takes it as bytes)");
    return READER_NONE;
}
