/*
 * shadow: the model. What the blocks of a program must be, known without the subject.
 */
#ifndef FUZZ_RIG_SHADOW_H
#define FUZZ_RIG_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/ops/op.h"

enum {
    SHADOW_FREED = 32,
};

struct shadow_block {
    char *address;    /* NULL: the slot is empty */
    size_t requested; /* bytes */
    size_t usable;   /* bytes that no other block may overlap: at least those requested */
    uint64_t serial; /* of its pattern */
};

struct shadow {
    struct shadow_block slot[OP_SLOTS];
    size_t last_size[OP_SLOTS]; /* the last requested size, also of freed blocks */
    size_t live;                /* blocks */
    size_t usable;              /* bytes of all live blocks */
    uint64_t serials;
    struct shadow_block freed[SHADOW_FREED]; /* a ring of the last ones noted */
    unsigned freed_count;
};

void shadow_init(struct shadow *shadow);

/* A slot other than `except` that overlaps `length` bytes at `address`; OP_SLOTS:
 * none. */
unsigned shadow_overlap(const struct shadow *shadow, unsigned except, const char *address,
                        size_t length);

/* The slot gets this block, filled with a pattern of its own. */
void shadow_enter(struct shadow *shadow, unsigned slot, char *address, size_t requested,
                  size_t usable);

/* The slot becomes empty. */
void shadow_leave(struct shadow *shadow, unsigned slot);

/* The block of the slot, or of the next slot that has one; NULL: none has. */
struct shadow_block *shadow_next_live(struct shadow *shadow, unsigned slot);

/* Keeps a block that the program freed, for programs that use it after that. */
void shadow_note_freed(struct shadow *shadow, const struct shadow_block *block);

/* The freed block of this number, or the next, whose address no slot has; NULL: none. */
const struct shadow_block *shadow_next_freed(const struct shadow *shadow,
                                             unsigned number);

/* The first `length` requested bytes are as they were filled; else false, and *at. */
bool shadow_holds(const struct shadow_block *block, const char *address, size_t length,
                  size_t *at);

#endif
