/*
 * segv: who is stopped at a fence is told which one.
 *
 * The handler of SIGSEGV. It looks at nothing but the address, and hands on whatever is
 * not the heap's: to the handler that stood there before, or to the system. Programs that set a
 * handler of their own, as virtual machines do, are served by theirs.
 */
#ifndef OSMEM_SEGV_H
#define OSMEM_SEGV_H

#include "osmem/front/options.h"
#include "osmem/front/trail.h"
#include "osmem/platform/fault.h"

/* Whether an address lies at a fence of the heap's; fills in the fault's kind, block, size and
 * distance, and its sites, which it copies. Called in the handler, so it must not wait for ever. */
typedef bool segv_explanation(const void *address, struct os_finding *info,
                              struct os_site sites[2]);

/* From now on. */
void segv_watch(const struct os_options *options, const struct os_trail *trail,
                segv_explanation *explain);

#endif
