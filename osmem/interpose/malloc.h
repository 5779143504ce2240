/*
 * malloc: functions that the drop-in exports and glibc 2.36 does not declare, and how to
 * say whether a name of the family still is ours.
 */
#ifndef OSMEM_INTERPOSE_MALLOC_H
#define OSMEM_INTERPOSE_MALLOC_H

#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>

/* Contract: cfree(3), which glibc no longer has. */
void cfree(void *block);

/* Contract: C23 7.24.3.4 and 7.24.3.5. */
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);

/* A second name, which always is ours: NAME == malloc_own_NAME unless a program or a library
 * in front of this one defines NAME too. */
#define MALLOC_OWN(name) __attribute__((visibility("hidden"), alias(#name)))

void malloc_own_free(void *block);

#endif
