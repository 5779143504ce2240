/*
 * text: programs as text, for people and for the corpus.
 *
 *     format 1
 *     malloc s0 100          # a size in bytes, or as below
 *     calloc s1 10 20
 *     realloc s0 same-8
 *     aligned_alloc s2 100 64
 *     refuse 1 2             # the next kernel call, two in a row
 *     sbrk -4096
 *     free s0
 *
 * A size is a number, "same+5" (than the slot's last), "s3-1" (than s3's last), "max-1"
 * (SIZE_MAX) or "half+0" (PTRDIFF_MAX). Bytes to text to bytes is the identity: ":page"
 * and the like name the class of a size that has more than one; "!n" keeps bits without a
 * meaning, and "rest", at the end, the bytes of an operation that is cut off. Comments
 * and blank lines may stand anywhere.
 */
#ifndef FUZZ_OPS_TEXT_H
#define FUZZ_OPS_TEXT_H

#include <stdio.h>

#include "fuzz/ops/op.h"

/* Where an error is, both from 1, and what was expected and found there. */
struct text_error {
    unsigned line, column;
    char expected[160];
};

/* Prints one operation, without a newline. */
void text_print_op(FILE *to, const struct op *op);

/* Prints a whole program; with `mark` below SIZE_MAX, an arrow before that operation. */
void text_print(FILE *to, const uint8_t *bytes, size_t length, size_t mark);

/*
 * Compiles a text to *length bytes in `bytes`; false, and *error, if it is wrong or needs
 * more than `most` bytes.
 */
bool text_compile(const char *text, size_t text_length, uint8_t *bytes, size_t most,
                  size_t *length, struct text_error *error);

#endif
