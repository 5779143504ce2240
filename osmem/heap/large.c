#include "osmem/heap/large.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/heap/fenced.h"
#include "osmem/heap/policy.h"
#include "osmem/platform/expect.h"

/* ---- the registry: entries in address order ---- */

/* The number of entries whose mapping starts at or below an address. */
static size_t large_rank(const struct os_heap *heap, const void *address) {
    const struct large_entry *entries = large_entries(heap);
    size_t low = 0, high = heap->large.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (num_address(entries[middle].base) <= num_address(address))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct large_entry *large_find(const struct os_heap *heap, const void *address) {
    size_t rank = large_rank(heap, address);
    if (rank == 0)
        return NULL;
    const struct large_entry *entry = &large_entries(heap)[rank - 1];
    return num_address(address) - num_address(entry->base) < entry->length ? entry : NULL;
}

/* Room for so many more entries; nothing else may be refused once a mapping is made. */
static bool large_make_room(struct os_heap *heap, size_t entries) {
    struct fenced *table = &heap->large.table;
    if (!table->base &&
        !fenced_reserve(table, heap->kernel, POLICY_REGISTRY, POLICY_REGISTRY_LEAST))
        return false;
    size_t size = (heap->large.count + entries) * sizeof(struct large_entry);
    return fenced_commit(table, heap->kernel, size);
}

static void large_insert(struct os_heap *heap, struct large_entry entry) {
    size_t rank = large_rank(heap, entry.base);
    struct large_entry *at = large_entries(heap) + rank;
    EXPECT((heap->large.count + 1) * sizeof entry <= heap->large.table.committed);
    memmove(at + 1, at, (heap->large.count - rank) * sizeof entry);
    *at = entry;
    heap->large.count++;
    heap->counters.large_blocks += entry.live;
    heap->counters.large_room += entry.live ? entry.room : 0;
    heap->counters.large_idle += !entry.live;
}

static void large_remove(struct os_heap *heap, const char *base) {
    struct large_entry *at = large_entries(heap) + large_rank(heap, base) - 1;
    EXPECT(at->base == base);
    heap->counters.large_blocks -= at->live;
    heap->counters.large_room -= at->live ? at->room : 0;
    heap->counters.large_idle -= !at->live;
    struct large_entry *end = large_entries(heap) + heap->large.count--;
    memmove(at, at + 1, (size_t)(end - (at + 1)) * sizeof *at);
}

bool large_was_freed(const struct os_heap *heap, const void *address) {
    for (unsigned i = 0; i < LARGE_RECENT; i++) {
        const struct large_recent *recent = &heap->large.recent[i];
        if (num_address(address) - num_address(recent->base) < recent->length)
            return true;
    }
    return false;
}

/* Gives a range back, or keeps it as idle; the caller has made room for an entry. */
static void large_unmap(struct os_heap *heap, char *base, size_t length) {
    if (length == 0 || sys_unmap(heap->kernel, base, length))
        return;
    sys_discard(heap->kernel, base, length);
    large_insert(heap, (struct large_entry){.base = base, .length = length});
}

bool large_retry_idle(struct os_heap *heap) {
    bool any = false;
    for (size_t i = heap->large.count; heap->counters.large_idle && i-- > 0;) {
        struct large_entry entry = large_entries(heap)[i];
        if (!entry.live && sys_unmap(heap->kernel, entry.base, entry.length)) {
            large_remove(heap, entry.base);
            any = true;
        }
    }
    return any;
}

/* ---- taking ---- */

/* [inaccessible, at least a page | room | inaccessible, at least a page] */
static bool large_map_fenced(struct os_heap *heap, size_t room, size_t lead,
                             size_t alignment, struct large_entry *entry) {
    size_t page = heap->kernel->page, length;
    if (!num_add(room + lead, 2 * page, &length))
        return false;
    char *base = sys_reserve(heap->kernel, length);
    if (!base)
        return false;
    size_t offset = num_ceil(num_address(base) + page, alignment) - num_address(base);
    *entry = (struct large_entry){.base = base,
                                  .length = length,
                                  .address = base + offset,
                                  .room = room,
                                  .live = true,
                                  .guarded = true};
    if (sys_commit(heap->kernel, entry->address, room))
        return true;
    large_unmap(heap, base, length);
    return false;
}

static bool large_map_bare(struct os_heap *heap, size_t room, size_t lead,
                           size_t alignment, struct large_entry *entry) {
    char *base = sys_map(heap->kernel, room + lead);
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

static struct os_place large_place(const struct large_entry *entry, bool zero) {
    return (struct os_place){.address = entry->address,
                             .room = entry->room,
                             .slack = entry->slack,
                             .zero = zero,
                             .block = NO_BLOCK};
}

enum os_fault large_take(struct os_heap *heap, size_t room, size_t alignment,
                         struct os_place *place) {
    size_t page = heap->kernel->page, whole;
    alignment = num_max(alignment, page);
    size_t lead = alignment - page;
    if (!num_ceil_checked(room, page, &room) || !num_add(room, lead, &whole))
        return OS_NO_MEMORY;
    if (!large_make_room(heap, 2))
        return OS_NO_MEMORY;
    struct large_entry entry;
    bool mapped = large_map_fenced(heap, room, lead, alignment, &entry) ||
                  large_map_bare(heap, room, lead, alignment, &entry);
    if (!mapped && large_retry_idle(heap))
        mapped = large_map_fenced(heap, room, lead, alignment, &entry);
    if (!mapped)
        return OS_NO_MEMORY;
    large_insert(heap, entry);
    *place = large_place(&entry, true);
    return OS_OK;
}

/* Remembers a range whose block is gone; its address may still be freed again. */
static void large_remember(struct os_heap *heap, const struct large_entry *entry) {
    unsigned next = heap->large.recent_next++ % LARGE_RECENT;
    heap->large.recent[next] = (struct large_recent){entry->base, entry->length};
}

void large_give(struct os_heap *heap, const struct os_place *place) {
    struct large_entry entry = *large_find(heap, place->address);
    large_remember(heap, &entry);
    heap->counters.slack -= entry.slack;
    large_remove(heap, entry.base);
    large_unmap(heap, entry.base,
                entry.length); /* its own entry's room serves if refused */
}

/* ---- resizing ---- */

static struct large_entry *large_entry_of(struct os_heap *heap,
                                          const struct os_place *place) {
    return large_entries(heap) + large_rank(heap, place->address) - 1;
}

void large_set_slack(struct os_heap *heap, const struct os_place *place) {
    large_entry_of(heap, place)->slack = place->slack;
}

/* The tail becomes the fence, and what is beyond its first page is given back. */
static void large_shrink(struct os_heap *heap, struct large_entry *entry, size_t room) {
    size_t page = heap->kernel->page;
    char *tail = entry->address + room;
    char *end = entry->base + entry->length;
    size_t fence = entry->guarded ? page : 0;
    if (fence && !sys_fence(heap->kernel, tail, entry->room - room))
        return;
    heap->counters.large_room -= entry->room - room;
    entry->room = room;
    if (sys_unmap(heap->kernel, tail + fence, (size_t)(end - tail) - fence))
        entry->length = (size_t)(tail - entry->base) + fence;
    else
        sys_discard(heap->kernel, tail, (size_t)(end - tail));
}

static enum os_fault large_move(struct os_heap *heap, struct os_place *place,
                                size_t room) {
    size_t page = heap->kernel->page, length;
    struct large_entry old = *large_entry_of(heap, place);
    if (!num_add(room, 2 * page, &length) || !large_make_room(heap, 2))
        return OS_NO_MEMORY;
    char *base = sys_reserve(heap->kernel, length);
    if (!base)
        return OS_NO_MEMORY;
    char *address = base + page;
    if (!sys_move(heap->kernel, old.address, old.room, room, address)) {
        large_unmap(heap, base, length);
        return OS_NO_MEMORY;
    }
    large_remember(heap, &old);
    heap->counters.slack -= old.slack;
    large_remove(heap, old.base);
    char *behind = old.address + old.room;
    large_unmap(heap, old.base, (size_t)(old.address - old.base));
    large_unmap(heap, behind, (size_t)(old.base + old.length - behind));
    struct large_entry entry = {.base = base,
                                .length = length,
                                .address = address,
                                .room = room,
                                .live = true,
                                .guarded = true};
    large_insert(heap, entry);
    *place = large_place(&entry, false);
    return OS_OK;
}

enum os_fault large_resize(struct os_heap *heap, struct os_place *place, size_t room) {
    if (!num_ceil_checked(room, heap->kernel->page, &room))
        return OS_NO_MEMORY;
    struct large_entry *entry = large_entry_of(heap, place);
    if (room > entry->room)
        return large_move(heap, place, room);
    heap->counters.slack -= entry->slack;
    entry->slack = 0;
    if (room < entry->room)
        large_shrink(heap, entry, room);
    *place = large_place(entry, false);
    return OS_OK;
}
