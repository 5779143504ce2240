#include "osmem/alloc/heap.h"

#include <string.h>

#include "osmem/alloc/heap_state.h"
#include "osmem/arena/grow.h"
#include "osmem/arena/quarantine.h"
#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/large.h"
#include "osmem/space/policy.h"
#include "osmem/space/retire.h"
#include "osmem/space/span.h"

/* ---- making ---- */

void heap_init(struct os_heap *heap, struct os_kernel *kernel) {
    uint64_t random[4];
    space_init(&heap->space, kernel);
    if (!sys_random(kernel, random,
                    sizeof random)) /* weaker, but no two runs are alike */
        for (unsigned i = 0; i < 4; i++)
            random[i] = num_mix(num_address(heap) + i / 2);
    arena_init(&heap->arena, &heap->space, random);
}

bool heap_adopt(struct os_heap *heap, char *memory, size_t size) {
    heap->space.large_from = SIZE_MAX;
    return grow_adopt(&heap->arena, memory, size) == OS_OK;
}

void heap_set_guard(struct os_heap *heap, bool right, size_t keep, size_t reuse) {
    heap->space.right = right;
    heap->space.retired.keep = keep;
    heap->space.retired.reuse = reuse;
    heap->space.random = num_mix(heap->arena.canary_key[0] ^ heap->arena.key[1]);
}

void heap_set_random(struct os_heap *heap) {
    heap->arena.random = num_mix(heap->arena.canary_key[0] + heap->arena.key[0]) | 1;
}

void heap_set_zeroed(struct os_heap *heap, bool zeroed) {
    const struct os_space *space = &heap->space;
    bool untouched = space_spans(space) == 0 && space->registry.count == 0;
    heap->space.zeroed = zeroed && (untouched || space->zeroed);
}

bool heap_is_zeroed(const struct os_heap *heap) {
    return heap->space.zeroed;
}

uint64_t heap_random(const struct os_heap *heap) {
    return num_mix(heap->arena.canary_key[1] ^ heap->arena.key[0]);
}

bool heap_is_large(const struct os_heap *heap, size_t size) {
    return size >= heap->space.large_from;
}

/* ---- locks ---- */

void heap_lock(struct os_heap *heap) {
    lock_take(&heap->arena.lock);
    lock_take_within(&heap->arena.lock, &heap->space.lock);
}

void heap_unlock(struct os_heap *heap) {
    lock_release(&heap->space.lock);
    lock_release(&heap->arena.lock);
}

void heap_freeze(struct os_heap *heap) {
    lock_freeze(&heap->arena.lock);
    lock_freeze(&heap->space.lock);
}

void heap_thaw(struct os_heap *heap) {
    lock_thaw(&heap->space.lock);
    lock_thaw(&heap->arena.lock);
}

void heap_thaw_in_child(struct os_heap *heap) {
    retire_forget_habits(&heap->space);
    lock_thaw_in_child(&heap->space.lock);
    lock_thaw_in_child(&heap->arena.lock);
}

/* System calls for mappings that left, until none leaves any more; how many are gone. */
static size_t heap_drain(struct os_heap *heap, struct leaving *leaving) {
    while (!leaving_is_empty(leaving)) {
        retire_release(&heap->space, leaving);
        lock_take(&heap->space.lock);
        retire_settle(&heap->space, leaving);
        lock_release(&heap->space.lock);
    }
    return leaving->gone;
}

/* ---- taking ---- */

static enum os_status heap_take_small(struct os_heap *heap, size_t granules,
                                      size_t alignment, struct os_block *block) {
    struct os_arena *arena = &heap->arena;
    enum os_status status = OS_OK;
    bool zero = false;
    lock_take(&arena->lock);
    block_id id = arena_take(arena, granules, alignment, &zero);
    if (id == NO_BLOCK) {
        lock_take_within(&arena->lock, &heap->space.lock);
        status = grow(arena, arena_loose(granules, alignment));
        lock_release(&heap->space.lock);
        if (status == OS_OK)
            id = arena_take(arena, granules, alignment, &zero);
        EXPECT((status == OS_OK) == (id != NO_BLOCK));
    }
    if (status == OS_OK) {
        *block = (struct os_block){.address = block_address(&heap->space, id),
                                   .size = granules * GRANULE,
                                   .zero = zero,
                                   .id = id};
    }
    lock_release(&arena->lock);
    return status;
}

static enum os_status heap_take_large(struct os_heap *heap, size_t size, size_t alignment,
                                      enum large_layout layout, struct os_block *block) {
    struct leaving leaving = LEAVING_NONE;
    lock_take(&heap->space.lock);
    enum os_status status =
        large_take(&heap->space, size, alignment, layout, block, &leaving);
    lock_release(&heap->space.lock);
    heap_drain(heap, &leaving);
    return status;
}

