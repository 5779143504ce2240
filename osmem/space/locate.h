/*
 * locate: which block an address is beside, where a guard page stopped an access.
 */
#ifndef OSMEM_SPACE_LOCATE_H
#define OSMEM_SPACE_LOCATE_H

#include "osmem/space/space.h"

/* How an address lies to a block beside it: one with a mapping of its own, whose guard pages stop an
 * access there, or the last one of a span, behind which there may be nothing. */
enum located {
    LOCATED_NONE,
    LOCATED_IN_FRONT,
    LOCATED_BEHIND, /* of the requested bytes */
    LOCATED_FREED, /* in the block, which is gone; `block` has no address if it is forgotten */
};

/* The caller has the locks of the space and of the span's arena. */
enum located locate(const struct os_space *space, const void *address,
                    struct os_block *block);

#endif
