/*
 * retire: the way of a freed mapping out of the space.
 *
 * It leaves the structures under the lock, by retire_block; then retire_release makes the system calls
 * that are due without it; then retire_settle records under the lock what came of them: an entry is
 * released where the mapping is gone, kept where it is inaccessible or cleared now, idle where munmap
 * was refused. What must go in a kept one's favour leaves the same way, so that the last two are called in
 * turn until nothing leaves any more.
 */
#ifndef OSMEM_SPACE_RETIRE_H
#define OSMEM_SPACE_RETIRE_H

#include "osmem/space/state.h"

/* Entries of mappings that are leaving, the caller's until they are settled. */
struct leaving {
    uint32_t first;
    size_t gone;             /* mappings that were unmapped so far */
    struct zero_habit habit; /* of the one that is to be kept ready */
};

#define LEAVING_NONE ((struct leaving){.first = REGISTRY_END})

static inline bool leaving_is_empty(const struct leaving *leaving) {
    return leaving->first == REGISTRY_END;
}

/* A busy block is gone; its mapping leaves, or is kept as far as allowed. */
void retire_block(struct os_space *space, struct large_entry *entry,
                  struct leaving *leaving);

/* A mapping without a block leaves; its entry was just taken. */
void retire_add(struct os_space *space, struct large_entry *entry,
                struct leaving *leaving);

/* No mapping of this length can be kept beside all that are. */
bool retire_is_full(const struct os_space *space, size_t length);

/* The one at an index is kept no more; its entry is the caller's. */
void retire_unkeep(struct os_space *space, unsigned at);

/* In the child of a fork: page faults are counted anew. */
void retire_forget_habits(struct os_space *space);

/* All that is kept leaves, and all whose munmap was refused before. */
void retire_reserve(struct os_space *space, struct leaving *leaving);

/* The system calls. No lock. */
void retire_release(const struct os_space *space, struct leaving *leaving);

/* What came of them; what leaves now is in the list. */
void retire_settle(struct os_space *space, struct leaving *leaving);

/* Remembers a range whose block is gone; its address may still be freed again. */
void retire_remember(struct os_space *space, const struct large_entry *entry);

/* One of the mappings freed of late held the address. */
bool retire_was_freed(const struct os_space *space, const void *address);

#endif
