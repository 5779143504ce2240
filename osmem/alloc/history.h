/*
 * history: the last calls of the program, kept so that the rig can make them again.
 *
 * A ring of calls; written out, it is a program of the rig's text form (fuzz/ops/text.c), whose 32
 * slots hold the blocks used last: what was allocated before the first call, or besides 32 others,
 * is left out, and so is what is done to it. A request of more than 1 MiB, which that form has no
 * way to write, is one of 1 MiB there.
 */
#ifndef OSMEM_ALLOC_HISTORY_H
#define OSMEM_ALLOC_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/platform/text.h"
#include "osmem/space/guarded.h"

struct history_call {
    const char *function; /* "os_malloc" */
    const void *block;    /* that it was given */
    const void *result;   /* what came back, where a block can */
    size_t count, size;   /* of calloc; of any request */
    size_t alignment;
};

struct os_history {
    struct guarded_region ring;
    size_t calls; /* that it holds; 0: nothing is kept */
    uint64_t added;
};

void history_open(struct os_history *history, struct os_kernel *kernel, size_t calls);
void history_add(struct os_history *history, const struct history_call *call);

/*
 * Writes it to a file descriptor, the first line of `why` as a comment, by way of `line`. Async-signal-safe;
 * other threads may go on noting, and what they overwrite meanwhile is left out. The number of calls
 * that were there.
 */
size_t history_write(const struct os_history *history, int fd, const char *why,
                     struct os_text *line);

#endif
