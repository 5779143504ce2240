/*
 * cxx_refused: what becomes of an operator new that was refused memory.
 *
 * C++ says: call the new_handler and try again, as long as there is one; then throw
 * std::bad_alloc, or give NULL where the form is nothrow, which also holds what a handler
 * throws. C cannot throw, so that this is left to the C++ library in the process. Two
 * implementations: libosmem.so must not need that library and looks for it, cxx_refused_shared.c;
 * the archive is linked in front of it, cxx_refused_static.cc.
 */
#ifndef OSMEM_INTERPOSE_CXX_REFUSED_H
#define OSMEM_INTERPOSE_CXX_REFUSED_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A block that a new_handler made possible. Else throws. `alignment` 0: the plain form. */
void *cxx_refused(size_t size, size_t alignment);

/* The same for a nothrow form, of which it begins anew: gives NULL. */
void *cxx_refused_nothrow(size_t size, size_t alignment, bool array);

#ifdef __cplusplus
}
#endif

#endif
