#define _GNU_SOURCE /* madvise */

#include "fuzz/machine/extents.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "osmem/base/num.h"
#include "sanitizers/poison.h"

void machine_wrong(struct machine *machine, const char *what) {
    if (!machine->wrong)
        machine->wrong = what;
}

bool machine_is_zero(const char *at) {
    static const char zeros[WATCHED];
    return memcmp(at, zeros, sizeof zeros) == 0;
}

void machine_clean(char *at, size_t length) {
    if (length >= CLEAN_BY_KERNEL)
        madvise(at, length, MADV_DONTNEED);
    else
        memset(at, 0, length);
}

bool machine_is_full(struct machine *machine) {
    machine->refused++;
    errno = ENOMEM;
    return true;
}

size_t machine_rank(const struct machine *machine, size_t offset) {
    size_t i = 0;
    while (i < machine->extents && machine->extent[i].end <= offset)
        i++;
    return i;
}

bool machine_insert(struct machine *machine, size_t rank, struct machine_extent extent) {
    if (machine->extents == MACHINE_EXTENTS)
        return false;
    struct machine_extent *at = &machine->extent[rank];
    memmove(at + 1, at, (machine->extents++ - rank) * sizeof *at);
    *at = extent;
    return true;
}

/* Makes an offset the boundary of extents; false where there are too many. */
static bool machine_split(struct machine *machine, size_t offset) {
    size_t rank = machine_rank(machine, offset);
    if (rank == machine->extents || machine->extent[rank].start >= offset)
        return true;
    struct machine_extent left = machine->extent[rank];
    left.end = offset;
    if (!machine_insert(machine, rank, left))
        return false;
    machine->extent[rank + 1].start = offset;
    return true;
}

bool machine_range(struct machine *machine, const char *call, const void *address,
                   size_t length, size_t *start, size_t *end) {
    *start = num_address(address) - num_address(machine_maps(machine));
    *end = *start + length;
    size_t at = *start;
    bool fits = length > 0 && *start < MACHINE_MAP_SPACE && *end <= MACHINE_MAP_SPACE &&
                *start % MACHINE_PAGE == 0 && length % MACHINE_PAGE == 0;
    for (size_t i = machine_rank(machine, at); fits && i < machine->extents && at < *end;
         i++) {
        if (machine->extent[i].start > at)
            break;
        at = machine->extent[i].end;
    }
    if (!fits || at < *end) {
        machine_wrong(machine, call);
        errno = EINVAL;
        return false;
    }
    return true;
}

/* Splits at both ends, so that the range is whole extents; refused where there are too
 * many. */
bool machine_isolate(struct machine *machine, size_t start, size_t end) {
    if (machine_split(machine, start) && machine_split(machine, end))
        return true;
    machine_is_full(machine);
    return false;
}

static void machine_look_at_fence(struct machine *machine,
                                  const struct machine_extent *extent) {
    const char *maps = machine_maps(machine);
    if (!POISON_ACTIVE && !extent->touched &&
        (!machine_is_zero(maps + extent->start) ||
         !machine_is_zero(maps + extent->end - WATCHED)))
        machine_wrong(machine, "a write into an inaccessible page");
}

/* Unmapped memory is zero, and nobody's. */
static void machine_wipe(struct machine *machine, const struct machine_extent *extent) {
    char *at = machine_maps(machine) + extent->start;
    poison_unmark(at, extent->end - extent->start);
    machine_clean(at, extent->end - extent->start);
    poison_mark(at, extent->end - extent->start);
}

void machine_drop(struct machine *machine, size_t start, size_t end) {
    size_t first = machine_rank(machine, start), last = first;
    for (; last < machine->extents && machine->extent[last].start < end; last++) {
        const struct machine_extent *extent = &machine->extent[last];
        machine_look_at_fence(machine, extent);
        if (extent->touched)
            machine_wipe(machine, extent);
        if (extent->usable)
            machine->usable -= extent->end - extent->start;
    }
    memmove(&machine->extent[first], &machine->extent[last],
            (machine->extents - last) * sizeof machine->extent[0]);
    machine->extents -= last - first;
}
