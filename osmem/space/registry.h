/*
 * registry: every mapping of a large block, from its making to its end.
 *
 * Entries never move, so that an index stays good and a reader needs no lock; those not in use hang in
 * a list. An entry is reserved before its mapping is made: what the kernel refuses later can always be
 * recorded. The caller has the space's lock, but for registry_at.
 */
#ifndef OSMEM_SPACE_REGISTRY_H
#define OSMEM_SPACE_REGISTRY_H

#include "osmem/space/state.h"

/* Reserves so many more entries; false where the system refuses the memory. */
bool registry_reserve(struct os_space *space, size_t entries);

/* An entry for a mapping, of a new generation, leaving for now; the caller has reserved it. */
struct large_entry *registry_take(struct os_space *space, char *base, size_t length);

/* The entry is in use no more. */
void registry_release(struct os_space *space, struct large_entry *entry);

/* The entry's generation goes on with another state. */
void registry_set_state(struct large_entry *entry, enum large_state state);

/* Counts a live entry, and puts its block into the page map; or takes both back. The page was
 * prepared. */
void registry_publish(struct os_space *space, struct large_entry *entry);
void registry_withdraw(struct os_space *space, struct large_entry *entry);

/* The entry of the block that starts in an address's page, or NULL. No lock: the caller looks at its
 * word and address. */
struct large_entry *registry_at(const struct os_space *space, const void *address);

/* The first live entry whose block starts at or above an address, or NULL. */
struct large_entry *registry_next(const struct os_space *space, const void *address);

/* The entry whose mapping holds an address, a live one first, or NULL. Looks at all of them. */
struct large_entry *registry_find(const struct os_space *space, const void *address);

static inline uint32_t registry_index(const struct os_space *space,
                                      const struct large_entry *entry) {
    return (uint32_t)(entry - large_entry(space, 0));
}

#endif
