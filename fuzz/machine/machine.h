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

#include "fuzz/machine/state.h"

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
