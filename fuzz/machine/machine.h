/*
 * machine: a kernel in a box.
 *
 * Gives a heap a break and mappings of its own within memory reserved once, behaves as
 * Linux does (whole pages, zeroed when new, ENOMEM), refuses calls on schedule, and keeps
 * the ledger: a call that a correct allocator never makes is remembered in `wrong`. No
 * clock, no real randomness, and no dependence on its address; resetting costs what was
 * used.
 */
#ifndef FUZZ_MACHINE_MACHINE_H
#define FUZZ_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/platform/sys.h"

enum {
    MACHINE_SUBJECT = 8192, /* bytes for the state of the subject that is open on it */
    MACHINE_EXTENTS = 512,
    MACHINE_STRETCHES = 128,
    MACHINE_PAGE = 4096,
};

/* How far the break goes, in bytes; */
#define MACHINE_BREAK_LIMIT ((size_t)16 << 20)
/* the address space for mappings, and how much of it may be usable at once; */
#define MACHINE_MAP_SPACE  ((size_t)1 << 30)
#define MACHINE_MAP_USABLE ((size_t)64 << 20)
/* and what its memory is a multiple of, so that an alignment means the same at any base.
 */
#define MACHINE_ALIGNMENT ((size_t)1 << 30)

/* A run of mapped pages of one kind. */
struct machine_extent {
    size_t start, end; /* offsets in the mapping space, in bytes */
    bool usable;       /* readable and writable, else inaccessible */
    bool touched;      /* was ever usable */
};

/* A stretch of the break, as offsets. */
struct machine_stretch {
    size_t from, to;
};

struct machine {
    struct os_kernel kernel; /* first: a struct os_kernel * is a struct machine * */
    /* Whatever is open on it keeps its state here. */
    _Alignas(16) char subject[MACHINE_SUBJECT];
    char *reservation;
    size_t reservation_length;
    char *memory; /* the break's space, then the mappings' */
    size_t brk;
    /* What somebody else took of the break, from low to high. */
    struct machine_stretch foreign[MACHINE_STRETCHES];
    size_t stretches;
    bool foreign_moved; /* somebody else has moved the break since the reset */
    struct machine_extent extent[MACHINE_EXTENTS];
    size_t extents;
    size_t usable; /* bytes mapped readable and writable */
    size_t calls;  /* that could have been refused, since the reset */
    /* Numbers of calls: refused if from <= number < to. */
    size_t refuse_from, refuse_to;
    size_t refused;    /* calls refused, for whatever reason */
    const char *wrong; /* the first illegal call, or NULL */
    bool
        reports_writes; /* whoever writes to a long mapping tells by machine_report_write */
    size_t poisoned;    /* bytes of the mapping space poisoned unless usable */
    size_t dirty;       /* bytes of it in which something may be left until a scrub */
    size_t resets;      /* since the last */
    /* By page of it: somebody told of a write. */
    uint8_t written[MACHINE_MAP_SPACE / MACHINE_PAGE];
};

/* Reserves its memory; false if that is refused. Each open one has a base of its own. */
bool machine_open(struct machine *machine);
void machine_close(struct machine *machine);

/*
 * As after machine_open. Where `tells` is set, what nobody told of in long mappings is cleaned
 * only every 64th time: pages that the real kernel must bring back cost more than a program.
 */
void machine_reset(struct machine *machine);

/* The same, and nothing at all is left. */
void machine_scrub(struct machine *machine);

/* Refuses the calls from the `first`-th from now on (1 is the next), `count` of them. */
void machine_refuse(struct machine *machine, size_t first, size_t count);

/* A refusal is still to come. */
bool machine_refusal_pending(const struct machine *machine);

/* Somebody else's sbrk; he lowers only what he raised. True if the break moved. */
bool machine_foreign_sbrk(struct machine *machine, ptrdiff_t increment);

/* Bytes at the very top of the break that somebody else holds. */
size_t machine_foreign_top(const struct machine *machine);

/* Every byte of the range may be read and written, and is no foreigner's. */
bool machine_holds(const struct machine *machine, const void *address, size_t length);

/*
 * The caller has written to this range. Where `tells` is set, long mappings are cleaned
 * and moved by the pages that somebody told of, which costs no call of the real kernel;
 * what nobody told of is cleaned by the next reset.
 */
void machine_report_write(struct machine *machine, const void *address, size_t length);

/* It lies in a mapping, not in the break. */
bool machine_is_mapped(const struct machine *machine, const void *address);

/* So much is used that a small request may be refused for want of room. */
bool machine_is_tight(const struct machine *machine);

/* Bytes mapped, inaccessible ones included. */
size_t machine_mapped(const struct machine *machine);

/* A number that is equal, at any base, if the break and the mappings are. */
uint64_t machine_state(const struct machine *machine);

/*
 * The first thing that is wrong (an illegal call, a write where none may be), or NULL. Inaccessible
 * pages are looked at when they are unmapped, and, where `fences`, now.
 */
const char *machine_check(struct machine *machine, bool guards);

#endif
