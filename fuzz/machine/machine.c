#define _GNU_SOURCE /* MAP_NORESERVE, mremap */

#include "fuzz/machine/machine.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz/machine/extents.h"
#include "osmem/base/num.h"
#include "sanitizers/poison.h"

/* What another user of sbrk writes to its memory. */
#define FOREIGN_BYTE ((char)0xf0)

#define RESETS_A_SCRUB 64

static struct machine *machine_of(struct os_kernel *kernel) {
    return (struct machine *)(void *)kernel;
}

/* Every call that can be refused comes here first. */
static bool machine_refuses(struct machine *machine) {
    size_t number = machine->calls++;
    if (number < machine->refuse_from || number >= machine->refuse_to)
        return false;
    machine->refused++;
    errno = ENOMEM;
    return true;
}

/* ---- the break ---- */

/* Memory above the last page of the break is always zero. */
static void machine_set_brk(struct machine *machine, size_t brk) {
    size_t old_end = num_ceil(machine->brk, MACHINE_PAGE);
    size_t new_end = num_ceil(brk, MACHINE_PAGE);
    if (new_end < old_end) {
        extents_clean(machine->memory + new_end, old_end - new_end);
        poison_mark(machine->memory + new_end, old_end - new_end);
    } else {
        poison_unmark(machine->memory + old_end, new_end - old_end);
    }
    machine->brk = brk;
}

/* The end of the highest part of another user; 0: there is none. */
static size_t machine_foreign_end(const struct machine *machine) {
    return machine->stretches ? machine->foreign[machine->stretches - 1].to : 0;
}

static void *machine_sbrk(struct os_kernel *kernel, intptr_t increment) {
    struct machine *machine = machine_of(kernel);
    char *old = machine->memory + machine->brk;
    if (increment == 0)
        return old;
    if (machine_refuses(machine))
        return (void *)-1;
    size_t floor = machine_foreign_end(machine);
    if (increment < 0 && (size_t)-increment > machine->brk - floor) {
        extents_violation(
            machine, "sbrk below the start of the break or into another user's part");
        errno = ENOMEM;
        return (void *)-1;
    }
    if (increment > 0 &&
        (size_t)increment > MACHINE_BREAK_LIMIT - WATCHED - machine->brk) {
        extents_full(machine);
        return (void *)-1;
    }
    machine_set_brk(machine, machine->brk + (size_t)increment);
    return old;
}

size_t machine_foreign_top(const struct machine *machine) {
    size_t end = machine_foreign_end(machine);
    if (end == 0 || end != machine->brk)
        return 0;
    return end - machine->foreign[machine->stretches - 1].from;
}

bool machine_foreign_sbrk(struct machine *machine, ptrdiff_t increment) {
    size_t held = machine_foreign_top(machine), old = machine->brk;
    if (increment < 0 && (size_t)-increment > held)
        increment = -(ptrdiff_t)held;
    if (increment == 0 || (held == 0 && machine->stretches == MACHINE_STRETCHES) ||
        old + (size_t)increment > MACHINE_BREAK_LIMIT - WATCHED)
        return false;
    machine_set_brk(machine, old + (size_t)increment);
    machine->foreign_moved = true;
    if (held == 0)
        machine->foreign[machine->stretches++].from = old;
    struct machine_stretch *top = &machine->foreign[machine->stretches - 1];
    top->to = machine->brk;
    machine->stretches -= top->to == top->from;
    if (increment > 0) /* so that writes by the heap are seen */
        memset(machine->memory + old, FOREIGN_BYTE,
               num_min((size_t)increment, MACHINE_PAGE));
    return true;
}

/* The first bytes of each part of another user are unchanged. */
static bool machine_foreign_intact(const struct machine *machine) {
    for (size_t i = 0; i < machine->stretches; i++) {
        const char *at = machine->memory + machine->foreign[i].from;
        size_t length =
            num_min(machine->foreign[i].to - machine->foreign[i].from, WATCHED);
        for (size_t k = 0; k < length; k++)
            if (at[k] != FOREIGN_BYTE)
                return false;
    }
    return true;
}

/* ---- mappings ---- */

static void *machine_mmap(struct os_kernel *kernel, size_t length, int protection) {
    struct machine *machine = machine_of(kernel);
    bool usable = protection != PROT_NONE;
    if (machine_refuses(machine))
        return MAP_FAILED;
    if (length > MACHINE_MAP_SPACE ||
        (usable && length > MACHINE_MAP_USABLE - machine->usable)) {
        extents_full(machine);
        return MAP_FAILED;
    }
    length = num_ceil(length, MACHINE_PAGE);
    size_t start = 0, rank = 0;
    while (rank < machine->extents && machine->extent[rank].start - start < length)
        start = machine->extent[rank++].end;
    struct machine_extent extent = {start, start + length, usable, usable};
    if (extent.end > MACHINE_MAP_SPACE || !extents_insert(machine, rank, extent)) {
        extents_full(machine);
        return MAP_FAILED;
    }
    if (extent.end > machine->poisoned) { /* bit by bit: all at once is slow */
        poison_mark(machine_maps(machine) + machine->poisoned,
                    extent.end - machine->poisoned);
        machine->poisoned = extent.end;
    }
    if (usable)
        poison_unmark(machine_maps(machine) + start, length);
    machine->usable += usable ? length : 0;
    return machine_maps(machine) + start;
}

