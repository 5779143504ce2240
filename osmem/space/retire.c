#include "osmem/space/retire.h"

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/registry.h"

/* ---- what was freed ---- */

void retire_remember(struct os_space *space, const struct large_entry *entry) {
    struct retired *retired = &space->retired;
    unsigned next = retired->recent_next++ % LARGE_RECENT;
    EXPECT(entry->length > 0);
    retired->recent[next] = (struct large_recent){entry->base, entry->length};
}

bool retire_was_freed(const struct os_space *space, const void *address) {
    for (unsigned i = 0; i < LARGE_RECENT; i++) {
        const struct large_recent *recent = &space->retired.recent[i];
        if (num_address(address) - num_address(recent->base) < recent->length)
            return true;
    }
    return false;
}

/* ---- leaving ---- */

void retire_add(struct os_space *space, struct large_entry *entry,
                struct leaving *leaving) {
    EXPECT(large_state(entry) == LARGE_LEAVING && entry->length > 0);
    entry->done = false;
    entry->next = leaving->first;
    leaving->first = registry_index(space, entry);
}

void retire_block(struct os_space *space, struct large_entry *entry,
                  struct leaving *leaving) {
    registry_withdraw(space, entry);
    EXPECT(!entry->keep);
    entry->keep = entry->length <= space->retired.keep;
    if (!entry->keep)
        retire_remember(space, entry);
    retire_add(space, entry, leaving);
}

/* The one that was kept longest leaves. */
static void retire_oldest(struct os_space *space, struct leaving *leaving) {
    struct retired *retired = &space->retired;
    EXPECT(retired->kept_count > 0);
    struct large_entry *entry =
        large_entry(space, retired->kept[retired->kept_first++ % LARGE_KEPT_MAX]);
    EXPECT(large_state(entry) == LARGE_KEPT);
    retired->kept_count--;
    space->counters.large_kept -= entry->length;
    retire_remember(space, entry);
    registry_set_state(entry, LARGE_LEAVING);
    retire_add(space, entry, leaving);
}

void retire_reserve(struct os_space *space, struct leaving *leaving) {
    while (space->retired.kept_count)
        retire_oldest(space, leaving);
    for (uint32_t i = space->registry.used; space->counters.large_idle && i-- > 0;) {
        struct large_entry *entry = large_entry(space, i);
        if (large_state(entry) != LARGE_IDLE)
            continue;
        space->counters.large_idle--;
        registry_set_state(entry, LARGE_LEAVING);
        retire_add(space, entry, leaving);
    }
    EXPECT(space->counters.large_idle == 0);
}

/* ---- the system calls ---- */

/* Makes all of a mapping inaccessible, and gives its pages back. */
static bool retire_guard(const struct os_space *space, const struct large_entry *entry) {
    EXPECT(entry->keep);
    return large_size(entry) == 0 ||
           (sys_discard(space->kernel, entry->base, entry->length) &&
            sys_guard(space->kernel, entry->base, entry->length));
}

static bool retire_unmap(const struct os_space *space, const struct large_entry *entry) {
    EXPECT(!entry->keep && entry->length > 0);
    if (sys_unmap(space->kernel, entry->base, entry->length))
        return true;
    sys_discard(space->kernel, entry->base, entry->length);
    return false;
}

void retire_release(const struct os_space *space, const struct leaving *leaving) {
    for (uint32_t i = leaving->first; i != REGISTRY_END;) {
        struct large_entry *entry = large_entry(space, i);
        EXPECT(large_state(entry) == LARGE_LEAVING);
        entry->done =
            entry->keep ? retire_guard(space, entry) : retire_unmap(space, entry);
        i = entry->next;
    }
}

/* ---- what came of them ---- */

/* Keeps a mapping that is inaccessible by now; older ones leave in its favour. */
static void retire_keep(struct os_space *space, struct large_entry *entry,
                        struct leaving *leaving) {
    struct retired *retired = &space->retired;
    EXPECT(entry->length <= retired->keep);
    while (retired->kept_count == LARGE_KEPT_MAX ||
           (retired->kept_count &&
            space->counters.large_kept > retired->keep - entry->length))
        retire_oldest(space, leaving);
    unsigned last = retired->kept_first + retired->kept_count++;
    retired->kept[last % LARGE_KEPT_MAX] = registry_index(space, entry);
    space->counters.large_kept += entry->length;
    entry->keep = false;
    registry_set_state(entry, LARGE_KEPT);
}

static void retire_settle_one(struct os_space *space, struct large_entry *entry,
                              struct leaving *leaving) {
    EXPECT(large_state(entry) == LARGE_LEAVING);
    if (entry->keep && entry->done && entry->length <= space->retired.keep) {
        retire_keep(space, entry, leaving);
    } else if (entry->keep) {
        entry->keep = false;
        retire_remember(space, entry);
        retire_add(space, entry, leaving);
    } else if (entry->done) {
        leaving->gone++;
        registry_release(space, entry);
    } else {
        space->counters.large_idle++;
        registry_set_state(entry, LARGE_IDLE);
    }
}

void retire_settle(struct os_space *space, struct leaving *leaving) {
    uint32_t next = leaving->first;
    leaving->first = REGISTRY_END;
    while (next != REGISTRY_END) {
        struct large_entry *entry = large_entry(space, next);
        EXPECT(!large_is_live(entry));
        next = entry->next;
        retire_settle_one(space, entry, leaving);
    }
}
