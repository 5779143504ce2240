#include "osmem/space/registry.h"

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"

static bool registry_make(struct os_space *space) {
    size_t most = guarded_share(space->kernel, POLICY_REGISTRY, POLICY_REGISTRY_SHARE);
    return guarded_reserve(&space->registry.table, space->kernel, most,
                           POLICY_REGISTRY_LEAST);
}

bool registry_reserve(struct os_space *space, size_t entries) {
    struct registry *registry = &space->registry;
    EXPECT(registry->count <= registry->used);
    size_t unused = registry->used - registry->count;
    if (!registry->table.base && !registry_make(space))
        return false;
    if (entries <= unused)
        return true;
    size_t used = registry->used + (entries - unused);
    return guarded_commit(&registry->table, space->kernel,
                          used * sizeof(struct large_entry));
}

struct large_entry *registry_take(struct os_space *space, char *base, size_t length) {
    struct registry *registry = &space->registry;
    bool reused = registry->free != REGISTRY_END;
    struct large_entry *entry =
        large_entry(space, reused ? registry->free : registry->used);
    EXPECT(reused ||
           (registry->used + (size_t)1) * sizeof *entry <= registry->table.committed);
    EXPECT(large_state(entry) == LARGE_NONE);
    if (reused)
        registry->free = entry->next;
    else
        registry->used++;
    registry->count++;
    uint64_t word = atomic_load_explicit(&entry->word, memory_order_relaxed);
    uint64_t generation = (word >> LARGE_STATE_BITS) + 1;
    atomic_store_explicit(&entry->word, generation << LARGE_STATE_BITS | LARGE_LEAVING,
                          memory_order_relaxed);
    atomic_store_explicit(&entry->address, NULL, memory_order_relaxed);
    atomic_store_explicit(&entry->size, 0, memory_order_relaxed);
    atomic_store_explicit(&entry->slack, 0, memory_order_relaxed);
    entry->base = base;
    entry->length = length;
    entry->mark = (struct zero_mark){.faults = 0};
    entry->next = REGISTRY_END;
    entry->guarded = entry->right = entry->grows = entry->keep = entry->done =
        entry->ready = false;
    return entry;
}

void registry_release(struct os_space *space, struct large_entry *entry) {
    EXPECT(!large_is_live(entry) && large_state(entry) != LARGE_NONE);
    EXPECT(space->registry.count > 0);
    registry_set_state(entry, LARGE_NONE);
    entry->next = space->registry.free;
    space->registry.free = registry_index(space, entry);
    space->registry.count--;
}

void registry_set_state(struct large_entry *entry, enum large_state state) {
    uint64_t word = atomic_load_explicit(&entry->word, memory_order_relaxed);
    EXPECT(large_word_state(word) != LARGE_NONE);
    atomic_store_explicit(&entry->word, word - large_word_state(word) + state,
                          memory_order_release);
}

/* Counts a live entry in, or with -1 out. */
static void registry_count(struct os_space *space, const struct large_entry *entry,
                           size_t one) {
    size_t size = large_size(entry);
    space->counters.large_blocks += one;
    space->counters.large_size += one * size;
    space->counters.large_split += entry->guarded ? one : 0;
    space->counters.large_guarded += size < space->large_from ? one : 0;
}

void registry_publish(struct os_space *space, struct large_entry *entry) {
    EXPECT(!large_is_live(entry));
    EXPECT(!registry_at(space, large_address(entry)));
    registry_set_state(entry, LARGE_BUSY);
    registry_count(space, entry, 1);
    page_map_set(&space->pages, space_page(space, large_address(entry)),
                 registry_index(space, entry) + 1);
}

void registry_withdraw(struct os_space *space, struct large_entry *entry) {
    EXPECT(large_state(entry) == LARGE_BUSY);
    EXPECT(registry_at(space, large_address(entry)) == entry);
    page_map_set(&space->pages, space_page(space, large_address(entry)), 0);
    registry_count(space, entry, (size_t)-1);
    registry_set_state(entry, LARGE_LEAVING);
}

struct large_entry *registry_at(const struct os_space *space, const void *address) {
    uint32_t value = page_map_get(&space->pages, space_page(space, address));
    return value ? large_entry(space, value - 1) : NULL;
}

struct large_entry *registry_next(const struct os_space *space, const void *address) {
    uintptr_t page = space_page(space, address);
    uint32_t value = page_map_next(&space->pages, &page);
    if (value && num_address(large_address(large_entry(space, value - 1))) <
                     num_address(address)) {
        page++; /* it starts in the same page, below */
        value = page_map_next(&space->pages, &page);
    }
    return value ? large_entry(space, value - 1) : NULL;
}

struct large_entry *registry_find(const struct os_space *space, const void *address) {
    struct large_entry *gone = NULL;
    for (uint32_t i = 0; i < space->registry.used; i++) {
        struct large_entry *entry = large_entry(space, i);
        if (large_state(entry) == LARGE_NONE ||
            num_address(address) - num_address(entry->base) >= entry->length)
            continue;
        if (large_is_live(entry))
            return entry;
        gone = entry;
    }
    return gone;
}
