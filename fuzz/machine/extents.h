/*
 * extents: the machine's ledger of mapped pages, in address order.
 *
 * What is not mapped is zero and nobody's; whoever unmaps a range of inaccessible pages
 * is told if somebody wrote there. Called by machine.c only.
 */
#ifndef FUZZ_MACHINE_EXTENTS_H
#define FUZZ_MACHINE_EXTENTS_H

#include "fuzz/machine/state.h"

/* Where cleaning by the real kernel becomes cheaper than by memset. */
#define CLEAN_BY_KERNEL ((size_t)4 << 20)
/* From this length on a mapping is cleaned and moved by its written pages. */
#define SPARSE_FROM ((size_t)64 << 10)
/* Bytes looked at for writes where none may be. */
#define WATCHED ((size_t)64)

/* Remembers the first thing that a correct allocator does not do. */
void extents_violation(struct machine *machine, const char *what);

/* Refuses a call for want of room; always true. */
bool extents_full(struct machine *machine);

/* Notes a write into a range that was never usable. */
void extents_check_guard(struct machine *machine, const struct machine_extent *extent);

/* The first WATCHED bytes are zero. */
bool extents_is_zero(const char *at);

/* Zeroes memory of the break. */
void extents_clean(char *at, size_t length);

/* Marks the pages of a range of the mapping space as written. */
void extents_note_write(struct machine *machine, const void *address, size_t length);

/* Zeroes a range of the mapping space: all of it, or where somebody told of writes. */
void extents_clean_maps(struct machine *machine, size_t start, size_t end);

/* Copies what is known to be written from one range
 * of the mapping space to another, clean one. */
void extents_move_pages(struct machine *machine, size_t from, size_t to, size_t length);

/* Zeroes whatever may be left in long mappings. */
void extents_clean_dirty(struct machine *machine);

/* The first extent that ends behind an offset. */
size_t extents_rank(const struct machine *machine, size_t offset);

/* False where there are too many. */
bool extents_insert(struct machine *machine, size_t rank, struct machine_extent extent);

/* The range as offsets, if it is whole pages and all mapped; else `call` is wrong. */
bool extents_range(struct machine *machine, const char *call, const void *address,
                   size_t length, size_t *start, size_t *end);

/* Splits at both ends, so that the range is whole
 * extents; refused where there are too many. */
bool extents_isolate(struct machine *machine, size_t start, size_t end);

/* Unmaps a range of whole extents. */
void extents_unmap(struct machine *machine, size_t start, size_t end);

#endif
