#include "osmem/space/large.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"
#include "osmem/space/registry.h"

struct os_block large_block(const struct large_entry *entry) {
    return (struct os_block){.address = large_address(entry),
                             .size = large_size(entry),
                             .slack = large_slack(entry),
                             .id = NO_BLOCK};
}

/* ---- where a block stands ---- */

/* Address space in front of the next block, in bytes. */
static size_t large_gap(struct os_space *space) {
    if (!space->right)
        return 0;
    space->random = num_mix(space->random + 1);
    return space->random % POLICY_GAP_PAGES * space->kernel->page;
}

/* A mapping that is to become an entry, and where the block stands in it. */
struct large_mapping {
    char *base;
    size_t length;
    char *address;
    size_t size;
    struct zero_mark mark;
    bool guarded, right, grows, zero;
};

/* Where a block stands in a mapping whose first and last page are guard pages. */
static void large_lay(struct large_mapping *mapping, size_t size, size_t alignment,
                      enum large_layout layout, size_t page) {
    uintptr_t base = num_address(mapping->base);
    uintptr_t from = layout == LARGE_RIGHT
                         ? num_floor(base + mapping->length - page - size, alignment)
                         : num_ceil(base + page, num_max(alignment, page));
    mapping->address = mapping->base + (from - base);
    mapping->size = num_ceil(from + size, page) - from;
    EXPECT(from >= base + page);
}

/* Address space that no block has any more leaves; the caller has reserved an entry. */
static void large_drop(struct os_space *space, char *base, size_t length,
                       struct leaving *leaving) {
    if (length)
        retire_add(space, registry_take(space, base, length), leaving);
}

/* Address space for so many bytes, and for the reserve behind them as far as that is granted. */
static char *large_reserve(struct os_space *space, size_t size, bool grows,
                           size_t *length) {
    struct os_kernel *kernel = space->kernel;
    size_t half = num_floor(size / 2, kernel->page);
    size_t reserve = grows ? guarded_share(kernel, half, POLICY_RESERVE_SHARE) : 0;
    char *base = NULL;
    if (reserve && num_add(size, reserve, length))
        base = sys_reserve(kernel, *length);
    if (!base) {
        *length = size;
        base = sys_reserve(kernel, size);
    }
    return base;
}

/* ---- taking what is kept ---- */

static bool large_has_guards_left(const struct os_space *space) {
    return space->counters.large_split < POLICY_GUARDED_LARGE;
}

/* A mapping that is ready for a block of this size; of several, the one freed last. One without guard
 * pages only where a new one would have none either. */
static bool large_take_ready(struct os_space *space, size_t size, size_t alignment,
                             enum large_layout layout, struct large_mapping *mapping) {
    const struct retired *retired = &space->retired;
    bool guards = large_has_guards_left(space);
    if (layout == LARGE_RIGHT)
        return false; /* it ends at a guard page of its own */
    size = num_ceil(size, space->kernel->page);
    for (unsigned i = retired->kept_count; i-- > 0;) {
        struct large_entry *entry = large_entry(space, retired->kept[i]);
        char *address = large_address(entry);
        if (!entry->ready || large_size(entry) != size ||
            num_address(address) % alignment || (guards && !entry->guarded))
            continue;
        *mapping = (struct large_mapping){.base = entry->base,
                                          .length = entry->length,
                                          .address = address,
                                          .size = size,
                                          .mark = entry->mark,
                                          .guarded = entry->guarded,
                                          .grows = entry->grows,
                                          .zero = space->zeroed && !entry->mark.assumed};
        retire_unkeep(space, i);
        registry_release(space, entry);
        return true;
    }
    return false;
}

/* Address space that has been inaccessible for long enough, of at least so many bytes and not many
 * more: of what is kept longest, where it would leave for the next. */
static char *large_take_oldest(struct os_space *space, size_t least, size_t *length) {
    const struct retired *retired = &space->retired;
    if (!retired->kept_count)
        return NULL;
    struct large_entry *entry = large_entry(space, retired->kept[0]);
    size_t gap = POLICY_GAP_PAGES * space->kernel->page;
    /* One that is shorter than the least is longer than any gap. */
    if (entry->ready || entry->length - least >= gap ||
        !retire_is_full(space, entry->length))
        return NULL;
    *length = entry->length;
    retire_unkeep(space, 0);
    registry_release(space, entry);
    return entry->base;
}

/* ---- taking ---- */

