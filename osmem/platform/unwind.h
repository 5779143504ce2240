/*
 * unwind: the return addresses on the calling thread's stack.
 *
 * On x86-64 by the unwind tables of each module (.eh_frame), and by nothing else: code without
 * them, as a just-in-time compiler makes it, ends the walk, and is not read, since it may be gone.
 * Stack memory is read only where it is mapped. Allocates nothing, keeps errno; takes no lock
 * where module_find takes none. Elsewhere the C library's backtrace.
 */
#ifndef OSMEM_PLATFORM_UNWIND_H
#define OSMEM_PLATFORM_UNWIND_H

#include <stddef.h>

/* Loads what the walk needs. May allocate; no lock must be held. */
void unwind_prepare(void);

/* At most `most`, the innermost, which is in the caller, first; how many. */
size_t unwind_take(const void **frames, size_t most);

#endif
