/*
 * classify: what is wrong with an address that lies in no span.
 */
#ifndef OSMEM_SPACE_CLASSIFY_H
#define OSMEM_SPACE_CLASSIFY_H

#include "osmem/base/status.h"
#include "osmem/space/space.h"

/* And in `block` the large block that it points into, if any (address NULL: none). OS_OK: a large block
 * in use starts there. Looks at every mapping. The caller has the space's lock. */
enum os_status classify_pointer(const struct os_space *space, const void *address,
                                struct os_block *block);

#endif
