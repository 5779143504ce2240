/*
 * verify: bytes that nobody may have changed are looked at, each at its moment.
 *
 * When a block comes back, what stands around it; when one leaves the quarantine, and when one is
 * handed out, what it was filled with. What is found is told, and the call goes on.
 */
#ifndef OSMEM_FRONT_VERIFY_H
#define OSMEM_FRONT_VERIFY_H

#include "osmem/front/blame.h"

/* The canary holds; else it was told. Of what was written in front of a block it is told as well, but
 * that is no reason not to serve it. */
bool verify_held(struct os_front *front, const struct front_call *call,
                 struct os_block *place);

/* Whether the block that a call found is still there, and looks at it again: while a fault is told,
 * others may free it. If not, that is told. */
bool verify_still(struct os_front *front, const struct front_call *call,
                  struct os_block *place);

/* The links of all free blocks are mended, and told of: whether any were bad. */
bool verify_mend(struct os_front *front, const struct front_call *call);

/* Damage right beside a block that comes back is told now, and not when its own turn comes. */
void verify_around(struct os_front *front, const struct front_call *call,
                   const struct os_block *place);

/* The bytes from `from` on come out of free memory. */
void verify_received(struct os_front *front, const struct front_call *call,
                     struct os_block *place, size_t from);

/* The block waits from now on, if there is a quarantine with room for it. */
bool verify_wait(struct os_front *front, const struct front_call *call,
                 const struct os_block *place);

/* Blocks leave the quarantine, verified, until no more than so many bytes wait. */
void verify_drain(struct os_front *front, const struct front_call *call, size_t bytes);

#endif
