/*
 * malloc: functions that the drop-in exports and glibc 2.36 does not declare.
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

#endif
