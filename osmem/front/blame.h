/*
 * blame: what is wrong, as a report wants to know it.
 *
 * Tells the front's on_fault, which may return.
 */
#ifndef OSMEM_FRONT_BLAME_H
#define OSMEM_FRONT_BLAME_H

#include "osmem/check/check.h"
#include "osmem/front/front.h"

/* One call of the C functions, for whatever goes wrong in it. */
struct front_call {
    const char *verb;    /* "os_free" */
    const void *address; /* what it was given */
    uint64_t told;       /* faults before it */
};

/* A pointer that is no block in use. `place`: what it points into, or NULL. */
void blame_call(struct os_front *front, enum os_status kind, const struct front_call *call,
                const struct os_block *place);

/* What an address at a fence is about; false where none of ours is near. Tells nobody. */
bool blame_fence(const struct os_front *front, const char *address,
                 struct os_finding *info);

/* The links that the heap met and found written over; in a call of `verb`, before whatever else is
 * told, and at its end. */
void blame_links(struct os_front *front, const char *verb);

/* A block whose size is not the one that its free was given. */
void blame_size(struct os_front *front, const struct front_call *call,
                const struct os_block *place, size_t given);

/* A block in use whose canary does not hold: its own overflow, or an underflow of the block on its
 * right, where the last bytes are changed and the first are not. */
void blame_canary(struct os_front *front, const struct front_call *call,
                  const struct os_block *place);

/* Memory in front of a block with a mapping of its own that somebody wrote into. */
void blame_lead(struct os_front *front, const struct front_call *call,
                const struct os_block *place, const struct heap_filled *lead);

/* A block, free or waiting, that somebody wrote into, or an underflow of the one on its right. */
void blame_fill(struct os_front *front, const struct front_call *call,
                const struct os_block *place, const struct heap_filled *filled);

/* An invariant that does not hold, by what the program can have done to it, else our own mistake. */
void blame_breach(struct os_front *front, const struct front_call *call,
                  struct check_breach breach);

#endif
