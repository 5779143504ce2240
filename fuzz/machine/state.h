/*
 * state: what the simulated kernel of machine.h knows, and its limits.
 *
 * Tests and subjects may read `memory`, `brk`, `refused`, `wrong` and `foreign_moved`;
 * only machine.c and extents.c write any of it, but for `reports_writes` and `subject`.
 */
#ifndef FUZZ_MACHINE_STATE_H
#define FUZZ_MACHINE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/platform/sys.h"

enum {
    MACHINE_SUBJECT = 8192, /* bytes for the state of the subject */
    MACHINE_EXTENTS = 512,
    MACHINE_STRETCHES = 128,
    MACHINE_PAGE = 4096,
};

/* Limits in bytes: of the break, of the address space for mappings and what of it may be
 * accessible at once; the gap between break and mappings. The memory of a machine is
 * aligned so that an alignment means the same at any base. */
#define MACHINE_BREAK_LIMIT ((size_t)16 << 20)
#define MACHINE_MAP_SPACE   ((size_t)1 << 30)
#define MACHINE_MAP_USABLE  ((size_t)64 << 20)
#define MACHINE_GAP         ((size_t)1 << 20)
#define MACHINE_ALIGNMENT   ((size_t)1 << 30)

/* A run of mapped pages of one kind. */
struct machine_extent {
    size_t start, end; /* offsets in the mapping space, in bytes */
    bool usable;       /* readable and writable, else inaccessible */
    bool touched;      /* was ever usable */
};

/* A part of the break, as offsets. */
struct machine_stretch {
    size_t from, to;
};

struct machine {
    struct os_kernel kernel; /* first: a struct os_kernel * is a struct machine * */
    /* The state of the subject that runs on it. */
    _Alignas(16) char subject[MACHINE_SUBJECT];
    char *reservation;
    size_t reservation_length;
    char *memory; /* the break's space, then the mappings' */
    size_t brk;
    /* The parts of the break that another user took, from low to high. */
    struct machine_stretch foreign[MACHINE_STRETCHES];
    size_t stretches;
    bool foreign_moved; /* another user has moved the break since the reset */
    struct machine_extent extent[MACHINE_EXTENTS];
    size_t extents;
    size_t usable; /* bytes mapped readable and writable */
    size_t calls;  /* that could have been refused, since the reset */
    /* Numbers of calls: refused if from <= number < to. */
    size_t refuse_from, refuse_to;
    size_t refused;      /* calls refused, for whatever reason */
    const char *wrong;   /* the first illegal call, or NULL */
    bool reports_writes; /* the rig calls machine_report_write */
    size_t poisoned;     /* bytes of the mapping space poisoned unless usable */
    size_t dirty;        /* bytes of it that may hold unreported writes */
    size_t resets;       /* so many, to scrub every 64th time */
    /* By page of the mapping space: a write was reported. */
    uint8_t written[MACHINE_MAP_SPACE / MACHINE_PAGE];
};

/* The start of the mapping space; the offsets of extents count from there. */
static inline char *machine_maps(const struct machine *machine) {
    return machine->memory + MACHINE_BREAK_LIMIT + MACHINE_GAP;
}

#endif
