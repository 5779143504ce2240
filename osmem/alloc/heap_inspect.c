/*
 * The other half of heap.h, which changes no block: what stands in and around one, neighbours, links
 * that were written over, and counters.
 */
#include "osmem/alloc/heap.h"
#include "osmem/alloc/heap_state.h"
#include "osmem/arena/bins.h"
#include "osmem/arena/repair.h"
#include "osmem/base/num.h"
#include "osmem/block/canary.h"
#include "osmem/platform/expect.h"

/* ---- canaries ---- */

/* How many bytes behind the user's last must not change: those of the canary, and behind that of a
 * large block all up to its page's end, where what is freed is cleared. */
static size_t heap_watched(const struct os_heap *heap, const struct os_block *block) {
    size_t canary = canary_length(block->slack);
    EXPECT(block->slack <= block->size);
    if (block->id != NO_BLOCK || !heap->space.zeroed)
        return canary;
    uintptr_t end = num_address(block->address) + block->size - block->slack;
    size_t page = heap->space.kernel->page, rest = num_floor(end, page) + page - end;
    return num_max(canary, num_min(rest, block->slack));
}

static char *heap_user_end(const struct os_block *block) {
    EXPECT(block->slack <= block->size);
    return block->address + block->size - block->slack;
}

bool heap_canary_holds(const struct os_heap *heap, const struct os_block *block) {
    if (block->slack == 0)
        return true;
    const char *end = heap_user_end(block);
    size_t length = canary_length(block->slack), watched = heap_watched(heap, block);
    return canary_holds(heap->arena.canary_key, num_address(block->address), end,
                        block->slack) &&
           (watched == length || fill_holds(end + length, watched - length, FILL_CLEAR));
}

void heap_arm_canary(const struct os_heap *heap, const struct os_block *block) {
    canary_write(heap->arena.canary_key, num_address(block->address),
                 heap_user_end(block), block->slack);
}

void heap_disarm_canary(const struct os_heap *heap, const struct os_block *block) {
    EXPECT(heap_watched(heap, block) <= block->size);
    fill_write(heap_user_end(block), canary_length(block->slack), FILL_CLEAR);
}

struct fill_damage heap_canary_damage(const struct os_heap *heap,
                                      const struct os_block *block) {
    unsigned char canary[CANARY_MAX];
    struct fill_damage damage = {.changed = 0};
    const char *end = heap_user_end(block);
    canary_make(heap->arena.canary_key, num_address(block->address), canary);
    size_t watched = heap_watched(heap, block);
    for (size_t i = 0; i < watched; i++)
        fill_note(&damage, i, i < CANARY_MAX ? (char)canary[i] : FILL_CLEAR, end[i]);
    return damage;
}

/* ---- fills ---- */

/* A free block that is known to be zero; of another one the tags say nothing. */
static bool heap_is_known_zero(const struct os_heap *heap, block_id id) {
    struct tags_extent extent;
    EXPECT(id != NO_BLOCK);
    return tags_read(block_tag(&heap->space, id), &extent) &&
           extent.state == STATE_FREE && extent.zero;
}

struct heap_filled heap_filled(const struct os_heap *heap, const struct os_block *block,
                               enum block_state state) {
    if (state == STATE_QUARANTINED)
        return (struct heap_filled){block->address, block->size, FILL_DEAD};
    bool is_zero = state == STATE_FREE &&
                   (heap->space.zeroed || heap_is_known_zero(heap, block->id));
    size_t links = block->size < TAG_LINKS_MIN_GRANULES * GRANULE ? GRANULE : 0;
    EXPECT(links <= block->size);
    return (struct heap_filled){block->address + links, is_zero ? block->size - links : 0,
                                FILL_CLEAR};
}

struct heap_filled heap_left_padding(const struct os_heap *heap,
                                     const struct os_block *block) {
    size_t page = heap->space.kernel->page;
    size_t length = block->id == NO_BLOCK ? num_address(block->address) % page : 0;
    EXPECT(length < page);
    return (struct heap_filled){block->address - length, length, FILL_CLEAR};
}

/* ---- neighbours ---- */

/* A block next to another one, as it is now. */
static struct heap_neighbour heap_neighbour(const struct os_heap *heap, block_id id) {
    struct tags_extent extent = {.granules = 0};
    bool starts = tags_read(block_tag(&heap->space, id), &extent);
    (void)starts;
    EXPECT(starts);
    return (struct heap_neighbour){
        .block = {.address = block_address(&heap->space, id),
                  .size = extent.granules * GRANULE,
                  .slack = extent.slack,
                  .id = id},
        .state = extent.state,
    };
}

/* The block is still there, as it was. */
static bool heap_stands(const struct os_heap *heap, const struct os_block *block) {
    struct tags_extent extent;
    return block->id != NO_BLOCK &&
           tags_read(block_tag(&heap->space, block->id), &extent) &&
           extent.granules * GRANULE == block->size;
}

/* The caller has the arena's lock. */
static void heap_read_neighbours(const struct os_heap *heap, const struct os_block *block,
                                 struct heap_neighbours *neighbours) {
    block_id id;
    neighbours->has_left = neighbours->has_right = false;
    if (!heap_stands(heap, block))
        return;
    if (arena_left(&heap->arena, block->id, &id)) {
        neighbours->has_left = true;
        neighbours->left = heap_neighbour(heap, id);
    }
    if (arena_right(&heap->arena, block->id, &id)) {
        neighbours->has_right = true;
        neighbours->right = heap_neighbour(heap, id);
    }
}

