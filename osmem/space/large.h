/*
 * large: one mapping for one block, between two guard pages.
 *
 *     [ inaccessible | left padding | block, canary ][ inaccessible, reserve ]
 *
 * A block starts at its page, or ends at one, so that a write past it is stopped at once (but for one
 * that is aligned to more than 16 bytes, could not be moved when it shrank, or grew: that has reserve
 * behind it, so that growing by small steps does not move it each time); then the padding in front of it is zero and stays so (L2), and how much address space lies in front of the mapping's
 * first page is random. Every step can be refused. Where guard pages are refused, or very many blocks
 * have them already, the block goes without them and is counted.
 *
 * What takes memory is called with the space's lock. What leaves is put into a list for retire, which
 * makes the system calls after it.
 */
#ifndef OSMEM_SPACE_LARGE_H
#define OSMEM_SPACE_LARGE_H

#include "osmem/base/status.h"
#include "osmem/space/retire.h"
#include "osmem/space/space.h"
#include "osmem/space/state.h"

/* What an entry says of its block. */
struct os_block large_block(const struct large_entry *entry);

/* Where a block stands in its mapping. */
enum large_layout {
    LARGE_LEFT,  /* at the start of its pages */
    LARGE_RIGHT, /* at their end */
    LARGE_GROWS, /* at the start, with reserve behind it where the system grants that */
};

/* A busy block of at least `size` bytes, aligned to a power of two; not all zero where a freed one is
 * taken again and what is freed is not cleared. One of 0 bytes has an address, and no byte that can be
 * touched. */
enum os_status large_take(struct os_space *space, size_t size, size_t alignment,
                          enum large_layout layout, struct os_block *block,
                          struct leaving *leaving);

/* In use => busy, where a block in use starts at the address; else NULL. No lock. */
struct large_entry *large_claim(const struct os_space *space, const void *address);

/* The entry of a busy block, which the caller owns. No lock. */
struct large_entry *large_own(const struct os_space *space, const struct os_block *block);

/* Busy => in use. No lock: it is the owner's. */
void large_publish(struct large_entry *entry, size_t slack);

/* Grows a busy block into the reserve behind it; OS_NO_MEMORY leaves it as it was. */
enum os_status large_extend(struct os_space *space, struct large_entry *entry,
                            size_t size, struct os_block *block);

/* Grows a busy block by moving its pages to another address; OS_NO_MEMORY leaves it as it was. */
enum os_status large_move(struct os_space *space, struct large_entry *entry, size_t size,
                          struct os_block *block, struct leaving *leaving);

/* How large a busy block that is to shrink, or to stay, can be made; 0: it should be copied. */
size_t large_shrunk_size(const struct os_space *space, const struct large_entry *entry,
                         size_t size);

/*
 * A busy block shrinks, in three steps. Makes the tail inaccessible, false where that is refused: then
 * the block stays as it is, and its tail is zeroed where it must be. No lock.
 */
bool large_guard_tail(const struct os_space *space, const struct large_entry *entry,
                      size_t size);

/* Makes it so large by the books; what lies behind its new guard page is to be unmapped. */
struct large_tail {
    char *start;
    size_t length;
};
struct large_tail large_cut(struct os_space *space, struct large_entry *entry,
                            size_t size);

/* Its munmap was refused: the mapping still has it, to grow into only if it is all zero. */
void large_uncut(struct large_entry *entry, struct large_tail tail, bool zero);

#endif
