/*
 * program: a program as a list of operations, to be changed and written again.
 */
#ifndef FUZZ_OPS_PROGRAM_H
#define FUZZ_OPS_PROGRAM_H

#include "fuzz/ops/op.h"

enum {
    PROGRAM_OPS = 4096, /* longer programs are cut */
    PROGRAM_BYTES = PROGRAM_OPS * OP_BYTES_MAX,
};

struct program {
    struct op op[PROGRAM_OPS];
    size_t count;
};

void program_read(struct program *program, const uint8_t *bytes, size_t length);

/* Writes as many whole operations as `most` bytes hold; returns the length. */
size_t program_write(const struct program *program, uint8_t *bytes, size_t most);

/* A number that differs between programs, for the names of files. */
uint32_t program_hash(const uint8_t *bytes, size_t length);

void program_remove(struct program *program, size_t at, size_t count);

/* Makes space for `count` operations at a place, to be filled; false if there is none. */
bool program_open(struct program *program, size_t at, size_t count);

#endif
