/*
 * heap: take a block, give it back, resize it where it stands.
 *
 * This floor speaks blocks and rooms: multiples of 16 bytes, no sizes asked, no NULL, no
 * errno. It answers with an enum os_status; what becomes of the process is decided above.
 * Nothing here takes a lock: a heap is one caller's at a time.
 */
#ifndef OSMEM_HEAP_HEAP_H
#define OSMEM_HEAP_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/block/fill.h"
#include "osmem/heap/state.h"

/* A block in use, or the one that a bad pointer points into. */
struct os_block {
    char *address;
    size_t room;
    size_t slack; /* bytes behind the user's last, where the block has a canary; else 0 */
    bool zero;    /* just taken: every byte is zero */
    block_id block; /* NO_BLOCK: a large one */
};

/* An empty heap; asks the kernel for random bytes and for nothing else. */
void heap_init(struct os_heap *heap, struct os_kernel *kernel);

/*
 * A block of at least `room` bytes (a multiple of 16, not 0) at a multiple of `alignment`
 * (a power of two from 16 on). OS_NO_MEMORY leaves the heap as it was.
 */
enum os_status heap_take(struct os_heap *heap, size_t room, size_t alignment,
                        struct os_block *place);

/* The same in a mapping of its own, at the end of a page; a room of 0: at no byte that can be
 * touched. Refused also where many blocks have that already. */
enum os_status heap_take_alone(struct os_heap *heap, size_t room, size_t alignment,
                              struct os_block *place);

/*
 * Authenticates a pointer, the one function that does: OS_OK and its place, if a block in
 * use starts there; else what is wrong with it, and in `place` the block that it points
 * into, if any (address NULL: none). Reads tags and the registry only, never user memory.
 */
enum os_status heap_find(const struct os_heap *heap, const void *address,
                        struct os_block *place);

/*
 * The links of small free blocks stand where the program can write. Where a verb meets one that was
 * written over, it notes whose it is, makes the list anew from the tags, and goes on; heap_suspects
 * takes what was noted, and answers false where nothing was.
 */
bool heap_suspects(struct os_heap *heap, struct suspects *taken);

/* Whether a free block's links are right, and its neighbours in the list agree. */
bool heap_links_hold(const struct os_heap *heap, const struct os_block *place);

/* Mends all that are bad, as above; whether any were. */
bool heap_mend_links(struct os_heap *heap);

/* Frees the block at a place that heap_find answered OS_OK for, or one that waits. */
void heap_give(struct os_heap *heap, const struct os_block *place);

/* The block at a place waits: it is no longer in use, and nobody gets it before heap_give. Not for
 * a large one. */
void heap_hold(struct os_heap *heap, const struct os_block *place);

/* A block by its name; the caller knows that one starts there. */
struct os_block heap_place_of(const struct os_heap *heap, block_id block);

/*
 * Gives the block another room without copying it: in place, or by moving its pages.
 * Answers OS_NO_MEMORY, and leaves the block, where that cannot be.
 */
enum os_status heap_resize(struct os_heap *heap, struct os_block *place, size_t room);

/* Notes how many bytes of the block's room the user does not have: 0 to 16, and up to a page more
 * in a large one. A resize notes 0. */
void heap_set_slack(struct os_heap *heap, struct os_block *place, size_t slack);

/* Whether the block's canary holds, and what is watched behind it (F1); true where it has none. */
bool heap_canary_holds(const struct os_heap *heap, const struct os_block *place);
void heap_write_canary(const struct os_heap *heap, const struct os_block *place);

/* What is wrong with a canary; offsets count from the user's end. */
struct fill_damage heap_canary_damage(const struct os_heap *heap,
                                      const struct os_block *place);

/* The blocks right beside one that has no mapping of its own; false: none. */
struct heap_neighbour {
    struct os_block place;
    enum block_state state;
};
bool heap_left(const struct os_heap *heap, const struct os_block *place,
               struct heap_neighbour *left);
bool heap_right(const struct os_heap *heap, const struct os_block *place,
                struct heap_neighbour *right);

/* From now on, blocks with a mapping of their own end at an inaccessible page if `right`, and up to
 * `keep` bytes of address space stay inaccessible after their frees. */
void heap_guard(struct os_heap *heap, bool right, size_t keep);

/* From now on, which of several free blocks of one size is taken is drawn by lot. */
void heap_choose_at_random(struct os_heap *heap);

/*
 * Whether free blocks are clear (Z2): true from the caller who clears whatever he gives back, from
 * the first block on. A large block is not the heap's any more.
 */
void heap_is_clear(struct os_heap *heap, bool clear);

/* The bytes of a free block, or of one that waits, that have a fill, and which: all but the links
 * of a free one. */
struct heap_filled {
    char *at;
    size_t length;
    unsigned char byte;
};
struct heap_filled heap_filled(const struct os_heap *heap, const struct os_block *place,
                               enum block_state state);

/* The same of what lies in front of a block with a mapping of its own, in its page. */
struct heap_filled heap_lead(const struct os_heap *heap, const struct os_block *place);

/* Gives back mappings that are only kept; whether there were any. */
bool heap_give_up(struct os_heap *heap);

/* Gives back to the system what is free: the top of the break, pages, refused mappings.
 */
void heap_trim(struct os_heap *heap);

/*
 * Gives an empty heap its one span, tags and all, out of somebody's memory, which it never leaves;
 * false where that is too small for a block.
 */
bool heap_adopt(struct os_heap *heap, char *memory, size_t size);

/* Whether a room of this size has a mapping of its own. */
bool heap_is_large(const struct os_heap *heap, size_t room);

#endif
