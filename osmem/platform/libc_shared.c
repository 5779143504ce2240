/*
 * libc_shared: what libosmem.so and libosmem_core.so take from the C library that they run with, be it
 * an older glibc or musl, in place of what the linker would take from the one that they are built
 * with.
 */
#define _GNU_SOURCE /* struct dl_find_object */

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#include "osmem/platform/module.h"
#include "osmem/platform/optional.h"

/* ---- _dl_find_object: glibc's from 2.35 on ---- */

__attribute__((weak)) int libc_find_object(void *address, struct dl_find_object *found);
OPTIONAL(libc_find_object, _dl_find_object);

int _dl_find_object(void *address, struct dl_find_object *found) {
    return libc_find_object ? libc_find_object(address, found) : MODULE_NO_FINDER;
}

/* ---- pthread_atfork: glibc links it in from an archive; it calls what musl does not have ---- */

typedef void libc_handler(void);

__attribute__((weak)) int libc_register_atfork(libc_handler *prepare,
                                               libc_handler *parent, libc_handler *child,
                                               void *library);
OPTIONAL(libc_register_atfork, __register_atfork);

__attribute__((weak)) int libc_atfork(libc_handler *prepare, libc_handler *parent,
                                      libc_handler *child);
OPTIONAL(libc_atfork, pthread_atfork);

extern void *__dso_handle; /* stands for the library; each has its own */

int pthread_atfork(libc_handler *prepare, libc_handler *parent, libc_handler *child) {
    if (libc_register_atfork)
        return libc_register_atfork(prepare, parent, child, &__dso_handle);
    return libc_atfork ? libc_atfork(prepare, parent, child) : ENOSYS;
}
