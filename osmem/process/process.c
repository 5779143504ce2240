/*
 * process.c: the process-wide allocator: its start, a fork, the exit.
 *
 * The only state that is global.
 */
#include "osmem/process/process.h"

#include <errno.h>
#include <pthread.h>
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

/* ---- the start ---- */

static bool process_explain(const void *address, struct os_finding *finding) {
    return finding_guard(&process_alloc, address, finding);
}

/*
 * Options count from the first call that can know them; what was handed out before, in the light
 * tier, stays right. They stand on a page that is read-only from then on.
 */
static void process_set_options(void) {
    char text[OPTIONS_TEXT];
    struct os_options options = options_of_tier[TIER_STANDARD];
    if (!environ_get("OSMEM_OPTIONS", text, sizeof text))
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
    errno = saved;
}

/* ---- a call ---- */

struct os_alloc *process_enter(struct os_call *call, const void *caller) {
    call_open(call);
    if (caller && atomic_load_explicit(&process_has_sites, memory_order_relaxed))
        site_take(&call->site, caller); /* which takes time, and may call us */
    if (!atomic_load_explicit(&process_is_ready, memory_order_acquire))
        process_begin();
    return &process_alloc;
}

struct os_alloc *process_enter_operation(struct os_call *call, const void *caller,
                                         const char *function) {
    struct os_alloc *alloc = process_enter(call, caller);
    if (alloc->options->check_every)
        verify_sometimes(alloc, call, function);
    return alloc;
}

void process_leave(struct os_alloc *alloc, struct os_call *call) {
    if (call->findings.count)
        error_policy_all(alloc->options, &alloc->record.history, &call->findings);
}

const struct os_options *process_options(void) {
    struct os_call call;
    return process_enter(&call, NULL)->options;
}

/* ---- fork and exit ---- */

static void process_before_fork(void) {
    lock_freeze(&process_start_lock);
    lock_freeze(&process_alloc.record.lock);
    heap_freeze(&process_alloc.heap);
}

static void process_after_fork(void) {
    heap_thaw(&process_alloc.heap);
    lock_thaw(&process_alloc.record.lock);
    lock_thaw(&process_start_lock);
}

static void process_after_fork_in_child(void) {
    error_policy_after_fork();
    process_after_fork();
}

/* A child must not inherit a heap that another thread was changing. */
__attribute__((constructor)) static void process_start(void) {
    const struct os_options *options = process_options();
    pthread_atfork(process_before_fork, process_after_fork, process_after_fork_in_child);
    if (options->sites) {
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
    struct os_alloc *alloc = process_enter(&call, NULL);
    if (options->at_exit)
        verify_heap(alloc, &call, "exit");
    process_leave(alloc, &call);
    if (options->leaks)
        leaks_list(alloc);
}
