/*
 * grow: gets granules from the space, and gives them back.
 *
 * The only module of this floor that changes spans: what a span gained becomes a free block here.
 * The caller has the arena's lock, and the space's.
 */
#ifndef OSMEM_ARENA_GROW_H
#define OSMEM_ARENA_GROW_H

#include "osmem/arena/state.h"
#include "osmem/base/status.h"

/* Makes a free block of at least `granules` exist somewhere, or answers OS_NO_MEMORY. */
enum os_status grow(struct os_arena *arena, size_t granules);

/* Makes the free block at a span's end, or a new one there, at least this large, if it can. */
enum os_status grow_at(struct os_arena *arena, unsigned span, size_t granules);

/* The first span, in the caller's memory. */
enum os_status grow_adopt(struct os_arena *arena, char *memory, size_t size);

/* Much is free at the top of the break; the space's lock is not needed to ask. */
bool grow_top_is_large(const struct os_arena *arena);

/* Lowers the break to leave about `keep` bytes of a free block at its top. */
void grow_trim(struct os_arena *arena, size_t keep);

#endif
