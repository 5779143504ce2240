/*
 * verify: every invariant, and what does not hold as findings of a call.
 */
#ifndef OSMEM_CHECK_VERIFY_H
#define OSMEM_CHECK_VERIFY_H

#include <stdbool.h>

#include "osmem/alloc/call.h"

struct os_alloc;

/* Checks the whole heap under its locks; whether it is sound. What is not becomes findings of the call,
 * as an action of the program where it can be one, and corrupted links are repaired. */
bool verify_heap(struct os_alloc *alloc, struct os_call *call, const char *function);

/* The same for every so many calls, as check_every says: before the call that is being made. */
void verify_sometimes(struct os_alloc *alloc, struct os_call *call, const char *function);

#endif
