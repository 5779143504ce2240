/*
 * heap: blocks, in the spans of an arena or in a mapping of their own. In three sources: heap.c,
 * heap_claim.c, heap_inspect.c.
 *
 * Speaks blocks and block sizes, multiples of 16 bytes: no requested sizes, no NULL, no errno. The only
 * module that takes the locks of arena and space; a caller holds none, and gets none. A block that a
 * call works on is busy: heap_take gives it so, heap_claim makes it so, and only who made it busy
 * touches it, without a lock, until heap_publish or heap_give. System calls that give memory back
 * are made after the locks. What a heap is made of: alloc/heap_state.h.
 */
#ifndef OSMEM_ALLOC_HEAP_H
#define OSMEM_ALLOC_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/arena/arena.h"
#include "osmem/base/status.h"
#include "osmem/block/fill.h"
#include "osmem/space/locate.h"
#include "osmem/space/space.h"

struct os_heap; /* alloc/heap_state.h */

/* What is where, added up; "ever" counts from the start. */
struct heap_counters {
    size_t granules[STATE_FREE + 1]; /* by block state; busy ones count as in use */
    size_t blocks_in_use;            /* large ones not counted */
    size_t large_blocks;
    size_t large_size;    /* bytes in them */
    size_t large_guarded; /* those that are small, and have a mapping all the same */
    size_t large_idle;    /* mappings whose munmap was refused */
    size_t large_kept;    /* bytes of address space */
    size_t unguarded;     /* large blocks that had to go without guard pages, ever */
    size_t clears;        /* bytes that growth had to clear, ever */
    size_t given_back;    /* bytes of spans that the kernel got back, ever */
};

/* An empty heap; asks the kernel for random bytes and for nothing else. */
void heap_init(struct os_heap *heap, struct os_kernel *kernel);

/*
 * Gives an empty heap its one span, tags and all, out of the caller's memory, which it never leaves;
 * false where that is too small for a block.
 */
bool heap_adopt(struct os_heap *heap, char *memory, size_t size);

/* From now on, blocks with a mapping of their own end at an inaccessible page if `right`, and up to
 * `keep` bytes of address space stay inaccessible after their frees; where that is none, up to `reuse`
 * bytes stay for others of the same size, zeroed where what is freed is cleared. */
void heap_set_guard(struct os_heap *heap, bool right, size_t keep, size_t reuse);

/* From now on, which of several free blocks of one size is taken is random. */
void heap_set_random(struct os_heap *heap);

/* Whether free blocks are zeroed (Z2): true from a caller who clears whatever he gives back, and only
 * while nothing was allocated, or it was true before; else it stays false. */
void heap_set_zeroed(struct os_heap *heap, bool zeroed);
bool heap_is_zeroed(const struct os_heap *heap);

/* A seed that the heap drew from the kernel, for random choices above it. */
uint64_t heap_random(const struct os_heap *heap);

/* Whether a block of this size has a mapping of its own. */
bool heap_is_large(const struct os_heap *heap, size_t size);

/* ---- one block ---- */

/*
 * A busy block of at least `size` bytes (a multiple of 16, not 0) at a multiple of `alignment` (a
 * power of two from 16 on), without slack. OS_NO_MEMORY leaves the heap as it was.
 */
enum os_status heap_take(struct os_heap *heap, size_t size, size_t alignment,
                         struct os_block *block);

/* The same for a block that grew, and is expected to grow again: a large one has address space in reserve behind it. */
enum os_status heap_take_to_grow(struct os_heap *heap, size_t size,
                                 struct os_block *block);

/* The same in a mapping of its own, at the end of a page; a size of 0: at no byte that can be
 * touched. Refused also where many blocks have that already. */
enum os_status heap_take_guarded(struct os_heap *heap, size_t size, size_t alignment,
                                 struct os_block *block);

/*
 * Authenticates a pointer, the one function that does: OS_OK, and the block is busy from now on, if
 * a block in use starts there; else what is wrong with it, and in `block` the one that it points
 * into, if any (address NULL: none). Without a lock where nothing is wrong. Of two threads that
 * claim a block, one gets it and the other a double free.
 */
enum os_status heap_claim(struct os_heap *heap, const void *address,
                          struct os_block *block);

/* The same, and the block stays in use; for a caller that only asks. */
enum os_status heap_find(struct os_heap *heap, const void *address,
                         struct os_block *block);

/* The same without a lock, for a nested call; false: no block in use starts there, or none that can be
 * known at once. */
bool heap_find_at_once(struct os_heap *heap, const void *address, struct os_block *block);

/* Whether an address is in a span, or in the first page of a large block. No lock. */
bool heap_holds(const struct os_heap *heap, const void *address);

/* A busy block is in use from now on, with the slack that `block` says: its canary stands. */
void heap_publish(struct os_heap *heap, const struct os_block *block);

/*
 * Gives a busy block another size without copying it: in place, or by moving its pages; it has no
 * slack then. What it grew by is not touched: block->zero says whether that is zero. Answers
 * OS_NO_MEMORY, and leaves the block, where that cannot be.
 */
enum os_status heap_resize(struct os_heap *heap, struct os_block *block, size_t size);

