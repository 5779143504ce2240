/*
 * process: what the public functions need of the process-wide allocator.
 */
#ifndef OSMEM_PROCESS_PROCESS_H
#define OSMEM_PROCESS_PROCESS_H

#include "osmem/alloc/call.h"
#include "osmem/alloc/options.h"

struct os_alloc;

/* The allocator, which the first call starts: no constructor is needed, and nothing that allocates is
 * called. Opens a call that is recorded as made by `caller` (NULL: by none). */
struct os_alloc *process_enter(struct os_call *call, const void *caller);

/* The same for an operation that counts for check_every. */
struct os_alloc *process_enter_operation(struct os_call *call, const void *caller,
                                         const char *function);

/* The call is over: what it found is reported. Returns where the program is to go on; keeps errno. */
void process_leave(struct os_alloc *alloc, struct os_call *call);

/* As OSMEM_OPTIONS and os_default_options set them; on a page that cannot be written to. */
const struct os_options *process_options(void);

#endif
