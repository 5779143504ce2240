/*
 * reader: reads a program from a file. Every tool that takes a program reads it by this.
 *
 * A file of text is a program in text (text.h) or an error, with line and column; any
 * other file is a program in bytes. Text is what consists of printable characters in
 * UTF-8 and of blanks, and also what starts with the word "format". Only this word makes
 * text of a file that an engine has named: short programs in bytes look like text.
 */
#ifndef FUZZ_OPS_READER_H
#define FUZZ_OPS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    READER_MAX = 1 << 20, /* bytes of a file, and of a program */
};

/* The option of a command line for `as_bytes`. */
#define READER_BYTES "--bytes"

bool reader_is_text(const char *bytes, size_t length);

/* The name is one that libFuzzer (a hash at its end) or AFL++ gives ("id:000001,..."). */
bool reader_is_of_engine(const char *file);

enum reader_form {
    READER_NONE, /* 0: there is no program */
    READER_WAS_BYTES,
    READER_WAS_TEXT,
};

/*
 * Reads a file to *length bytes in `bytes`, which has space for READER_MAX; READER_NONE
 * after one line on standard error. `as_bytes`: a text is bytes, too.
 */
enum reader_form reader_read(const char *file, bool as_bytes, uint8_t *bytes,
                             size_t *length);

#endif
