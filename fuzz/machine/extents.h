/*
 * extents: the record of mapped pages of the simulated kernel, in address order.
 *
 * Unmapped memory is zero. A write to an inaccessible page is a violation, found when the
 * page is unmapped at the latest. Called by machine.c only.
 */
#ifndef FUZZ_MACHINE_EXTENTS_H
#define FUZZ_MACHINE_EXTENTS_H

#include "fuzz/machine/state.h"

/* Where cleaning by the real kernel becomes cheaper than by memset. */
#define CLEAN_BY_KERNEL ((size_t)4 << 20)
/* From this length on a mapping is cleaned and moved by its written pages. */
#define SPARSE_FROM ((size_t)64 << 10)
/* Bytes that are checked for writes at each place where none is allowed. */
#define WATCHED ((size_t)64)

/* Records a violation, if it is the first. */
void extents_violation(struct machine *machine, const char *what);

/* Refuses a call for lack of memory; always true. */
bool extents_full(struct machine *machine);

/* Records a write to a range that was never accessible. */
void extents_check_guard(struct machine *machine, const struct machine_extent *extent);

/* The first WATCHED bytes are zero. */
bool extents_is_zero(const char *at);

/* Zeroes memory of the break. */
void extents_clean(char *at, size_t length);

/* Marks the pages of a range of the mapping space as written. */
void extents_note_write(struct machine *machine, const void *address, size_t length);

/* Zeroes a range of the mapping space: all of it, or the pages reported as written. */
void extents_clean_maps(struct machine *machine, size_t start, size_t end);

/* The pages of a range are zero afterwards, accessible or not. */
void extents_discard(struct machine *machine, size_t start, size_t end);

/* Makes whole extents accessible, or inaccessible. */
void extents_protect(struct machine *machine, size_t start, size_t end, bool usable);

/* Which pages of an accessible range are in memory: those with a byte that is not zero. */
void extents_resident(const struct machine *machine, size_t start, size_t end,
                      unsigned char *pages);

/* Copies the written pages of one range of the mapping space to a clean one. */
void extents_move_pages(struct machine *machine, size_t from, size_t to, size_t length);

/* Zeroes unreported writes in long mappings. */
void extents_clean_dirty(struct machine *machine);

/* The number of the first extent that ends behind an offset. */
size_t extents_rank(const struct machine *machine, size_t offset);

/* False if there are too many extents. */
bool extents_insert(struct machine *machine, size_t rank, struct machine_extent extent);

/* The range as offsets, if it is whole pages and mapped; else `call` is a violation. */
bool extents_range(struct machine *machine, const char *call, const void *address,
                   size_t length, size_t *start, size_t *end);

/* Splits extents at both ends of a range; false if there are too many. */
bool extents_isolate(struct machine *machine, size_t start, size_t end);

/* Unmaps a range of whole extents. */
void extents_unmap(struct machine *machine, size_t start, size_t end);

#endif