/* [ gap, a page and what the alignment needs | left padding, block | a page, reserve ] */
static bool large_map_guarded(struct os_space *space, size_t size, size_t alignment,
                              enum large_layout layout, struct large_mapping *mapping,
                              struct leaving *leaving) {
    size_t page = space->kernel->page, length;
    size_t loose = num_max(alignment, page) - page;
    if (!num_ceil_checked(size, page, &length) ||
        !num_add(length, loose + 2 * page, &length))
        return false;
    bool right = layout == LARGE_RIGHT, grows = layout == LARGE_GROWS;
    char *base = right ? large_take_oldest(space, length, &length) : NULL;
    if (!base)
        base =
            large_reserve(space, length + (right ? large_gap(space) : 0), grows, &length);
    if (!base)
        return false;
    *mapping = (struct large_mapping){.base = base,
                                      .length = length,
                                      .guarded = true,
                                      .right = right,
                                      .grows = grows,
                                      .zero = true};
    large_lay(mapping, size, alignment, layout, page);
    uintptr_t offset = num_address(mapping->address) % page;
    char *start = mapping->address - offset;
    size_t usable = mapping->size + offset;
    if (usable == 0 || sys_commit(space->kernel, start, usable))
        return true;
    large_drop(space, base, length, leaving);
    return false;
}

static bool large_map_bare(struct os_space *space, size_t size, size_t alignment,
                           struct large_mapping *mapping) {
    size_t page = space->kernel->page, loose = num_max(alignment, page) - page;
    EXPECT(num_is_pow2(alignment));
    size = num_ceil(size, page);
    char *base = size ? sys_map(space->kernel, size + loose) : NULL;
    if (!base)
        return false;
    size_t offset = num_ceil(num_address(base), alignment) - num_address(base);
    *mapping = (struct large_mapping){.base = base,
                                      .length = size + loose,
                                      .address = base + offset,
                                      .size = size,
                                      .zero = true};
    return true;
}

/* Makes a mapping known as that of a busy block; false, and it leaves, where the page map is refused. */
static bool large_register(struct os_space *space, const struct large_mapping *mapping,
                           struct os_block *block, struct leaving *leaving) {
    struct large_entry *entry = registry_take(space, mapping->base, mapping->length);
    uintptr_t page = space_page(space, mapping->address);
    if (!page_map_prepare(&space->pages, space->kernel, page)) {
        retire_add(space, entry, leaving);
        return false;
    }
    atomic_store_explicit(&entry->address, mapping->address, memory_order_relaxed);
    atomic_store_explicit(&entry->size, mapping->size, memory_order_relaxed);
    entry->mark = mapping->mark;
    entry->guarded = mapping->guarded;
    entry->right = mapping->right;
    entry->grows = mapping->grows;
    registry_publish(space, entry);
    EXPECT(large_is_live(entry));
    *block = large_block(entry);
    block->zero = mapping->zero;
    return true;
}

enum os_status large_take(struct os_space *space, size_t size, size_t alignment,
                          enum large_layout layout, struct os_block *block,
                          struct leaving *leaving) {
    size_t whole;
    EXPECT(size % GRANULE == 0 && alignment >= GRANULE);
    if (!num_add(size, alignment, &whole) || whole > PTRDIFF_MAX)
        return OS_NO_MEMORY;
    if (!registry_reserve(space, 2))
        return OS_NO_MEMORY;
    struct large_mapping mapping;
    if (!large_take_ready(space, size, alignment, layout, &mapping) &&
        !(large_has_guards_left(space) &&
          large_map_guarded(space, size, alignment, layout, &mapping, leaving)) &&
        !large_map_bare(space, size, alignment, &mapping))
        return OS_NO_MEMORY;
    if (!large_register(space, &mapping, block, leaving))
        return OS_NO_MEMORY;
    space->counters.unguarded += !mapping.guarded;
    return OS_OK;
}

/* ---- claiming ---- */

struct large_entry *large_claim(const struct os_space *space, const void *address) {
    struct large_entry *entry = registry_at(space, address);
    if (!entry)
        return NULL;
    uint64_t word = atomic_load_explicit(&entry->word, memory_order_acquire);
    if (large_word_state(word) != LARGE_IN_USE || large_address(entry) != address)
        return NULL;
    /* A block that went meanwhile, and one that came, have other words. */
    uint64_t busy = word - LARGE_IN_USE + LARGE_BUSY;
    if (!atomic_compare_exchange_strong_explicit(
            &entry->word, &word, busy, memory_order_acq_rel, memory_order_relaxed))
        return NULL;
    EXPECT(large_address(entry) == address);
    return entry;
}

struct large_entry *large_own(const struct os_space *space,
                              const struct os_block *block) {
    EXPECT(block->id == NO_BLOCK);
    struct large_entry *entry = registry_at(space, block->address);
    EXPECT(entry && large_state(entry) == LARGE_BUSY);
    EXPECT(large_address(entry) == block->address && large_size(entry) == block->size);
    return entry;
}

void large_publish(struct large_entry *entry, size_t slack) {
    EXPECT(large_state(entry) == LARGE_BUSY);
    EXPECT(slack <= large_size(entry));
    atomic_store_explicit(&entry->slack, slack, memory_order_relaxed);
    registry_set_state(entry, LARGE_IN_USE);
}