void heap_neighbours(struct os_heap *heap, const struct os_block *block,
                     struct heap_neighbours *neighbours) {
    neighbours->has_left = neighbours->has_right = false;
    if (block->id == NO_BLOCK)
        return;
    lock_take(&heap->arena.lock);
    heap_read_neighbours(heap, block, neighbours);
    lock_release(&heap->arena.lock);
}

/* Tag, bytes, tag: its owner claims it before he touches the bytes, and cannot give it back its canary
 * without the arena's lock, which the caller has. */
static void heap_judge_canary(const struct os_heap *heap,
                              const struct heap_neighbour *neighbour,
                              struct heap_verdict *verdict) {
    const struct os_block *block = &neighbour->block;
    if (heap_canary_holds(heap, block))
        return;
    atomic_thread_fence(memory_order_acquire);
    if (heap_neighbour(heap, block->id).state != STATE_IN_USE)
        return;
    verdict->damage = heap_canary_damage(heap, block);
    verdict->watched = block->slack;
    verdict->wrong = verdict->damage.changed ? HEAP_CANARY : HEAP_SOUND;
}

/* The last granule of what is filled: an underflow of the block behind it begins there. */
static void heap_judge_fill(const struct os_heap *heap,
                            const struct heap_neighbour *neighbour,
                            struct heap_verdict *verdict) {
    struct heap_filled filled = heap_filled(heap, &neighbour->block, neighbour->state);
    size_t near = num_min(filled.length, GRANULE);
    if (fill_holds(filled.at + filled.length - near, near, filled.byte))
        return;
    verdict->damage = fill_damage(filled.at, filled.length, filled.byte);
    verdict->watched = filled.length;
    verdict->wrong = HEAP_FILL;
}

static void heap_judge(const struct os_heap *heap, const struct heap_neighbour *neighbour,
                       bool is_left, struct heap_verdict *verdict) {
    size_t granules = neighbour->block.size / GRANULE;
    verdict->block = neighbour->block;
    if (neighbour->state == STATE_IN_USE)
        heap_judge_canary(heap, neighbour, verdict);
    else if (!is_left || neighbour->state == STATE_BUSY ||
             neighbour->state == STATE_NOT_OURS)
        return;
    else if (neighbour->state == STATE_FREE && granules == 1)
        verdict->wrong = bins_links_hold(&heap->arena, neighbour->block.id, 1)
                             ? HEAP_SOUND
                             : HEAP_LINKS;
    else
        heap_judge_fill(heap, neighbour, verdict);
}

void heap_verify_neighbours(struct os_heap *heap, const struct os_block *block,
                            struct heap_verdict *left, struct heap_verdict *right) {
    struct heap_neighbours near;
    left->wrong = right->wrong = HEAP_SOUND;
    if (block->id == NO_BLOCK)
        return;
    lock_take(&heap->arena.lock);
    heap_read_neighbours(heap, block, &near);
    if (near.has_left)
        heap_judge(heap, &near.left, true, left);
    if (near.has_right)
        heap_judge(heap, &near.right, false, right);
    lock_release(&heap->arena.lock);
}

/* Entries and tags stay mapped, so that they can be read without the locks as well. */
enum located heap_locate(struct os_heap *heap, const void *address,
                         struct os_block *block) {
    bool arena = lock_try_for_a_while(&heap->arena.lock);
    bool space = lock_try_for_a_while(&heap->space.lock);
    *block = (struct os_block){.id = NO_BLOCK};
    enum located located = locate(&heap->space, address, block);
    if (space)
        lock_release(&heap->space.lock);
    if (arena)
        lock_release(&heap->arena.lock);
    return located;
}

/* ---- links that were written over ---- */

bool heap_suspects(struct os_heap *heap, struct suspects *taken) {
    if (!atomic_load_explicit(&heap->arena.has_suspects, memory_order_relaxed))
        return false;
    lock_take(&heap->arena.lock);
    bool any = repair_take_suspects(&heap->arena, taken);
    lock_release(&heap->arena.lock);
    return any;
}

bool heap_repair_links(struct os_heap *heap) {
    bool bad = false;
    lock_take(&heap->arena.lock);
    for (size_t granules = 1; granules < TAG_LINKS_MIN_GRANULES; granules++)
        bad |= repair_list(&heap->arena, granules);
    lock_release(&heap->arena.lock);
    return bad;
}

/* ---- the whole ---- */

struct heap_counters heap_count(struct os_heap *heap) {
    struct heap_counters sum = {.blocks_in_use = 0};
    heap_lock(heap);
    const struct arena_counters *arena = &heap->arena.counters;
    const struct space_counters *space = &heap->space.counters;
    for (int state = 0; state <= STATE_FREE; state++)
        sum.granules[state] = arena->granules[state];
    sum.blocks_in_use = arena->blocks_in_use;
    sum.large_blocks = space->large_blocks;
    sum.large_size = space->large_size;
    sum.large_guarded = space->large_guarded;
    sum.large_idle = space->large_idle;
    sum.large_kept = space->large_kept;
    sum.unguarded = space->unguarded;
    sum.clears = space->clears;
    sum.given_back = space->given_back;
    heap_unlock(heap);
    EXPECT(sum.granules[STATE_BUSY] == 0);
    return sum;
}
