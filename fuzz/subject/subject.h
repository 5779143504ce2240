/*
 * subject: an allocator under test, as a table of functions.
 *
 * The rig knows an allocator by this table alone. `self` is whatever open returned. The C
 * functions are needed; those below them may be NULL, and then are not used.
 */
#ifndef FUZZ_SUBJECT_SUBJECT_H
#define FUZZ_SUBJECT_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/machine/machine.h"

struct subject_statistics {
    size_t blocks, bytes;
};

struct subject {
    const char *name;
    size_t alignment; /* of every block */

    /* A fresh allocator over this kernel. Nothing of an earlier one may be left. */
    void *(*open)(struct machine *machine);

    /* As the C functions of these names; errno included. */
    void *(*malloc)(void *self, size_t size);
    void *(*calloc)(void *self, size_t count, size_t size);
    void *(*realloc)(void *self, void *block, size_t size);
    void (*free)(void *self, void *block);

    void *(*aligned_alloc)(void *self, size_t alignment, size_t size);
    size_t (*usable_size)(void *self, const void *block);
    void (*trim)(void *self);

    /* What is broken inside, or NULL. `full`: look at everything, else at a bounded part.
     */
    const char *(*check)(void *self, bool full);
    /* How many blocks are in use, and the bytes that may be used in them. */
    struct subject_statistics (*statistics)(void *self);
    /* A number that is equal if the blocks in use are the same. */
    uint64_t (*digest)(void *self);
    /* After everything was freed and trimmed: what is not as at the start, or NULL. */
    const char *(*leftover)(void *self);
};

#endif