static enum os_status heap_take_laid(struct os_heap *heap, size_t size, size_t alignment,
                                     enum large_layout layout, struct os_block *block) {
    EXPECT(size > 0 && size % GRANULE == 0);
    EXPECT(num_is_pow2(alignment) && alignment >= GRANULE);
    size_t loose;
    if (!num_add(size, alignment - GRANULE, &loose))
        return OS_NO_MEMORY;
    if (!heap_is_large(heap, loose))
        return heap_take_small(heap, size / GRANULE, alignment, block);
    enum os_status status = heap_take_large(heap, size, alignment, layout, block);
    if (status != OS_OK && heap_release_reserve(heap))
        status = heap_take_large(heap, size, alignment, layout, block);
    return status;
}

enum os_status heap_take(struct os_heap *heap, size_t size, size_t alignment,
                         struct os_block *block) {
    enum large_layout layout = heap->space.right ? LARGE_RIGHT : LARGE_LEFT;
    return heap_take_laid(heap, size, alignment, layout, block);
}

enum os_status heap_take_to_grow(struct os_heap *heap, size_t size,
                                 struct os_block *block) {
    return heap_take_laid(heap, size, GRANULE, LARGE_GROWS, block);
}

enum os_status heap_take_guarded(struct os_heap *heap, size_t size, size_t alignment,
                                 struct os_block *block) {
    EXPECT(size % GRANULE == 0);
    lock_take(&heap->space.lock);
    bool refused = heap->space.large_from == SIZE_MAX ||
                   heap->space.counters.large_guarded >= POLICY_GUARDED;
    lock_release(&heap->space.lock);
    return refused ? OS_NO_MEMORY
                   : heap_take_large(heap, size, alignment, LARGE_RIGHT, block);
}

/* ---- resizing ---- */

static bool heap_resize_small(struct os_heap *heap, struct os_block *block,
                              size_t granules) {
    struct os_arena *arena = &heap->arena;
    size_t have = block->size / GRANULE;
    lock_take(&arena->lock);
    bool resized = arena_resize(arena, block->id, granules, &block->zero);
    if (!resized && arena_ends_span(arena, block->id)) {
        unsigned number = block_span_number(block->id);
        lock_take_within(&arena->lock, &heap->space.lock);
        enum os_status status = grow_at(arena, number, granules - have);
        lock_release(&heap->space.lock);
        resized =
            status == OS_OK && arena_resize(arena, block->id, granules, &block->zero);
    }
    if (resized) {
        block->size = granules * GRANULE;
        block->slack = 0;
    }
    lock_release(&arena->lock);
    return resized;
}

static bool heap_grow_large(struct os_heap *heap, struct os_block *block, size_t size) {
    struct leaving leaving = LEAVING_NONE;
    lock_take(&heap->space.lock);
    struct large_entry *entry = large_own(&heap->space, block);
    enum os_status status = large_extend(&heap->space, entry, size, block);
    if (status != OS_OK)
        status = large_move(&heap->space, entry, size, block, &leaving);
    lock_release(&heap->space.lock);
    heap_drain(heap, &leaving);
    return status == OS_OK;
}

/* The tail becomes the guard page, and what is beyond that is unmapped, or stays and is discarded. */
static void heap_cut_large(struct os_heap *heap, struct large_entry *entry, size_t size) {
    struct os_kernel *kernel = heap->space.kernel;
    struct large_tail tail;
    /* The guard page under the lock: a check looks for the canary by the size that is registered. */
    lock_take(&heap->space.lock);
    bool guarded = large_guard_tail(&heap->space, entry, size);
    if (guarded)
        tail = large_cut(&heap->space, entry, size);
    lock_release(&heap->space.lock);
    if (!guarded)
        return;
    if (sys_unmap(kernel, tail.start, tail.length))
        return;
    char *end = large_address(entry) + size;
    bool zero = sys_discard(kernel, end, (size_t)(tail.start - end) + tail.length);
    lock_take(&heap->space.lock);
    large_uncut(entry, tail, zero);
    lock_release(&heap->space.lock);
}

static bool heap_shrink_large(struct os_heap *heap, struct os_block *block, size_t size) {
    struct large_entry *entry = large_own(&heap->space, block);
    size = large_shrunk_size(&heap->space, entry, size);
    if (size == 0)
        return false;
    if (size < block->size)
        heap_cut_large(heap, entry, size);
    *block = large_block(entry);
    block->slack = 0;
    return true;
}

