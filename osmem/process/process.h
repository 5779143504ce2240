/*
 * process: what the public functions need of the process-wide allocator.
 */
#ifndef OSMEM_PROCESS_PROCESS_H
#define OSMEM_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/alloc/call.h"
#include "osmem/alloc/options.h"

struct os_alloc;

/* The allocator, which the first call starts: no constructor is needed, and nothing that allocates is
 * called. Opens a call that is recorded as made by `caller` (NULL: by none). In a signal handler
 * that interrupted a call, it is the allocator of process/nested.h. */
struct os_alloc *process_enter(struct os_call *call, const void *caller);

/* The same for an operation that counts for check_every, and is given `block`, whose heap it is then. */
struct os_alloc *process_enter_operation(struct os_call *call, const void *caller,
                                         const char *function, const void *block);
struct os_alloc *process_enter_block(struct os_call *call, const void *caller,
                                     const void *block);

/* The call is over: what it found is reported. Returns where the program is to go on; keeps errno. */
void process_leave(struct os_alloc *alloc, struct os_call *call);

/* ---- a nested call that is given a block of the first heap ---- */

/* Whether this is one. */
bool process_defers(const void *block);

/* Frees the block when the interrupted call is over; with an alignment as os_free_aligned_sized does.
 * False where there is no memory to note that. */
bool process_defer(void *block, size_t alignment, size_t size);

/* The bytes of the block that may be used; 0 where there is none. */
size_t process_usable_size(const void *block);

/* ---- for functions that look at all of the process ---- */

/* The heaps that the caller may look at, one after the other, from NULL to NULL: the first, and that of
 * handlers if there is one; for a nested call the latter alone. */
struct os_alloc *process_next_heap(const struct os_alloc *last);

/* Before one of them is used, and after it, unless by process_leave. */
void process_hold(struct os_alloc *alloc);
void process_release(struct os_alloc *alloc);

/* As OSMEM_OPTIONS and os_default_options set them; on a page that cannot be written to. */
const struct os_options *process_options(void);

#endif