static int machine_munmap(struct os_kernel *kernel, void *address, size_t length) {
    struct machine *machine = machine_of(kernel);
    size_t start, end;
    if (machine_refuses(machine))
        return -1;
    length = num_ceil(length, MACHINE_PAGE);
    if (!extents_range(machine, "munmap of what is not mapped", address, length, &start,
                       &end) ||
        !extents_isolate(machine, start, end))
        return -1;
    extents_unmap(machine, start, end);
    return 0;
}

static int machine_mprotect(struct os_kernel *kernel, void *address, size_t length,
                            int protection) {
    struct machine *machine = machine_of(kernel);
    size_t start, end;
    bool usable = protection != PROT_NONE;
    if (machine_refuses(machine))
        return -1;
    if (!extents_range(machine, "mprotect of what is not mapped", address, length, &start,
                       &end))
        return -1;
    if ((usable && length > MACHINE_MAP_USABLE - machine->usable &&
         extents_full(machine)) ||
        !extents_isolate(machine, start, end))
        return -1;
    extents_protect(machine, start, end, usable);
    return 0;
}

static void *machine_mremap(struct os_kernel *kernel, void *from, size_t from_length,
                            size_t to_length, void *to) {
    struct machine *machine = machine_of(kernel);
    size_t from_start, from_end, to_start, to_end;
    if (machine_refuses(machine))
        return MAP_FAILED;
    if (!extents_range(machine, "mremap of what is not mapped", from, from_length,
                       &from_start, &from_end) ||
        !extents_range(machine, "mremap to what was not reserved", to, to_length,
                       &to_start, &to_end))
        return MAP_FAILED;
    size_t more = to_length > from_length ? to_length - from_length : 0;
    if ((more > MACHINE_MAP_USABLE - machine->usable && extents_full(machine)) ||
        !extents_isolate(machine, from_start, from_end) ||
        !extents_isolate(machine, to_start, to_end))
        return MAP_FAILED;
    extents_unmap(machine, to_start, to_end);
    extents_insert(machine, extents_rank(machine, to_start),
                   (struct machine_extent){to_start, to_end, true, true});
    machine->usable += to_length;
    poison_unmark(to, to_length);
    extents_move_pages(machine, from_start, to_start, num_min(from_length, to_length));
    extents_unmap(machine, from_start, from_end);
    return to;
}

static int machine_madvise(struct os_kernel *kernel, void *address, size_t length) {
    struct machine *machine = machine_of(kernel);
    if (machine_refuses(machine))
        return -1;
    if (length == 0)
        return 0;
    if (num_address(address) - num_address(machine->memory) < MACHINE_BREAK_LIMIT) {
        if (!machine_holds(machine, address, length)) {
            extents_violation(machine, "madvise above the break");
            errno = ENOMEM;
            return -1;
        }
        extents_clean(address, length);
        return 0;
    }
    size_t start, end;
    if (!extents_range(machine, "madvise of what is not mapped", address, length, &start,
                       &end))
        return -1;
    extents_discard(machine, start, end);
    return 0;
}

static int machine_mincore(struct os_kernel *kernel, void *address, size_t length,
                           unsigned char *pages) {
    struct machine *machine = machine_of(kernel);
    size_t start, end;
    if (machine_refuses(machine) ||
        !extents_range(machine, "mincore of what is not mapped", address, length, &start,
                       &end))
        return -1;
    extents_resident(machine, start, end, pages);
    return 0;
}

static ssize_t machine_getrandom(struct os_kernel *kernel, void *buffer, size_t length) {
    if (machine_refuses(machine_of(kernel)))
        return -1;
    for (size_t i = 0; i < length; i++)
        ((unsigned char *)buffer)[i] = (unsigned char)num_mix(i + 1);
    return (ssize_t)length;
}

/* Not known: the machine does not see what is touched. */
static uint64_t machine_faults(struct os_kernel *kernel) {
    (void)kernel;
    return 0;
}

static size_t machine_limit(struct os_kernel *kernel) {
    (void)kernel;
    return SIZE_MAX;
}

/* ---- a machine ---- */

