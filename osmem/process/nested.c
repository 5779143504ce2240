#include "osmem/process/nested.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "osmem/alloc/alloc.h"
#include "osmem/alloc/state.h"
#include "osmem/platform/expect.h"
#include "osmem/space/retire.h"

struct nested_node {
    struct nested_node *next;
    struct nested_free request;
};

static struct os_alloc nested_alloc;
static struct os_kernel nested_kernel;
static atomic_bool nested_is_open;

/* Of the thread that is in; and what it had before. */
static struct os_lock nested_gate = OS_LOCK_INIT;
static sigset_t nested_mask;
static unsigned nested_held;

/* Blocks to be freed later; written by the thread that is in. */
static _Atomic(struct nested_node *) nested_first;

struct os_alloc *nested_heap(void) {
    return atomic_load_explicit(&nested_is_open, memory_order_acquire) ? &nested_alloc
                                                                       : NULL;
}

bool nested_owns(const void *address) {
    return nested_heap() && heap_holds(&nested_alloc.heap, address);
}

static void nested_open(const struct os_options *options) {
    if (!atomic_load_explicit(&nested_is_open, memory_order_relaxed)) {
        sys_real_kernel(&nested_kernel);
        sys_without_break(&nested_kernel);
        alloc_init(&nested_alloc, &nested_kernel);
        atomic_store_explicit(&nested_is_open, true, memory_order_release);
    }
    if (nested_alloc.options != options)
        alloc_set_options(&nested_alloc, options);
}

struct os_alloc *nested_enter(const struct os_options *options) {
    sigset_t all, mask;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &mask);
    lock_take(&nested_gate);
    nested_mask = mask;
    nested_held = lock_interrupt();
    nested_open(options);
    return &nested_alloc;
}

void nested_leave(void) {
    sigset_t mask = nested_mask;
    EXPECT(lock_held == 0);
    lock_resume(nested_held);
    lock_release(&nested_gate);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* ---- blocks to be freed later ---- */

bool nested_defer(const struct nested_free *request, const struct os_options *options) {
    struct os_call call;
    int saved = errno;
    call_open(&call);
    struct os_alloc *alloc = nested_enter(options);
    struct nested_node *node = alloc_malloc(alloc, &call, sizeof *node);
    if (node) {
        node->request = *request;
        node->next = atomic_load_explicit(&nested_first, memory_order_relaxed);
        atomic_store_explicit(&nested_first, node, memory_order_relaxed);
    }
    nested_leave();
    errno = saved;
    return node != NULL;
}

bool nested_take(struct nested_free *request) {
    struct os_call call;
    if (!atomic_load_explicit(&nested_first, memory_order_relaxed))
        return false;
    call_open(&call);
    struct os_alloc *alloc = nested_enter(nested_alloc.options);
    struct nested_node *node = atomic_load_explicit(&nested_first, memory_order_relaxed);
    if (node) {
        *request = node->request;
        atomic_store_explicit(&nested_first, node->next, memory_order_relaxed);
        alloc_free(alloc, &call, node);
    }
    nested_leave();
    return node != NULL;
}

/* ---- around a fork ---- */

void nested_freeze(void) {
    lock_freeze(&nested_gate);
}

void nested_thaw(void) {
    lock_thaw(&nested_gate);
}

void nested_thaw_in_child(void) {
    retire_forget_habits(&nested_alloc.heap.space);
    lock_thaw_in_child(&nested_gate);
}