enum os_status heap_resize(struct os_heap *heap, struct os_block *block, size_t size) {
    EXPECT(size > 0 && size % GRANULE == 0);
    bool is_large = block->id == NO_BLOCK, resized;
    if (is_large != heap_is_large(heap, size))
        return OS_NO_MEMORY;
    if (!is_large)
        resized = heap_resize_small(heap, block, size / GRANULE);
    else if (size > block->size)
        resized = heap_grow_large(heap, block, size);
    else
        resized = heap_shrink_large(heap, block, size);
    return resized ? OS_OK : OS_NO_MEMORY;
}

/* ---- giving back ---- */

static void heap_give_large(struct os_heap *heap, const struct os_block *block) {
    struct leaving leaving = LEAVING_NONE;
    lock_take(&heap->space.lock);
    retire_block(&heap->space, large_own(&heap->space, block), &leaving);
    lock_release(&heap->space.lock);
    heap_drain(heap, &leaving);
}

void heap_give(struct os_heap *heap, const struct os_block *block) {
    struct os_arena *arena = &heap->arena;
    if (block->id == NO_BLOCK) {
        heap_give_large(heap, block);
        return;
    }
    lock_take(&arena->lock);
    arena_give(arena, block->id, false);
    if (grow_top_is_large(arena)) {
        lock_take_within(&arena->lock, &heap->space.lock);
        grow_trim(arena, POLICY_TRIM_KEEP);
        lock_release(&heap->space.lock);
    }
    lock_release(&arena->lock);
}

bool heap_release_reserve(struct os_heap *heap) {
    struct leaving leaving = LEAVING_NONE;
    lock_take(&heap->space.lock);
    retire_reserve(&heap->space, &leaving);
    lock_release(&heap->space.lock);
    return heap_drain(heap, &leaving) > 0;
}

/* Gives back the pages within a block that was taken out for that; true where it is all zero then. */
static bool heap_discard_block(struct os_heap *heap, const struct os_block *block,
                               size_t *bytes) {
    struct span_pages pages = span_inner_pages(&heap->space, block->address, block->size);
    EXPECT(block->id != NO_BLOCK);
    if (pages.length == 0 || !sys_discard(heap->space.kernel, pages.start, pages.length))
        return false;
    char *end = pages.start + pages.length;
    memset(block->address, 0, (size_t)(pages.start - block->address));
    memset(end, 0, (size_t)(block->address + block->size - end));
    *bytes = pages.length;
    return true;
}

/* Every free block that is large enough is taken out, discarded without a lock, and given back. */
static void heap_discard(struct os_heap *heap) {
    block_id from = 0;
    for (;;) {
        struct os_block block = {.id = NO_BLOCK};
        lock_take(&heap->arena.lock);
        block_id id = arena_take_to_discard(&heap->arena, &from);
        if (id != NO_BLOCK)
            block = space_block(&heap->space, id);
        lock_release(&heap->arena.lock);
        if (id == NO_BLOCK)
            return;
        size_t bytes = 0;
        bool zero = heap_discard_block(heap, &block, &bytes);
        heap_lock(heap);
        arena_give(&heap->arena, id, zero);
        heap->space.counters.given_back += bytes;
        heap_unlock(heap);
    }
}

void heap_trim(struct os_heap *heap) {
    heap_release_reserve(heap);
    heap_lock(heap);
    grow_trim(&heap->arena, 0);
    heap_unlock(heap);
    heap_discard(heap);
}

/* ---- quarantine ---- */

bool heap_quarantine_open(struct os_heap *heap, size_t bytes) {
    lock_take(&heap->arena.lock);
    bool opened = quarantine_open(&heap->arena, bytes);
    lock_release(&heap->arena.lock);
    return opened;
}

/* Under the arena's lock. */
static void heap_take_due(struct os_heap *heap, size_t bytes, struct heap_due *due) {
    block_id id;
    size_t granules;
    due->count = 0;
    while (due->count < HEAP_DUE_MAX &&
           (id = quarantine_take(&heap->arena, bytes, &granules)) != NO_BLOCK)
        due->block[due->count++] =
            (struct os_block){.address = block_address(&heap->space, id),
                              .size = granules * GRANULE,
                              .id = id};
}

bool heap_quarantine(struct os_heap *heap, const struct os_block *block, size_t bytes,
                     struct heap_due *due) {
    EXPECT(block->id != NO_BLOCK);
    lock_take(&heap->arena.lock);
    bool quarantined = quarantine_put(&heap->arena, block->id, bytes);
    if (quarantined)
        heap_take_due(heap, bytes, due);
    lock_release(&heap->arena.lock);
    return quarantined;
}

void heap_quarantine_take(struct os_heap *heap, size_t bytes, struct heap_due *due) {
    lock_take(&heap->arena.lock);
    heap_take_due(heap, bytes, due);
    lock_release(&heap->arena.lock);
}
