/*
 * handover: what happens to a block between the heap and the user.
 *
 * On the way out it is dressed: the size asked decides its room, and a canary may stand behind
 * its last byte. On the way back it is inspected, and may be cleared. The only room that knows how
 * size asked, slack and room hang together: room = size asked + slack, and slack is 0 where a
 * block has no canary. That is a property of the block: those of before a change of options stay
 * as they are.
 */
#ifndef OSMEM_FRONT_HANDOVER_H
#define OSMEM_FRONT_HANDOVER_H

#include "osmem/front/options.h"
#include "osmem/heap/heap.h"

/* The room that a request of `asked` bytes needs; false if it is more than PTRDIFF_MAX.
 */
bool handover_room(const struct os_options *options, size_t asked, size_t *room);

/* The block goes to a user who asked for so many bytes. */
void handover_dress(struct os_heap *heap, const struct os_options *options,
                    struct os_block *place, size_t asked);

/* The block comes back, or is looked at: OS_OK, or OS_FAULT_OVERFLOW. */
enum os_status handover_inspect(const struct os_heap *heap, const struct os_block *place);

/* The block goes back to the heap: nothing of the user's stays in it. Large ones are unmapped. */
void handover_clear(const struct os_options *options, const struct os_block *place);

/*
 * Before a block is made smaller where it is: nothing stays of what the user gives up, neither in
 * the block nor in what becomes free. Whole pages behind a large one are given back anyway.
 */
void handover_clear_tail(const struct os_heap *heap, const struct os_options *options,
                         const struct os_block *place, size_t kept, size_t room);

/* After a resize: the canary that stood behind `usable` bytes, with so much slack, is gone. */
void handover_undress(const struct os_block *place, size_t usable, size_t slack);

/* The bytes that the user may use. */
size_t handover_usable(const struct os_block *place);

/*
 * Whether a block can be one that was asked for with this size: exactly where it has a canary,
 * else to the granule. A large one without may be larger, because a refusal can keep it from
 * shrinking.
 */
bool handover_fits(const struct os_options *options, const struct os_block *place,
                   size_t asked);

#endif
