/*
 * segv: an access that a guard page stopped is reported with the block it missed.
 *
 * The handler of SIGSEGV. It hands on whatever is not the heap's: to the handler that stood there
 * before, as the kernel would call it (its mask, its stack, its flags, SA_RESETHAND too), or to the
 * system. Programs that set a handler of their own, as virtual machines do, are served by theirs.
 */
#ifndef OSMEM_REPORT_SEGV_H
#define OSMEM_REPORT_SEGV_H

#include "osmem/alloc/history.h"
#include "osmem/alloc/options.h"
#include "osmem/base/finding.h"

/* Whether an address lies at a guard page of the heap's; fills in the finding's kind, block, size and
 * distance, and its sites. Called in the handler, so it must not wait for ever. */
typedef bool segv_explanation(const void *address, struct os_finding *finding);

/* From now on. */
void segv_watch(const struct os_options *options, const struct os_history *history,
                segv_explanation *explain);

#endif