/* Frees a busy block. */
void heap_give(struct os_heap *heap, const struct os_block *block);

/* ---- quarantine; not for large blocks ---- */

/* Reserves memory for so many bytes of blocks; false where the system refuses it, and heap_quarantine
 * tries again. */
bool heap_quarantine_open(struct os_heap *heap, size_t bytes);

/* Blocks that left the quarantine: busy, the caller's to verify and to give. As many as this means
 * that there may be more. */
enum {
    HEAP_DUE_MAX = 4,
};
struct heap_due {
    unsigned count;
    struct os_block block[HEAP_DUE_MAX];
};

/* A busy block, which the caller has filled, is quarantined from now on; false where there is no
 * slot for it, and it still is busy. `due`: those that were there longest, as far as there are more
 * than so many bytes, or no slot is left. */
bool heap_quarantine(struct os_heap *heap, const struct os_block *block, size_t bytes,
                     struct heap_due *due);

/* Takes such blocks out, without another that comes in. */
void heap_quarantine_take(struct os_heap *heap, size_t bytes, struct heap_due *due);

/* ---- what stands in and around a block; no lock ---- */

/* Whether the canary behind a block that has slack holds, and what is watched behind it (F1). */
bool heap_canary_holds(const struct os_heap *heap, const struct os_block *block);
void heap_arm_canary(const struct os_heap *heap, const struct os_block *block);
/* Clears the canary that stands behind a busy block, of which the caller then has every byte. */
void heap_disarm_canary(const struct os_heap *heap, const struct os_block *block);

/* What is wrong with a canary; offsets count from the user's end. */
struct fill_damage heap_canary_damage(const struct os_heap *heap,
                                      const struct os_block *block);

/* The bytes of a free or quarantined block that have a fill, and which: all but the links of a free
 * one. */
struct heap_filled {
    char *at;
    size_t length;
    unsigned char byte;
};
struct heap_filled heap_filled(const struct os_heap *heap, const struct os_block *block,
                               enum block_state state);

/* The same of the padding in front of a block with a mapping of its own, in its page. */
struct heap_filled heap_left_padding(const struct os_heap *heap,
                                     const struct os_block *block);

/* ---- neighbours ---- */

struct heap_neighbour {
    struct os_block block;
    enum block_state state;
};

/* The blocks right beside one that has no mapping of its own, as they are now; the answer may be old
 * when it comes. None of a block that is not there any more. */
struct heap_neighbours {
    bool has_left, has_right;
    struct heap_neighbour left, right;
};
void heap_neighbours(struct os_heap *heap, const struct os_block *block,
                     struct heap_neighbours *neighbours);

/* What is wrong with a neighbour: its bytes and its tag are read under one lock, so that a block whose
 * owner is at work on it is not judged. */
enum heap_wrong {
    HEAP_SOUND,
    HEAP_CANARY, /* of a block in use */
    HEAP_FILL,   /* at the end of a free or quarantined block */
    HEAP_LINKS,  /* of a free block that has nothing else */
};
struct heap_verdict {
    enum heap_wrong wrong;
    struct os_block block;
    struct fill_damage damage;
    size_t watched; /* bytes at the block's end that the damage counts from */
};

/* Verifies both: the canary of a neighbour in use, and on the left the end of a fill, where an
 * underflow of the block begins. */
void heap_verify_neighbours(struct os_heap *heap, const struct os_block *block,
                            struct heap_verdict *left, struct heap_verdict *right);

/* Which block an address is beside, where a guard page stopped an access; see space/locate.h. Waits
 * for a lock for a bounded time only, and then does without: it is called in a signal handler. */
enum located heap_locate(struct os_heap *heap, const void *address,
                         struct os_block *block);

/* ---- links that were written over ---- */

/*
 * The links of small free blocks stand where the program can write. An operation that finds corrupted
 * links records the block, rebuilds the list from the tags, and continues; heap_suspects takes what
 * was recorded, and answers false where nothing was, which costs one load.
 */
bool heap_suspects(struct os_heap *heap, struct suspects *taken);

/* Repairs all that are bad, as above; whether any were. */
bool heap_repair_links(struct os_heap *heap);

/* ---- the whole ---- */

/* Gives back mappings that are only kept, and tries refused munmaps again; whether any were. */
bool heap_release_reserve(struct os_heap *heap);

/* Gives back to the system what is free: the top of the break, pages, refused mappings. */
void heap_trim(struct os_heap *heap);

/* The counters of arena and space, added up, as they are now. */
struct heap_counters heap_count(struct os_heap *heap);

/* All locks, in their one order: nothing of the heap changes but states and the bytes of busy blocks. */
void heap_lock(struct os_heap *heap);
void heap_unlock(struct os_heap *heap);

/* heap_find by a caller that has heap_lock. */
enum os_status heap_find_locked(struct os_heap *heap, const void *address,
                                struct os_block *block);

/* The same around a fork, whose thread may go on allocating in between. */
void heap_freeze(struct os_heap *heap);
void heap_thaw(struct os_heap *heap);
void heap_thaw_in_child(struct os_heap *heap);

#endif
