#include "osmem/heap/registry.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/heap/guarded.h"
#include "osmem/heap/policy.h"
#include "osmem/platform/expect.h"

/* The number of entries whose mapping starts at or below an address. */
static size_t registry_rank(const struct os_heap *heap, const void *address) {
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

struct large_entry *registry_find(const struct os_heap *heap, const void *address) {
    size_t rank = registry_rank(heap, address);
    if (rank == 0)
        return NULL;
    struct large_entry *entry = &large_entries(heap)[rank - 1];
    return num_address(address) - num_address(entry->base) < entry->length ? entry : NULL;
}

bool registry_make_room(struct os_heap *heap, size_t entries) {
    struct guarded_region *table = &heap->large.table;
    if (!table->base &&
        !guarded_reserve(table, heap->kernel, POLICY_REGISTRY, POLICY_REGISTRY_LEAST))
        return false;
    size_t size = (heap->large.count + entries) * sizeof(struct large_entry);
    return guarded_commit(table, heap->kernel, size);
}

/* Counts an entry in, or with -1 out. */
static void registry_count(struct os_heap *heap, const struct large_entry *entry,
                           size_t one) {
    heap->counters.large_blocks += entry->live ? one : 0;
    heap->counters.large_room += entry->live ? one * entry->room : 0;
    heap->counters.large_alone += entry->live && entry->room < heap->large_from ? one : 0;
    heap->counters.large_kept += entry->kept ? one * entry->length : 0;
    heap->counters.large_idle += entry->live || entry->kept ? 0 : one;
}

void registry_insert(struct os_heap *heap, struct large_entry entry) {
    size_t rank = registry_rank(heap, entry.base);
    struct large_entry *at = large_entries(heap) + rank;
    EXPECT((heap->large.count + 1) * sizeof entry <= heap->large.table.committed);
    memmove(at + 1, at, (heap->large.count - rank) * sizeof entry);
    *at = entry;
    heap->large.count++;
    registry_count(heap, &entry, 1);
}

void registry_remove(struct os_heap *heap, const char *base) {
    struct large_entry *at = large_entries(heap) + registry_rank(heap, base) - 1;
    EXPECT(at->base == base);
    registry_count(heap, at, (size_t)-1);
    struct large_entry *end = large_entries(heap) + heap->large.count--;
    memmove(at, at + 1, (size_t)(end - (at + 1)) * sizeof *at);
}

void registry_unmap(struct os_heap *heap, char *base, size_t length) {
    if (length == 0 || sys_unmap(heap->kernel, base, length))
        return;
    sys_discard(heap->kernel, base, length);
    registry_insert(heap, (struct large_entry){.base = base, .length = length});
}

/* ---- what was freed ---- */

void registry_remember(struct os_heap *heap, const struct large_entry *entry) {
    unsigned next = heap->large.recent_next++ % LARGE_RECENT;
    heap->large.recent[next] = (struct large_recent){entry->base, entry->length};
}

bool registry_was_freed(const struct os_heap *heap, const void *address) {
    for (unsigned i = 0; i < LARGE_RECENT; i++) {
        const struct large_recent *recent = &heap->large.recent[i];
        if (num_address(address) - num_address(recent->base) < recent->length)
            return true;
    }
    return false;
}

/* The one that was kept longest goes back. */
static void registry_release(struct os_heap *heap) {
    struct large *large = &heap->large;
    char *base = large->kept[large->kept_first++ % LARGE_KEPT];
    struct large_entry entry = *registry_find(heap, base);
    large->kept_count--;
    registry_remember(heap, &entry);
    registry_remove(heap, base);
    registry_unmap(heap, base, entry.length);
}

static bool registry_keep(struct os_heap *heap, struct large_entry *entry) {
    struct large *large = &heap->large;
    if (entry->length > large->keep)
        return false;
    if (entry->room && (!sys_discard(heap->kernel, entry->base, entry->length) ||
                        !sys_fence(heap->kernel, entry->base, entry->length)))
        return false;
    while (large->kept_count == LARGE_KEPT ||
           heap->counters.large_kept > large->keep - entry->length) {
        char *base = entry->base;
        registry_release(heap);
        entry = registry_find(heap, base); /* entries have moved */
    }
    registry_count(heap, entry, (size_t)-1);
    entry->live = false;
    entry->kept = true;
    registry_count(heap, entry, 1);
    large->kept[(large->kept_first + large->kept_count++) % LARGE_KEPT] = entry->base;
    return true;
}

void registry_retire(struct os_heap *heap, struct large_entry *entry) {
    heap->counters.slack -= entry->slack;
    if (registry_keep(heap, entry))
        return;
    struct large_entry gone = *entry;
    registry_remember(heap, &gone);
    registry_remove(heap, gone.base);
    registry_unmap(heap, gone.base,
                   gone.length); /* its own entry's room serves if refused */
}

bool registry_let_go(struct os_heap *heap) {
    bool any = heap->large.kept_count > 0;
    while (heap->large.kept_count)
        registry_release(heap);
    for (size_t i = heap->large.count; heap->counters.large_idle && i-- > 0;) {
        struct large_entry entry = large_entries(heap)[i];
        if (!entry.live && sys_unmap(heap->kernel, entry.base, entry.length)) {
            registry_remove(heap, entry.base);
            any = true;
        }
    }
    return any;
}
