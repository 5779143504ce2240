/*
 * environ: a variable of the environment, before the C library knows it.
 *
 * The first request for memory comes from the loader, or from a constructor that runs before
 * libc's own; then environ is not set yet, and the kernel's copy is read. No allocation, no stdio,
 * no limit to a value's length.
 */
#ifndef OSMEM_PLATFORM_ENVIRON_H
#define OSMEM_PLATFORM_ENVIRON_H

#include <stdbool.h>

#include "osmem/platform/sys.h"

/* The process runs with more rights than the user who started it. */
bool environ_is_foreign(void);

/*
 * A variable's value, in place, or in a mapping that stays; empty where it is not set, or where the
 * process runs with more rights than the user who started it. NULL where that is not known yet.
 */
const char *environ_get(struct os_kernel *kernel, const char *name);

#endif
