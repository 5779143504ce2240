#define _GNU_SOURCE /* madvise */

#include "fuzz/machine/extents.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "osmem/base/num.h"
#include "sanitizers/poison.h"

void extents_violation(struct machine *machine, const char *what) {
    if (!machine->wrong)
        machine->wrong = what;
}

bool extents_is_zero(const char *at) {
    static const char zeros[WATCHED];
    return memcmp(at, zeros, sizeof zeros) == 0;
}

void extents_clean(char *at, size_t length) {
    if (length >= CLEAN_BY_KERNEL)
        madvise(at, length, MADV_DONTNEED);
    else
        memset(at, 0, length);
}

/* The next page from `at` on that was reported as written; `end` if there is none. */
static size_t extents_next_written(const struct machine *machine, size_t at, size_t end) {
    size_t page = at / MACHINE_PAGE, pages = end / MACHINE_PAGE;
    const uint8_t *found = memchr(machine->written + page, 1, pages - page);
    return found ? (size_t)(found - machine->written) * MACHINE_PAGE : end;
}

void extents_note_write(struct machine *machine, const void *address, size_t length) {
    size_t start = num_address(address) - num_address(machine_maps(machine));
    if (start >= MACHINE_MAP_SPACE || length == 0)
        return;
    size_t end = num_min(start + length, MACHINE_MAP_SPACE);
    for (size_t page = start / MACHINE_PAGE; page * MACHINE_PAGE < end; page++)
        machine->written[page] = 1;
}

/* The rig reports writes to blocks; the heap does not report writes to its own tables. */
static bool extents_have_reports(const struct machine *machine, size_t start,
                                 size_t end) {
    return machine->reports_writes && end - start >= SPARSE_FROM &&
           extents_next_written(machine, start, end) < end;
}

void extents_clean_maps(struct machine *machine, size_t start, size_t end) {
    char *maps = machine_maps(machine);
    if (!extents_have_reports(machine, start, end)) {
        extents_clean(maps + start, end - start);
        memset(machine->written + start / MACHINE_PAGE, 0, (end - start) / MACHINE_PAGE);
        return;
    }
    machine->dirty = num_max(machine->dirty, end);
    for (size_t at = start; (at = extents_next_written(machine, at, end)) < end;) {
        memset(maps + at, 0, MACHINE_PAGE);
        machine->written[at / MACHINE_PAGE] = 0;
    }
}

void extents_discard(struct machine *machine, size_t start, size_t end) {
    for (size_t i = extents_rank(machine, start);
         i < machine->extents && machine->extent[i].start < end; i++) {
        const struct machine_extent *extent = &machine->extent[i];
        size_t low = num_max(extent->start, start), high = num_min(extent->end, end);
        if (!extent->touched)
            continue;
        if (!extent->usable) /* its pages are given back all the same */
            poison_unmark(machine_maps(machine) + low, high - low);
        extents_clean_maps(machine, low, high);
        if (!extent->usable)
            poison_mark(machine_maps(machine) + low, high - low);
    }
}

void extents_resident(const struct machine *machine, size_t start, size_t end,
                      unsigned char *pages) {
    for (size_t at = start; at < end; at += MACHINE_PAGE, pages++) {
        const char *page = machine_maps(machine) + at;
        *pages = page[0] != 0 || memcmp(page, page + 1, MACHINE_PAGE - 1) != 0;
    }
}

void extents_protect(struct machine *machine, size_t start, size_t end, bool usable) {
    for (size_t i = extents_rank(machine, start);
         i < machine->extents && machine->extent[i].start < end; i++) {
        struct machine_extent *extent = &machine->extent[i];
        size_t bytes = extent->end - extent->start;
        if (usable && !extent->usable)
            machine->usable += bytes;
        if (!usable && extent->usable)
            machine->usable -= bytes;
        if (usable)
            poison_unmark(machine_maps(machine) + extent->start, bytes);
        else
            poison_mark(machine_maps(machine) + extent->start, bytes);
        extent->usable = usable;
        extent->touched = extent->touched || usable;
    }
}

