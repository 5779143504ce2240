#include "osmem/heap/large.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/heap/policy.h"
#include "osmem/heap/registry.h"

/* ---- taking ---- */

/* Address space in front of the next block, in bytes. */
static size_t large_gap(struct os_heap *heap) {
    if (!heap->large.right)
        return 0;
    heap->large.random = num_mix(heap->large.random + 1);
    return heap->large.random % POLICY_GAP_PAGES * heap->kernel->page;
}

/* Where a block stands in a mapping whose first and last page are fences. */
static void large_lay(struct large_entry *entry, size_t room, size_t alignment,
                      bool right, size_t page) {
    uintptr_t base = num_address(entry->base);
    uintptr_t from = right ? num_floor(base + entry->length - page - room, alignment)
                           : num_ceil(base + page, num_max(alignment, page));
    entry->address = entry->base + (from - base);
    entry->room = num_ceil(from + room, page) - from;
}

/* [ gap, a page and what the alignment needs | lead, room | a page ] */
static bool large_map_fenced(struct os_heap *heap, size_t room, size_t alignment,
                             bool right, struct large_entry *entry) {
    size_t page = heap->kernel->page, gap = right ? large_gap(heap) : 0, length;
    size_t lead = num_max(alignment, page) - page;
    if (!num_ceil_checked(room, page, &length) ||
        !num_add(length, gap + lead + 2 * page, &length))
        return false;
    char *base = sys_reserve(heap->kernel, length);
    if (!base)
        return false;
    *entry = (struct large_entry){
        .base = base, .length = length, .live = true, .guarded = true};
    large_lay(entry, room, alignment, right, page);
    char *start = large_start(heap, entry), *end = entry->address + entry->room;
    if (start == end || sys_commit(heap->kernel, start, (size_t)(end - start)))
        return true;
    registry_unmap(heap, base, length);
    return false;
}

static bool large_map_bare(struct os_heap *heap, size_t room, size_t alignment,
                           struct large_entry *entry) {
    size_t page = heap->kernel->page, lead = num_max(alignment, page) - page;
    room = num_ceil(room, page);
    char *base = room ? sys_map(heap->kernel, room + lead) : NULL;
    if (!base)
        return false;
    size_t offset = num_ceil(num_address(base), alignment) - num_address(base);
    *entry = (struct large_entry){.base = base,
                                  .length = room + lead,
                                  .address = base + offset,
                                  .room = room,
                                  .live = true};
    heap->counters.unguarded++;
    return true;
}

static struct os_block large_place(const struct large_entry *entry, bool zero) {
    return (struct os_block){.address = entry->address,
                             .room = entry->room,
                             .slack = entry->slack,
                             .zero = zero,
                             .block = NO_BLOCK};
}

enum os_status large_take(struct os_heap *heap, size_t room, size_t alignment, bool right,
                         struct os_block *place) {
    size_t whole;
    if (!num_add(room, alignment, &whole) || whole > PTRDIFF_MAX)
        return OS_NO_MEMORY;
    if (!registry_make_room(heap, 2))
        return OS_NO_MEMORY;
    struct large_entry entry;
    bool mapped = large_map_fenced(heap, room, alignment, right, &entry) ||
                  large_map_bare(heap, room, alignment, &entry);
    bool alone = room < heap->large_from; /* and can do without */
    if (!mapped && !alone && registry_let_go(heap))
        mapped = large_map_fenced(heap, room, alignment, right, &entry);
    if (!mapped)
        return OS_NO_MEMORY;
    registry_insert(heap, entry);
    *place = large_place(&entry, true);
    return OS_OK;
}

void large_give(struct os_heap *heap, const struct os_block *place) {
    registry_retire(heap, registry_find(heap, place->address));
}

/* ---- resizing ---- */

void large_set_slack(struct os_heap *heap, const struct os_block *place) {
    registry_find(heap, place->address)->slack = place->slack;
}

/* The tail becomes the fence, and what is beyond its first page is given back. One that must stay is
 * cleared. */
static void large_shrink(struct os_heap *heap, struct large_entry *entry, size_t room) {
    size_t page = heap->kernel->page;
    char *tail = entry->address + room;
    char *end = entry->base + entry->length;
    size_t fence = entry->guarded ? page : 0;
    if (fence && !sys_fence(heap->kernel, tail, entry->room - room)) {
        if (heap->clear && !sys_discard(heap->kernel, tail, entry->room - room))
            memset(tail, 0, entry->room - room);
        return;
    }
    heap->counters.large_room -= entry->room - room;
    entry->room = room;
    if (sys_unmap(heap->kernel, tail + fence, (size_t)(end - tail) - fence))
        entry->length = (size_t)(tail - entry->base) + fence;
    else
        sys_discard(heap->kernel, tail, (size_t)(end - tail));
}

static enum os_status large_move(struct os_heap *heap, struct os_block *place,
                                size_t room) {
    size_t page = heap->kernel->page, length;
    struct large_entry old = *registry_find(heap, place->address);
    if (!num_ceil_checked(room, page, &room) || !num_add(room, 2 * page, &length) ||
        !registry_make_room(heap, 2))
        return OS_NO_MEMORY;
    char *base = sys_reserve(heap->kernel, length);
    if (!base)
        return OS_NO_MEMORY;
    char *address = base + page;
    if (!sys_move(heap->kernel, old.address, old.room, room, address)) {
        registry_unmap(heap, base, length);
        return OS_NO_MEMORY;
    }
    registry_remember(heap, &old);
    heap->counters.slack -= old.slack;
    registry_remove(heap, old.base);
    char *behind = old.address + old.room;
    registry_unmap(heap, old.base, (size_t)(old.address - old.base));
    registry_unmap(heap, behind, (size_t)(old.base + old.length - behind));
    struct large_entry entry = {.base = base,
                                .length = length,
                                .address = address,
                                .room = room,
                                .live = true,
                                .guarded = true};
    registry_insert(heap, entry);
    *place = large_place(&entry, false);
    return OS_OK;
}

/* Pages can be moved only to where the block starts at one, and where nobody keeps the old range. */
static bool large_may_move(const struct os_heap *heap, const struct large_entry *entry) {
    return !heap->large.right && !heap->large.keep &&
           num_address(entry->address) % heap->kernel->page == 0;
}

enum os_status large_resize(struct os_heap *heap, struct os_block *place, size_t room) {
    struct large_entry *entry = registry_find(heap, place->address);
    if (room > entry->room)
        return large_may_move(heap, entry) ? large_move(heap, place, room) : OS_NO_MEMORY;
    uintptr_t from = num_address(entry->address);
    size_t whole = num_ceil(from + room, heap->kernel->page) - from;
    if (heap->large.right && room < entry->room && room < whole)
        return OS_NO_MEMORY; /* it would end within its page */
    room = whole;
    heap->counters.slack -= entry->slack;
    entry->slack = 0;
    if (room < entry->room)
        large_shrink(heap, entry, room);
    *place = large_place(entry, false);
    return OS_OK;
}
