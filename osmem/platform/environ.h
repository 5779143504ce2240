/*
 * environ: a variable of the environment, before the C library knows it.
 *
 * The first request for memory comes from the loader, or from a constructor that runs before
 * libc's own; then environ is not set yet, and the kernel's copy is read. No allocation, no stdio.
 */
#ifndef OSMEM_PLATFORM_ENVIRON_H
#define OSMEM_PLATFORM_ENVIRON_H

#include <stdbool.h>
#include <stddef.h>

/* The process runs with more rights than the user who started it. */
bool environ_is_foreign(void);

/*
 * Copies a variable's value, cut to `size` - 1 bytes; empty where it is not set, or where the
 * process runs with more rights than the user who started it. False where that is not known yet.
 */
bool environ_get(const char *name, char *value, size_t size);

#endif
