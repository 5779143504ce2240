/*
 * process.c: the process-wide allocator: its start, a fork, the exit.
 *
 * The only state that is global.
 */
#include "osmem/process/process.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "osmem/alloc/alloc.h"
#include "osmem/alloc/findings.h"
#include "osmem/alloc/state.h"
#include "osmem/check/verify.h"
#include "osmem/osmem.h"
#include "osmem/platform/environ.h"
#include "osmem/platform/lock.h"
#include "osmem/platform/site.h"
#include "osmem/process/nested.h"
#include "osmem/report/error_policy.h"
#include "osmem/report/leaks.h"
#include "osmem/report/segv.h"

static struct os_alloc process_alloc;
static struct os_kernel process_kernel;
static struct os_lock process_start_lock = OS_LOCK_INIT;
static bool process_is_begun;        /* under the lock: the allocator can serve */
static atomic_bool process_is_ready; /* and its options are known */
static atomic_bool process_has_sites;
/* Until they are known: light, but what is freed is cleared, as a tier that verifies must trust. */
static const struct os_options process_before = {.tier = TIER_LIGHT, .zero = 1};

static atomic_bool process_watches_forks;

/* ---- fork ---- */

/* What the forking thread had blocked: a handler that ran in between, and forked or allocated, would
 * find locks half frozen. */
static LOCK_THREAD sigset_t process_signals;

/* The gate of the handlers' heap last: a handler may wait for it and have interrupted the owner of any
 * other. Its own owner waits for none of them. */
static void process_before_fork(void) {
    sigset_t all, signals;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &signals);
    process_signals = signals;
    lock_freeze(&process_start_lock);
    lock_freeze(&process_alloc.record.lock);
    heap_freeze(&process_alloc.heap);
    nested_freeze();
}

static void process_after_fork(void) {
    nested_thaw();
    heap_thaw(&process_alloc.heap);
    lock_thaw(&process_alloc.record.lock);
    lock_thaw(&process_start_lock);
    sigprocmask(SIG_SETMASK, &process_signals, NULL);
}

static void process_after_fork_in_child(void) {
    error_policy_after_fork();
    nested_thaw_in_child();
    heap_thaw_in_child(&process_alloc.heap);
    lock_thaw_in_child(&process_alloc.record.lock);
    lock_thaw_in_child(&process_start_lock);
    sigprocmask(SIG_SETMASK, &process_signals, NULL);
}

/*
 * A child must not inherit a heap that another thread was changing. Handlers before a fork run in the
 * reverse order of their registration: ours is registered by the first call, so that it runs last,
 * and others' may take locks and wait for threads that allocate.
 */
static void process_watch_forks(void) {
    if (!atomic_exchange_explicit(&process_watches_forks, true, memory_order_relaxed))
        pthread_atfork(process_before_fork, process_after_fork,
                       process_after_fork_in_child);
}

/* ---- the start ---- */

static bool process_explain(const void *address, struct os_finding *finding) {
    return finding_guard(&process_alloc, address, finding);
}

/*
 * Options count from the first call that can know them; what was handed out before, in the light
 * tier, stays right. They stand on a page that is read-only from then on.
 */
static void process_set_options(void) {
    const char *text = environ_get(&process_kernel, "OSMEM_OPTIONS");
    struct os_options options = options_of_tier[TIER_STANDARD];
    if (!text)
        return;
    if (os_default_options)
        options_read(&options, os_default_options(), STDERR_FILENO);
    options_read(&options, text, STDERR_FILENO);
    if (environ_is_foreign())
        options.history = 0;           /* no file of more rights than its reader has */
    static struct os_options unsealed; /* where there is no page */
    struct os_options *page = sys_map(&process_kernel, process_kernel.page);
    struct os_options *kept = page ? page : &unsealed;
    *kept = options;
    if (page)
        sys_seal(&process_kernel, page, process_kernel.page);
    alloc_set_options(&process_alloc, kept);
    if (kept->segv)
        segv_watch(kept, &process_alloc.record.history, process_explain);
    atomic_store_explicit(&process_is_ready, true, memory_order_release);
}

static void process_begin(void) {
    int saved = errno;
    lock_take(&process_start_lock);
    if (!process_is_begun) {
        sys_real_kernel(&process_kernel);
        alloc_init(&process_alloc, &process_kernel);
        alloc_set_options(&process_alloc, &process_before);
        process_is_begun = true;
    }
    if (!atomic_load_explicit(&process_is_ready, memory_order_relaxed))
        process_set_options();
    lock_release(&process_start_lock);
    process_watch_forks();
    errno = saved;
}

