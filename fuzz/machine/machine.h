/*
 * machine: a simulated kernel.
 *
 * Gives a heap a break and mappings within memory that is reserved once, behaves as Linux
 * does (whole pages, zeroed when new, ENOMEM), refuses calls on schedule, and records the
 * mappings: the first call that a correct allocator never makes is kept in `wrong`. No
 * clock, no real randomness, no dependence on addresses; a reset costs what was used.
 */
#ifndef FUZZ_MACHINE_MACHINE_H
#define FUZZ_MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/machine/state.h"

/* Reserves its memory; false if that is refused. Each open one has a base of its own. */
bool machine_open(struct machine *machine);
void machine_close(struct machine *machine);

/*
 * As after machine_open. If `reports_writes` is set, writes to long mappings that were
 * not reported are cleaned only every 64th time: faulting pages in costs more than a
 * program.
 */
void machine_reset(struct machine *machine);

/* As machine_reset, and cleans unreported writes too. */
void machine_scrub(struct machine *machine);

/* Refuses calls: the `first`-th from now on (1 is the next), `count` in a row. */
void machine_refuse(struct machine *machine, size_t first, size_t count);

/* A refusal is still to come. */
bool machine_refusal_pending(const struct machine *machine);

/* Another user's sbrk, which lowers only what it raised. True if the break moved. */
bool machine_foreign_sbrk(struct machine *machine, ptrdiff_t increment);

/* Bytes at the very top of the break that belong to another user. */
size_t machine_foreign_top(const struct machine *machine);

/* Every byte of the range is readable and writable, and not another user's. */
bool machine_holds(const struct machine *machine, const void *address, size_t length);

/*
 * The caller has written to this range. If `reports_writes` is set, long mappings are
 * cleaned and moved by reported pages only, which costs no call of the real kernel;
 * unreported writes are cleaned by a later reset.
 */
void machine_report_write(struct machine *machine, const void *address, size_t length);

/* The address lies in the mapping space, not in the break. */
bool machine_is_mapped(const struct machine *machine, const void *address);

/* So much is in use that even a small request may be refused. */
bool machine_is_tight(const struct machine *machine);

/* Bytes mapped, inaccessible ones included. */
size_t machine_mapped(const struct machine *machine);

/* A number that is equal, at any base, if the break and the mappings are. */
uint64_t machine_state(const struct machine *machine);

/*
 * The first violation (an illegal call, a write to memory that is not the heap's), or
 * NULL. Guard pages are checked when they are unmapped and, with `guards`, now.
 */
const char *machine_check(struct machine *machine, bool guards);

#endif