/* ---- resizing ---- */

enum os_status large_extend(struct os_space *space, struct large_entry *entry,
                            size_t size, struct os_block *block) {
    size_t page = space->kernel->page, had = large_size(entry);
    char *end = large_address(entry) + had;
    size_t behind = (size_t)(entry->base + entry->length - end);
    EXPECT(large_state(entry) == LARGE_BUSY && size > had);
    if (!entry->grows || !num_ceil_checked(size, page, &size) ||
        size - had + page > behind || !sys_commit(space->kernel, end, size - had))
        return OS_NO_MEMORY;
    space->counters.large_size += size - had;
    atomic_store_explicit(&entry->size, size, memory_order_relaxed);
    *block = large_block(entry);
    block->slack = 0;
    block->zero = true;
    return OS_OK;
}

/* Pages can be moved only to where the block starts at one, and where freed ranges are not kept. */
static bool large_may_move(const struct os_space *space,
                           const struct large_entry *entry) {
    EXPECT(large_state(entry) == LARGE_BUSY);
    return !space->right && !space->retired.keep &&
           (entry->guarded || large_has_guards_left(space)) &&
           num_address(large_address(entry)) % space->kernel->page == 0;
}

/* What is left of a mapping whose block was moved out: a piece in front, and one behind. */
static void large_drop_around(struct os_space *space, struct large_entry *entry,
                              struct leaving *leaving) {
    char *end = entry->base + entry->length;
    char *behind = large_address(entry) + large_size(entry);
    EXPECT(behind <= end);
    retire_remember(space, entry);
    registry_withdraw(space, entry);
    entry->length = (size_t)(large_address(entry) - entry->base);
    atomic_store_explicit(&entry->address, NULL, memory_order_relaxed);
    atomic_store_explicit(&entry->size, 0, memory_order_relaxed);
    if (entry->length)
        retire_add(space, entry, leaving);
    else
        registry_release(space, entry);
    large_drop(space, behind, (size_t)(end - behind), leaving);
}

enum os_status large_move(struct os_space *space, struct large_entry *entry, size_t size,
                          struct os_block *block, struct leaving *leaving) {
    size_t page = space->kernel->page, length;
    EXPECT(size > large_size(entry));
    if (!large_may_move(space, entry) || !num_ceil_checked(size, page, &size) ||
        !num_add(size, 2 * page, &length) || !registry_reserve(space, 2))
        return OS_NO_MEMORY;
    char *base = large_reserve(space, length, true, &length);
    if (!base)
        return OS_NO_MEMORY;
    struct large_mapping mapping = {.base = base,
                                    .length = length,
                                    .address = base + page,
                                    .size = size,
                                    .guarded = true,
                                    .grows = true,
                                    .zero = true};
    if (!page_map_prepare(&space->pages, space->kernel,
                          space_page(space, mapping.address)) ||
        !sys_move(space->kernel, large_address(entry), large_size(entry), size,
                  mapping.address)) {
        large_drop(space, base, length, leaving);
        return OS_NO_MEMORY;
    }
    large_drop_around(space, entry, leaving);
    bool known = large_register(space, &mapping, block, leaving);
    (void)known;
    EXPECT(known);
    return OS_OK;
}

size_t large_shrunk_size(const struct os_space *space, const struct large_entry *entry,
                         size_t size) {
    uintptr_t from = num_address(large_address(entry));
    size_t whole = num_ceil(from + size, space->kernel->page) - from;
    EXPECT(size <= large_size(entry));
    if (space->right && !entry->grows && size < large_size(entry) && size < whole)
        return 0; /* it would end within its page */
    return whole;
}

bool large_guard_tail(const struct os_space *space, const struct large_entry *entry,
                      size_t size) {
    char *tail = large_address(entry) + size;
    size_t length = large_size(entry) - size;
    EXPECT(large_state(entry) == LARGE_BUSY && length > 0);
    if (!entry->guarded || sys_guard(space->kernel, tail, length))
        return true;
    if (space->zeroed && !sys_discard(space->kernel, tail, length))
        memset(tail, 0, length);
    return false;
}

struct large_tail large_cut(struct os_space *space, struct large_entry *entry,
                            size_t size) {
    size_t guard = entry->guarded ? space->kernel->page : 0;
    char *tail = large_address(entry) + size + guard;
    struct large_tail cut = {tail, (size_t)(entry->base + entry->length - tail)};
    EXPECT(large_state(entry) == LARGE_BUSY && size < large_size(entry));
    space->counters.large_size -= large_size(entry) - size;
    atomic_store_explicit(&entry->size, size, memory_order_relaxed);
    entry->length -= cut.length;
    return cut;
}

void large_uncut(struct large_entry *entry, struct large_tail tail, bool zero) {
    EXPECT(entry->base + entry->length == tail.start);
    entry->grows = entry->grows && zero;
    entry->length += tail.length;
}
