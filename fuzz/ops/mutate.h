/*
 * mutate: structure-aware mutation: changes programs operation by operation.
 *
 * The same for every engine. The result depends on the bytes and the seed only.
 */
#ifndef FUZZ_OPS_MUTATE_H
#define FUZZ_OPS_MUTATE_H

#include <stddef.h>
#include <stdint.h>

#include "fuzz/ops/op.h"
#include "osmem/base/random.h"

/* A random operation, of a kind that changes a heap. */
struct op mutate_new_op(struct random *random);

/* Changes a program in place; returns its new length, at most `most`. */
size_t mutate_program(uint8_t *bytes, size_t length, size_t most, uint64_t seed);

/* The beginning of one program and a stretch of another; returns the length in `out`. */
size_t mutate_cross(const uint8_t *one, size_t one_length, const uint8_t *other,
                    size_t other_length, uint8_t *out, size_t most, uint64_t seed);

#endif
