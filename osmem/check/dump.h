/*
 * dump: a heap as text, one line for each block, and each span as a picture.
 *
 * Allocates nothing. In the picture a character stands for an equal share of the span:
 * `#` all of it in use, `+` some, `.` free, `x` not ours.
 */
#ifndef OSMEM_CHECK_DUMP_H
#define OSMEM_CHECK_DUMP_H

#include "osmem/heap/heap.h"

/* Takes a piece of the text. */
typedef void dump_put(void *context, const char *text, size_t length);

void dump_blocks(const struct os_heap *heap, dump_put *put, void *context);
void dump_picture(const struct os_heap *heap, dump_put *put, void *context);

#endif
