#include "osmem/space/retire.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"
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

/* What is known of blocks of a size, for the next of them. */
static struct zero_habit *retire_habit(struct os_space *space, size_t length) {
    struct zero_habit *habit = &space->retired.habit[num_mix(length) % RETIRED_HABITS];
    if (habit->length != length)
        *habit = (struct zero_habit){.length = length};
    return habit;
}

/* A copy of it, to be used without the lock. */
static struct zero_habit retire_use_habit(struct os_space *space, size_t length) {
    struct zero_habit *habit = retire_habit(space, length);
    if (zero_is_due(habit))
        habit->version = ++space->retired.habits;
    return *habit;
}

void retire_forget_habits(struct os_space *space) {
    memset(space->retired.habit, 0, sizeof space->retired.habit);
}

/* Bytes of address space that are kept at most, one way or the other. */
static size_t retire_limit(const struct os_space *space) {
    const struct retired *retired = &space->retired;
    return retired->keep || space->right ? retired->keep : retired->reuse;
}

void retire_block(struct os_space *space, struct large_entry *entry,
                  struct leaving *leaving) {
    struct retired *retired = &space->retired;
    registry_withdraw(space, entry);
    EXPECT(!entry->keep);
    entry->ready = !retired->keep && !entry->right;
    bool wanted = retired->keep || (entry->ready && retired->frees >= POLICY_REUSE_AFTER);
    entry->keep = wanted && entry->length <= retire_limit(space);
    retired->frees++;
    if (!entry->keep)
        retire_remember(space, entry);
    else if (entry->ready)
        leaving->habit = retire_use_habit(space, large_size(entry));
    retire_add(space, entry, leaving);
}

void retire_unkeep(struct os_space *space, unsigned at) {
    struct retired *retired = &space->retired;
    EXPECT(at < retired->kept_count);
    const struct large_entry *entry = large_entry(space, retired->kept[at]);
    EXPECT(large_state(entry) == LARGE_KEPT);
    space->counters.large_kept -= entry->length;
    retired->kept_count--;
    memmove(&retired->kept[at], &retired->kept[at + 1],
            (retired->kept_count - at) * sizeof retired->kept[0]);
}

/* The one that was kept longest leaves. */
static void retire_oldest(struct os_space *space, struct leaving *leaving) {
    struct large_entry *entry = large_entry(space, space->retired.kept[0]);
    retire_unkeep(space, 0);
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

/* Makes the block's pages zero, where what is freed must be. */
static bool retire_clear(const struct os_space *space, struct large_entry *entry,
                         struct zero_habit *habit) {
    EXPECT(entry->keep && entry->ready);
    return !space->zeroed || zero_pages(space->kernel, large_address(entry),
                                        large_size(entry), habit, &entry->mark);
}

/* Makes all of a mapping inaccessible, and then gives its pages back: no write comes in between. */
static bool retire_guard(const struct os_space *space, const struct large_entry *entry) {
    EXPECT(entry->keep);
    return large_size(entry) == 0 ||
           (sys_guard(space->kernel, entry->base, entry->length) &&
            sys_discard(space->kernel, entry->base, entry->length));
}

static bool retire_unmap(const struct os_space *space, const struct large_entry *entry) {
    EXPECT(!entry->keep && entry->length > 0);
    if (sys_unmap(space->kernel, entry->base, entry->length))
        return true;
    sys_discard(space->kernel, entry->base, entry->length);
    return false;
}

void retire_release(const struct os_space *space, struct leaving *leaving) {
    for (uint32_t i = leaving->first; i != REGISTRY_END;) {
        struct large_entry *entry = large_entry(space, i);
        EXPECT(large_state(entry) == LARGE_LEAVING);
        if (!entry->keep)
            entry->done = retire_unmap(space, entry);
        else if (entry->ready)
            entry->done = retire_clear(space, entry, &leaving->habit);
        else
            entry->done = retire_guard(space, entry);
        i = entry->next;
    }
}

/* ---- what came of them ---- */

bool retire_is_full(const struct os_space *space, size_t length) {
    size_t limit = retire_limit(space);
    return length > limit || space->retired.kept_count == LARGE_KEPT_MAX ||
           space->counters.large_kept > limit - length;
}

/* Keeps a mapping that is inaccessible or cleared by now; older ones leave in its favour. */
static void retire_keep(struct os_space *space, struct large_entry *entry,
                        struct leaving *leaving) {
    struct retired *retired = &space->retired;
    bool decays = entry->ready && retired->frees % POLICY_REUSE_DECAY == 0;
    while (retired->kept_count && (decays || retire_is_full(space, entry->length))) {
        retire_oldest(space, leaving);
        decays = false;
    }
    if (entry->ready)
        *retire_habit(space, large_size(entry)) = leaving->habit;
    retired->kept[retired->kept_count++] = registry_index(space, entry);
    space->counters.large_kept += entry->length;
    entry->keep = false;
    registry_set_state(entry, LARGE_KEPT);
}

static void retire_settle_one(struct os_space *space, struct large_entry *entry,
                              struct leaving *leaving) {
    EXPECT(large_state(entry) == LARGE_LEAVING);
    if (entry->keep && entry->done && entry->length <= retire_limit(space)) {
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
