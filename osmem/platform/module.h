/*
 * module: the program or the library that an address of code lies in.
 *
 * Allocates nothing. Takes no lock where the C library has _dl_find_object (glibc from 2.35 on); else
 * it goes through the loader's list, under the loader's lock, for each frame of a stack: the sites
 * are the same, and take longer.
 */
#ifndef OSMEM_PLATFORM_MODULE_H
#define OSMEM_PLATFORM_MODULE_H

#include <stdbool.h>
#include <stdint.h>

struct module {
    const char *name;     /* "" for the program itself */
    uintptr_t base;       /* what the addresses in its file are relative to */
    uintptr_t from, to;   /* where it is mapped */
    const void *eh_frame; /* its .eh_frame_hdr; NULL: it has none */
};

enum {
    MODULE_NO_FINDER =
        1, /* of _dl_find_object in a shared library: the C library has none */
};

/* False where no module is known: code that was made at run time, or is gone. */
bool module_find(const void *address, struct module *module);

/* The same by the loader's list, where the C library has nothing faster. */
bool module_find_in_list(const void *address, struct module *module);

#endif
