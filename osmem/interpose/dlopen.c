/*
 * dlopen: without RTLD_DEEPBIND.
 *
 * A library that is opened with it finds libc's malloc before the preloaded one, and then
 * frees blocks of osmem by libc's free. So the flag is cleared, unless
 * OSMEM_OPTIONS=deepbind=1 keeps it. The loader takes the RUNPATH of the library that
 * holds the return address; a tail call keeps the caller's.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>

#include "osmem/osmem.h"
#include "osmem/platform/optional.h"
#include "osmem/process/process.h"

/* glibc's is in another library up to 2.33, which a program that calls dlopen needs as well. */
__attribute__((weak)) void *dlopen_symbol(void *library, const char *name);
OPTIONAL(dlopen_symbol, dlsym);

typedef void *dlopen_function(const char *file, int mode);

static dlopen_function *dlopen_next(void) {
    static _Atomic(dlopen_function *)
        next; /* a race is harmless: every thread finds the same */
    dlopen_function *found = atomic_load_explicit(&next, memory_order_relaxed);
    if (!found && dlopen_symbol) {
        found = (dlopen_function *)dlopen_symbol(RTLD_NEXT, "dlopen");
        atomic_store_explicit(&next, found, memory_order_relaxed);
    }
    return found;
}

OS_API void *dlopen(const char *file, int mode) {
    dlopen_function *next = dlopen_next();
    if (!next)
        return NULL;
    if (!process_options()->deepbind)
        mode &= ~RTLD_DEEPBIND;
    __attribute__((musttail)) return next(file, mode);
}
