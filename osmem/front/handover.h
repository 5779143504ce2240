/*
 * handover: what happens to a block between the heap and the user.
 *
 * On the way out it is dressed: the size asked decides its room. On the way back it is
 * inspected. The only room that knows how size asked, slack and room hang together:
 * room = size asked + slack, and slack is 0 where a block has no canary.
 */
#ifndef OSMEM_FRONT_HANDOVER_H
#define OSMEM_FRONT_HANDOVER_H

#include "osmem/front/options.h"
#include "osmem/heap/heap.h"

/* The room that a request of `asked` bytes needs; false if it is more than PTRDIFF_MAX.
 */
bool handover_room(const struct os_options *options, size_t asked, size_t *room);

/* The bytes that the user may use. */
size_t handover_usable(const struct os_place *place);

#endif
