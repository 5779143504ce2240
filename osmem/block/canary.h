/*
 * canary: bytes behind the user's last, which must not change.
 *
 * They follow from a secret key and the block's address by a product of which only the halves'
 * sum is kept: who reads one canary has neither the key nor another block's. The first is never
 * 0, so that a string's end written too far is seen. Knows no heap; touches the bytes it is given.
 */
#ifndef OSMEM_BLOCK_CANARY_H
#define OSMEM_BLOCK_CANARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CANARY_MAX = 16, /* bytes; slack beyond them stays as it is */
};

static inline size_t canary_length(size_t slack) {
    return slack < CANARY_MAX ? slack : CANARY_MAX;
}

/* The canary of the block at an address, at its longest. */
void canary_make(const uint64_t key[2], uintptr_t block,
                 unsigned char canary[CANARY_MAX]);

/* `at` is the byte behind the user's last; of the slack behind it the first CANARY_MAX count. */
void canary_write(const uint64_t key[2], uintptr_t block, char *at, size_t slack);
bool canary_holds(const uint64_t key[2], uintptr_t block, const char *at, size_t slack);

#endif
