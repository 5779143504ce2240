/*
 * codec: every string of bytes is a program, and every program a string of bytes.
 *
 * An operation is one to ten bytes; one that is cut off by the end is ignored. Decoding
 * and encoding are inverse: bits that mean nothing are kept in op.spare.
 */
#ifndef FUZZ_OPS_CODEC_H
#define FUZZ_OPS_CODEC_H

#include "fuzz/ops/op.h"

/* Reads the operation at *at and moves on; false at the end or where it is cut off. */
bool codec_decode(const uint8_t *bytes, size_t length, size_t *at, struct op *op);

/* Writes an operation; returns how many bytes. */
size_t codec_encode(const struct op *op, uint8_t bytes[OP_BYTES_MAX]);

#endif
