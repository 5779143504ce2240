/*
 * nested: calls of a signal handler that interrupted a call of its own thread.
 *
 * Such a call must not wait for its own thread, so it leaves the process's heap alone. What it allocates
 * comes from a second heap, the handlers' own, which has no break. A block of the first heap that it
 * frees waits in a list, and is freed when a call that is not nested ends. All signals are blocked
 * while a thread is at work on the second heap: no call on it is interrupted.
 */
#ifndef OSMEM_PROCESS_NESTED_H
#define OSMEM_PROCESS_NESTED_H

#include <stdbool.h>
#include <stddef.h>

struct os_alloc;
struct os_options;

/* The handlers' heap, or NULL as long as no handler needed it. */
struct os_alloc *nested_heap(void);

/* Whether an address is in it. */
bool nested_owns(const void *address);

/* The calling thread has the handlers' heap to itself, signals blocked, until it leaves. The first one
 * makes it; it has the options of the call that enters. */
struct os_alloc *nested_enter(const struct os_options *options);
void nested_leave(void);

/* A block to be freed later: by os_free, or with the size and alignment that it was requested with. */
struct nested_free {
    void *block;
    size_t alignment; /* 0: by os_free */
    size_t size;
};

/* By a nested call: the block is freed later. False where there is no memory to note that. */
bool nested_defer(const struct nested_free *request, const struct os_options *options);

/* Whether blocks wait; takes one of them out, to be freed by a call that is not nested. */
bool nested_take(struct nested_free *request);

/* Around a fork, in which a handler may be the caller. */
void nested_freeze(void);
void nested_thaw(void);
void nested_thaw_in_child(void);

#endif