void extents_move_pages(struct machine *machine, size_t from, size_t to, size_t length) {
    char *maps = machine_maps(machine);
    size_t end = from + length;
    if (!extents_have_reports(machine, from, end)) {
        memcpy(maps + to, maps + from, length);
        return;
    }
    for (size_t at = from; (at = extents_next_written(machine, at, end)) < end;
         at += MACHINE_PAGE) {
        memcpy(maps + to + (at - from), maps + at, MACHINE_PAGE);
        extents_note_write(machine, maps + to + (at - from), MACHINE_PAGE);
    }
}

void extents_clean_dirty(struct machine *machine) {
    poison_unmark(machine_maps(machine), machine->dirty);
    if (machine->dirty)
        madvise(machine_maps(machine), machine->dirty, MADV_DONTNEED);
    poison_mark(machine_maps(machine), machine->dirty);
    machine->dirty = 0;
}

bool extents_full(struct machine *machine) {
    machine->refused++;
    errno = ENOMEM;
    return true;
}

size_t extents_rank(const struct machine *machine, size_t offset) {
    size_t i = 0;
    while (i < machine->extents && machine->extent[i].end <= offset)
        i++;
    return i;
}

bool extents_insert(struct machine *machine, size_t rank, struct machine_extent extent) {
    if (machine->extents == MACHINE_EXTENTS)
        return false;
    struct machine_extent *at = &machine->extent[rank];
    memmove(at + 1, at, (machine->extents++ - rank) * sizeof *at);
    *at = extent;
    return true;
}

/* Makes an offset the boundary of two extents; false if there are too many. */
static bool extents_split(struct machine *machine, size_t offset) {
    size_t rank = extents_rank(machine, offset);
    if (rank == machine->extents || machine->extent[rank].start >= offset)
        return true;
    struct machine_extent left = machine->extent[rank];
    left.end = offset;
    if (!extents_insert(machine, rank, left))
        return false;
    machine->extent[rank + 1].start = offset;
    return true;
}

bool extents_range(struct machine *machine, const char *call, const void *address,
                   size_t length, size_t *start, size_t *end) {
    *start = num_address(address) - num_address(machine_maps(machine));
    *end = *start + length;
    size_t at = *start;
    bool fits = length > 0 && *start < MACHINE_MAP_SPACE && *end <= MACHINE_MAP_SPACE &&
                *start % MACHINE_PAGE == 0 && length % MACHINE_PAGE == 0;
    for (size_t i = extents_rank(machine, at); fits && i < machine->extents && at < *end;
         i++) {
        if (machine->extent[i].start > at)
            break;
        at = machine->extent[i].end;
    }
    if (!fits || at < *end) {
        extents_violation(machine, call);
        errno = EINVAL;
        return false;
    }
    return true;
}

bool extents_isolate(struct machine *machine, size_t start, size_t end) {
    if (extents_split(machine, start) && extents_split(machine, end))
        return true;
    extents_full(machine);
    return false;
}

/* Checks both ends, and the page behind the first: reserved memory often starts there. */
void extents_check_guard(struct machine *machine, const struct machine_extent *extent) {
    const char *at = machine_maps(machine) + extent->start;
    size_t length = extent->end - extent->start;
    if (!POISON_ACTIVE && !extent->touched &&
        (!extents_is_zero(at) || !extents_is_zero(at + length - WATCHED) ||
         (length > MACHINE_PAGE && !extents_is_zero(at + MACHINE_PAGE))))
        extents_violation(machine, "a write into an inaccessible page");
}

/* Unmapped memory is zero and poisoned. */
static void extents_wipe(struct machine *machine, const struct machine_extent *extent) {
    char *at = machine_maps(machine) + extent->start;
    poison_unmark(at, extent->end - extent->start);
    extents_clean_maps(machine, extent->start, extent->end);
    poison_mark(at, extent->end - extent->start);
}

void extents_unmap(struct machine *machine, size_t start, size_t end) {
    size_t first = extents_rank(machine, start), last = first;
    for (; last < machine->extents && machine->extent[last].start < end; last++) {
        const struct machine_extent *extent = &machine->extent[last];
        extents_check_guard(machine, extent);
        if (extent->touched)
            extents_wipe(machine, extent);
        if (extent->usable)
            machine->usable -= extent->end - extent->start;
    }
    memmove(&machine->extent[first], &machine->extent[last],
            (machine->extents - last) * sizeof machine->extent[0]);
    machine->extents -= last - first;
}
