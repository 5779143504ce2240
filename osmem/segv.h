/*
 * segv: who is stopped at a fence is told which one.
 *
 * The handler of SIGSEGV and SIGBUS. It looks at nothing but the address, and hands on whatever is
 * not the heap's: to the handler that stood there before, or to the system. Programs that set a
 * handler of their own, as virtual machines do, are served by theirs.
 */
#ifndef OSMEM_SEGV_H
#define OSMEM_SEGV_H

#include "osmem/front/options.h"
#include "osmem/front/trail.h"
#include "osmem/platform/fault.h"

/* From now on. `explain` answers whether an address lies at a fence of the heap's, and fills in the
 * fault's kind, block, size and distance; called in the handler, so it must not wait for ever. */
void segv_watch(const struct os_options *options, const struct os_trail *trail,
                bool (*explain)(const void *address, struct os_fault_info *info));

#endif