bool machine_open(struct machine *machine) {
    size_t used = MACHINE_BREAK_LIMIT + MACHINE_GAP + MACHINE_MAP_SPACE + MACHINE_PAGE;
    size_t length = used + MACHINE_ALIGNMENT;
    char *reservation = mmap(NULL, length, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reservation == MAP_FAILED)
        return false;
    *machine = (struct machine){
        .kernel = {.sbrk = machine_sbrk,
                   .mmap = machine_mmap,
                   .munmap = machine_munmap,
                   .mprotect = machine_mprotect,
                   .mremap = machine_mremap,
                   .madvise = machine_madvise,
                   .mincore = machine_mincore,
                   .getrandom = machine_getrandom,
                   .faults = machine_faults,
                   .limit = machine_limit,
                   .page = MACHINE_PAGE},
        .reservation = reservation,
        .reservation_length = length,
        .memory = reservation + (num_ceil(num_address(reservation), MACHINE_ALIGNMENT) -
                                 num_address(reservation)),
    };
    poison_mark(machine->memory, MACHINE_BREAK_LIMIT + MACHINE_GAP);
    return true;
}

void machine_close(struct machine *machine) {
    poison_unmark(machine->reservation, machine->reservation_length);
    munmap(machine->reservation, machine->reservation_length);
}

void machine_reset(struct machine *machine) {
    extents_unmap(machine, 0, MACHINE_MAP_SPACE);
    if (++machine->resets % RESETS_A_SCRUB == 0)
        extents_clean_dirty(machine);
    machine_set_brk(machine, 0);
    machine->stretches = 0;
    machine->foreign_moved = false;
    machine->calls = 0;
    machine->refuse_from = machine->refuse_to = 0;
    machine->refused = 0;
    machine->wrong = NULL;
}

void machine_scrub(struct machine *machine) {
    machine_reset(machine);
    madvise(machine->memory, MACHINE_BREAK_LIMIT + MACHINE_GAP + MACHINE_MAP_SPACE,
            MADV_DONTNEED);
    memset(machine->written, 0, sizeof machine->written);
    machine->dirty = 0;
    machine->resets = 0;
}

void machine_refuse(struct machine *machine, size_t first, size_t count) {
    machine->refuse_from = machine->calls + first - 1;
    machine->refuse_to = machine->refuse_from + count;
}

bool machine_refusal_pending(const struct machine *machine) {
    return machine->calls < machine->refuse_to;
}

static bool machine_is_foreign(const struct machine *machine, size_t offset,
                               size_t length) {
    for (size_t i = 0; i < machine->stretches; i++)
        if (offset < machine->foreign[i].to && machine->foreign[i].from < offset + length)
            return true;
    return false;
}

bool machine_holds(const struct machine *machine, const void *address, size_t length) {
    size_t offset = num_address(address) - num_address(machine->memory);
    if (offset < MACHINE_BREAK_LIMIT)
        return offset <= machine->brk && length <= machine->brk - offset &&
               !machine_is_foreign(machine, offset, length);
    offset = num_address(address) - num_address(machine_maps(machine));
    if (offset >= MACHINE_MAP_SPACE || length > MACHINE_MAP_SPACE - offset)
        return false;
    size_t at = offset, end = offset + num_max(length, 1);
    for (size_t i = extents_rank(machine, offset); i < machine->extents && at < end;
         i++) {
        const struct machine_extent *extent = &machine->extent[i];
        if (!extent->usable || extent->start > at)
            return false;
        at = extent->end;
    }
    return at >= end;
}

void machine_report_write(struct machine *machine, const void *address, size_t length) {
    extents_note_write(machine, address, length);
}

bool machine_is_mapped(const struct machine *machine, const void *address) {
    return num_address(address) - num_address(machine_maps(machine)) < MACHINE_MAP_SPACE;
}

bool machine_is_tight(const struct machine *machine) {
    size_t end = machine->extents ? machine->extent[machine->extents - 1].end : 0;
    return machine->brk > MACHINE_BREAK_LIMIT / 4 * 3 ||
           machine->usable > MACHINE_MAP_USABLE / 4 * 3 ||
           machine->extents > MACHINE_EXTENTS / 4 * 3 || end > MACHINE_MAP_SPACE / 4 * 3;
}

size_t machine_mapped(const struct machine *machine) {
    size_t bytes = 0;
    for (size_t i = 0; i < machine->extents; i++)
        bytes += machine->extent[i].end - machine->extent[i].start;
    return bytes;
}

uint64_t machine_state(const struct machine *machine) {
    uint64_t sum = num_mix(machine->brk);
    for (size_t i = 0; i < machine->stretches; i++)
        sum = num_mix(sum + machine->foreign[i].from) + machine->foreign[i].to;
    for (size_t i = 0; i < machine->extents; i++) {
        const struct machine_extent *extent = &machine->extent[i];
        sum = num_mix(sum + extent->start) + num_mix(extent->end) + extent->usable;
    }
    return sum;
}

const char *machine_check(struct machine *machine, bool guards) {
    size_t above = num_ceil(machine->brk, MACHINE_PAGE);
    if (!POISON_ACTIVE && !extents_is_zero(machine->memory + above))
        extents_violation(machine, "a write above the break");
    if (!machine_foreign_intact(machine))
        extents_violation(machine, "a write into another user's part of the break");
    for (size_t i = 0; guards && i < machine->extents; i++)
        extents_check_guard(machine, &machine->extent[i]);
    return machine->wrong;
}
