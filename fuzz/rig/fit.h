/*
 * fit: three rules of placement, checked from outside the allocator.
 *
 * Best fit: no free block is large enough and smaller than the one taken; an
 * address-ordered allocator takes the lowest of equal ones. Growth in place: a block does
 * not move while the free block right behind it is enough. No needless growth of the
 * heap. The free blocks are noted before a request; the answer lies in the one that was
 * taken.
 */
#ifndef FUZZ_RIG_FIT_H
#define FUZZ_RIG_FIT_H

#include "fuzz/subject/subject.h"

enum {
    FIT_BLOCKS = 256,
};

struct fit_block {
    const char *address;
    size_t size;
};

struct fit {
    struct fit_block block[FIT_BLOCKS];
    size_t count; /* above FIT_BLOCKS: not all are noted, and the rules are not checked */
};

/* Notes the subject's free blocks. */
void fit_note(struct fit *fit, const struct subject *subject, void *self);

/*
 * The answer to a request for `need` bytes is a best fit; else false, and *better is the
 * block that was passed over. An answer in no noted block is new memory, which passes.
 */
bool fit_holds(const struct fit *fit, const char *answer, size_t need, bool lowest,
               struct fit_block *better);

/* A noted block has `need` bytes: the heap need not grow. */
bool fit_any(const struct fit *fit, size_t need);

/* A block of `size` bytes can grow to `need` in place; `header` bytes separate blocks. */
bool fit_in_place(const struct fit *fit, const char *block, size_t size, size_t header,
                  size_t need);

#endif
