/*
 * fit: three laws of choice, seen from outside.
 *
 * No free block that an allocator passed over is smaller than the one it chose and large
 * enough; of equal ones it may have to be the lowest. A block does not move while what is
 * free right behind it is enough. The heap does not grow for what fits already. The free blocks are noted before a request; where its
 * answer lies among them tells which was chosen.
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
    size_t count; /* more than FIT_BLOCKS: not all are noted, and nothing is claimed */
};

/* Notes the subject's free blocks. */
void fit_note(struct fit *fit, const struct subject *subject, void *self);

/*
 * The answer to a request that needs so much room keeps the law; else the block that was passed
 * over. An answer in no noted block is new memory, of which this law says nothing.
 */
bool fit_holds(const struct fit *fit, const char *answer, size_t need, bool lowest,
               struct fit_block *better);

/* One of the noted blocks has so much room: nothing need grow. */
bool fit_any(const struct fit *fit, size_t need);

/* A block of `room` bytes could be grown to `need` where it stands; `header` bytes are between blocks. */
bool fit_in_place(const struct fit *fit, const char *block, size_t size, size_t header,
                  size_t need);

#endif