/* ---- a call ---- */

/* What counts for a nested call, which must not wait for the start. */
static const struct os_options *process_options_now(void) {
    return atomic_load_explicit(&process_is_ready, memory_order_acquire)
               ? process_alloc.options
               : &process_before;
}

struct os_alloc *process_enter_block(struct os_call *call, const void *caller,
                                     const void *block) {
    call_open(call);
    if (caller && atomic_load_explicit(&process_has_sites, memory_order_relaxed))
        site_take(&call->site, caller); /* which takes time, and may call us */
    if (lock_is_nested() || (block && nested_owns(block)))
        return nested_enter(process_options_now());
    if (!atomic_load_explicit(&process_is_ready, memory_order_acquire))
        process_begin();
    return &process_alloc;
}

struct os_alloc *process_enter(struct os_call *call, const void *caller) {
    return process_enter_block(call, caller, NULL);
}

struct os_alloc *process_enter_operation(struct os_call *call, const void *caller,
                                         const char *function, const void *block) {
    struct os_alloc *alloc = process_enter_block(call, caller, block);
    if (alloc->options->check_every)
        verify_sometimes(alloc, call, function);
    return alloc;
}

static void process_report(const struct os_alloc *alloc, const struct os_call *call) {
    if (call->findings.count)
        error_policy_all(alloc->options, &alloc->record.history, &call->findings);
}

/* Blocks that nested calls freed, which waited for this one's end. */
static void process_drain(void) {
    struct nested_free request;
    while (nested_take(&request)) {
        struct os_call call;
        call_open(&call);
        if (request.alignment)
            alloc_free_sized(&process_alloc, &call, request.block, request.alignment,
                             request.size);
        else
            alloc_free(&process_alloc, &call, request.block);
        process_report(&process_alloc, &call);
    }
}

void process_leave(struct os_alloc *alloc, struct os_call *call) {
    if (alloc == &process_alloc) {
        process_report(alloc, call);
    } else {
        nested_leave();
        unsigned held =
            lock_interrupt(); /* the interrupted call's are not the report's */
        process_report(alloc, call);
        lock_resume(held);
    }
    if (!lock_is_nested())
        process_drain();
}

const struct os_options *process_options(void) {
    struct os_call call;
    struct os_alloc *alloc = process_enter(&call, NULL);
    const struct os_options *options = alloc->options;
    process_leave(alloc, &call);
    return options;
}

/* ---- blocks of the first heap in a nested call ---- */

bool process_defers(const void *block) {
    return lock_is_nested() && block && !nested_owns(block);
}

bool process_defer(void *block, size_t alignment, size_t size) {
    const struct nested_free request = {block, alignment, size};
    return nested_defer(&request, process_options_now());
}

size_t process_usable_size(const void *block) {
    return alloc_usable_at_once(&process_alloc, block);
}

/* ---- each heap ---- */

struct os_alloc *process_next_heap(const struct os_alloc *last) {
    if (last == NULL && !lock_is_nested())
        return &process_alloc;
    return last == nested_heap() ? NULL : nested_heap();
}

void process_hold(struct os_alloc *alloc) {
    if (alloc != &process_alloc)
        nested_enter(alloc->options);
}

void process_release(struct os_alloc *alloc) {
    if (alloc != &process_alloc)
        nested_leave();
}

/* ---- constructor and destructor ---- */

/* Before others' (and in a shared library first of all: DF_1_INITFIRST), which may register handlers for
 * a fork without a call of ours. */
__attribute__((constructor(101))) static void process_start(void) {
    if (process_options()->sites) {
        site_prepare();
        atomic_store_explicit(&process_has_sites, true, memory_order_relaxed);
    }
}

/* After the program's own exit handlers. */
__attribute__((destructor)) static void process_end(void) {
    struct os_call call;
    const struct os_options *options = process_alloc.options;
    if (!atomic_load_explicit(&process_is_ready, memory_order_acquire) ||
        (!options->at_exit && !options->leaks))
        return;
    if (error_policy_is_reporting())
        return; /* a handler of a report exits: what is damaged was reported */
    for (struct os_alloc *alloc = NULL; (alloc = process_next_heap(alloc)) != NULL;) {
        call_open(&call);
        process_hold(alloc);
        if (options->at_exit)
            verify_heap(alloc, &call, "exit");
        process_leave(alloc, &call);
    }
    if (options->leaks && !lock_is_nested()) /* else the heap is in mid-change */
        leaks_list(&process_alloc);
}
