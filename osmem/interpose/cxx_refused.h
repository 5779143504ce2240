/*
 * cxx_refused: operator new where memory was refused.
 *
 * C++ requires: call the new_handler and try again, as long as there is one; then throw
 * std::bad_alloc, or return NULL from a nothrow form, which also catches what a handler
 * throws. C cannot throw, so the C++ library in the process does it. Two implementations:
 * libosmem.so must not need that library and looks it up (cxx_refused_shared.c); the
 * archive is linked in front of it (cxx_refused_static.cc).
 */
#ifndef OSMEM_INTERPOSE_CXX_REFUSED_H
#define OSMEM_INTERPOSE_CXX_REFUSED_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A block, if a new_handler freed enough; else throws. `alignment` 0: the plain form. */
void *cxx_refused(size_t size, size_t alignment);

/* The same for a nothrow form, starting over: returns NULL instead of throwing. */
void *cxx_refused_nothrow(size_t size, size_t alignment, bool array);

#ifdef __cplusplus
}
#endif

#endif
