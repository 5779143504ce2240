/*
 * trail: the last calls of the program, kept so that the rig can make them again.
 *
 * A ring of calls; written out, it is a program of the rig's text form (fuzz/ops/text.c), whose 32
 * slots hold the blocks used last: what was allocated before the first call, or besides 32 others,
 * is left out, and so is what is done to it. A request of more than 1 MiB, which that form has no
 * way to write, is one of 1 MiB there.
 */
#ifndef OSMEM_FRONT_TRAIL_H
#define OSMEM_FRONT_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/heap/guarded.h"
#include "osmem/platform/text.h"

struct trail_call {
    const char *verb;   /* "os_malloc" */
    const void *block;  /* that it was given */
    const void *result; /* what came back, where a block can */
    size_t count, size; /* of calloc; of any request */
    size_t alignment;
};

struct os_trail {
    struct guarded_region ring;
    size_t calls; /* that it holds; 0: nothing is kept */
    uint64_t taken;
};

void trail_open(struct os_trail *trail, struct os_kernel *kernel, size_t calls);
void trail_note(struct os_trail *trail, const struct trail_call *call);

/*
 * Writes it to a file descriptor, the first line of `why` as a comment, by way of `line`. Async-signal-safe;
 * other threads may go on noting, and what they overwrite meanwhile is left out. The number of calls
 * that were there.
 */
size_t trail_write(const struct os_trail *trail, int fd, const char *why,
                   struct os_text *line);

#endif
