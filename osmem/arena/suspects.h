/*
 * suspects: free blocks whose links in user memory were written over, as they were found.
 */
#ifndef OSMEM_ARENA_SUSPECTS_H
#define OSMEM_ARENA_SUSPECTS_H

#include <stddef.h>

#include "osmem/block/tag.h"

struct suspect {
    char *address;
    size_t size;
    unsigned char found[GRANULE];
};

enum {
    SUSPECTS_MAX = 8,
};

/* Those that were not taken yet: how many are recorded, and how many more did not fit. */
struct suspects {
    size_t count, more;
    struct suspect block[SUSPECTS_MAX];
};

#endif
