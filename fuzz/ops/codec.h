/*
 * codec: programs as bytes. Every byte string is a program.
 *
 * An operation is one to ten bytes; one that the end cuts off is ignored. Decoding then
 * encoding gives the same bytes: bits without a meaning are kept in op.spare.
 */
#ifndef FUZZ_OPS_CODEC_H
#define FUZZ_OPS_CODEC_H

#include "fuzz/ops/op.h"

/* Reads the operation at *at and advances *at; false at the end or if it is cut off. */
bool codec_decode(const uint8_t *bytes, size_t length, size_t *at, struct op *op);

/* Writes an operation; returns its length. */
size_t codec_encode(const struct op *op, uint8_t bytes[OP_BYTES_MAX]);

#endif
