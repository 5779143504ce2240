/*
 * osmem.c: the one process-wide heap, and the lock that makes it everybody's.
 *
 * The only room with state of its own. The first call starts the heap; it needs no
 * constructor and calls nothing that allocates.
 */
#include "osmem/osmem.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "osmem/check/check.h"
#include "osmem/check/dump.h"
#include "osmem/check/walk.h"
#include "osmem/front/blame.h"
#include "osmem/front/front.h"
#include "osmem/leaks.h"
#include "osmem/outcome.h"
#include "osmem/platform/environ.h"
#include "osmem/platform/lock.h"
#include "osmem/process.h"
#include "osmem/segv.h"

static struct os_lock osmem_lock = OS_LOCK_INIT;
static _Atomic(pthread_t) osmem_forker; /* has the lock and forks; 0: nobody */
static struct os_kernel osmem_kernel;
static struct os_front osmem_front;
static bool osmem_has_options;
static atomic_bool osmem_has_sites; /* who calls is recorded */
/* Until they are known: light, but what is freed is cleared, as a tier that verifies must trust. */
static const struct os_options osmem_before = {.tier = TIER_LIGHT, .zero = 1};
static struct os_cache osmem_cache;

/* The thread that forks has the lock already, and what else is called around a fork allocates. */
static bool osmem_is_forking(void) {
    return atomic_load_explicit(&osmem_forker, memory_order_relaxed) == pthread_self();
}

static void osmem_leave(void) {
    if (!osmem_is_forking())
        lock_release(&osmem_lock);
}

static void osmem_take_lock(void) {
    if (!osmem_is_forking())
        lock_take(&osmem_lock);
}

/* The sites of a fault as they are now: their rows change while others go on. */
static void osmem_copy_sites(struct os_finding *info, struct os_site sites[2]) {
    if (info->taken)
        sites[0] = *info->taken, info->taken = &sites[0];
    if (info->freed)
        sites[1] = *info->freed, info->freed = &sites[1];
}

/* The lock is not the problem of a handler, which may allocate; and nothing is half done. */
static void osmem_on_fault(struct os_front *front, const struct os_finding *info) {
    const struct os_options *options = front->options;
    struct os_finding told = *info;
    struct os_site sites[2], caller = osmem_cache.site;
    int saved = errno;
    osmem_copy_sites(&told, sites);
    osmem_leave();
    outcome(options, &front->trail, &told);
    osmem_take_lock();
    osmem_cache.site = caller; /* others have called meanwhile */
    errno = saved;
}

/* In a signal handler: whoever has the lock may be the one who was stopped. */
static bool osmem_explain(const void *address, struct os_finding *info,
                          struct os_site sites[2]) {
    bool locked = false;
    for (int i = 0; i < 1000 && !locked; i++) {
        locked = lock_try(&osmem_lock);
        if (!locked)
            sched_yield();
    }
    bool ours = blame_fence(&osmem_front, address, info);
    osmem_copy_sites(info, sites);
    if (locked)
        lock_release(&osmem_lock);
    return ours;
}

static void osmem_broken(struct os_kernel *kernel, const char *call, int error) {
    (void)kernel;
    osmem_leave();
    os_syscall_fail(call, error);
}

static void osmem_before_fork(void) {
    lock_take(&osmem_lock);
    atomic_store_explicit(&osmem_forker, pthread_self(), memory_order_relaxed);
}

static void osmem_after_fork(void) {
    atomic_store_explicit(&osmem_forker, 0, memory_order_relaxed);
    lock_release(&osmem_lock);
}

static void osmem_after_fork_in_child(void) {
    outcome_after_fork();
    osmem_after_fork();
}

/* ---- the start ---- */

/*
 * Options count from the first call that can know them; what was handed out before, in the light
 * tier, stays right. Then they stand on a page that nobody writes to again.
 */
static void osmem_set_options(void) {
    char text[OPTIONS_TEXT];
    struct os_options options = options_of_tier[TIER_STANDARD];
    if (!environ_get("OSMEM_OPTIONS", text, sizeof text))
        return;
    if (os_default_options)
        options_read(&options, os_default_options(), STDERR_FILENO);
    options_read(&options, text, STDERR_FILENO);
    if (environ_is_foreign())
        options.trail = 0;             /* no file of more rights than its reader has */
    static struct os_options unsealed; /* where there is no page */
    struct os_options *page = sys_map(&osmem_kernel, osmem_kernel.page);
    struct os_options *kept = page ? page : &unsealed;
    *kept = options;
    if (page)
        sys_seal(&osmem_kernel, page, osmem_kernel.page);
    front_set_options(&osmem_front, kept);
    if (kept->segv)
        segv_watch(kept, &osmem_front.trail, osmem_explain);
    osmem_has_options = true;
}

static void osmem_begin(void) {
    int saved = errno;
    if (!osmem_front.on_fault) {
        sys_real_kernel(&osmem_kernel);
        osmem_kernel.broken = osmem_broken;
        front_init(&osmem_front, &osmem_kernel);
        front_set_options(&osmem_front, &osmem_before);
        osmem_front.on_fault = osmem_on_fault;
    }
    osmem_set_options();
    errno = saved;
}

static struct os_front *osmem_enter(void) {
    osmem_take_lock();
    if (!osmem_has_options)
        osmem_begin();
    return &osmem_front;
}

#define OSMEM_CALLER __builtin_return_address(0)

/* The same for a call that is recorded as its caller's. */
static struct os_front *osmem_enter_from(const void *caller) {
    struct os_site site = {.operation = 0};
    if (atomic_load_explicit(&osmem_has_sites, memory_order_relaxed))
        site_take(&site, caller); /* which takes time, and may call us */
    struct os_front *front = osmem_enter();
    osmem_cache.site = site;
    return front;
}

/* A child must not inherit a heap that another thread was at. */
__attribute__((constructor)) static void osmem_start(void) {
    pthread_atfork(osmem_before_fork, osmem_after_fork, osmem_after_fork_in_child);
    if (process_options()->sites) {
        site_prepare();
        atomic_store_explicit(&osmem_has_sites, true, memory_order_relaxed);
    }
}

/* Behind the program's own exit handlers. */
__attribute__((destructor)) static void osmem_end(void) {
    const struct os_options *options = osmem_front.options;
    if (!osmem_has_options || (!options->at_exit && !options->leaks))
        return; /* a handler that interrupted a call may exit: no lock without need */
    if (outcome_is_mine())
        return; /* a fault's handler exits: what is damaged was told */
    osmem_enter();
    if (options->at_exit)
        front_check(&osmem_front, "exit");
    if (options->leaks)
        leaks_list(&osmem_front);
    osmem_leave();
}

const struct os_options *process_options(void) {
    const struct os_options *options = osmem_enter()->options;
    osmem_leave();
    return options;
}

/* ---- the functions ---- */

void *os_malloc(size_t size) {
    void *block = front_malloc(osmem_enter_from(OSMEM_CALLER), &osmem_cache, size);
    osmem_leave();
    return block;
}

void *os_calloc(size_t count, size_t size) {
    void *block = front_calloc(osmem_enter_from(OSMEM_CALLER), &osmem_cache, count, size);
    osmem_leave();
    return block;
}

void *os_realloc(void *block, size_t size) {
    void *resized =
        front_realloc(osmem_enter_from(OSMEM_CALLER), &osmem_cache, block, size);
    osmem_leave();
    return resized;
}

void os_free(void *block) {
    if (!block)
        return;
    front_free(osmem_enter_from(OSMEM_CALLER), &osmem_cache, block);
    osmem_leave();
}

void os_free_sized(void *block, size_t size) {
    if (!block)
        return;
    front_free_sized(osmem_enter_from(OSMEM_CALLER), &osmem_cache, block, 1, size);
    osmem_leave();
}

void os_free_aligned_sized(void *block, size_t alignment, size_t size) {
    if (!block)
        return;
    front_free_sized(osmem_enter_from(OSMEM_CALLER), &osmem_cache, block, alignment,
                     size);
    osmem_leave();
}

void *os_aligned_alloc(size_t alignment, size_t size) {
    void *block = front_aligned_alloc(osmem_enter_from(OSMEM_CALLER), &osmem_cache,
                                      alignment, size);
    osmem_leave();
    return block;
}

size_t os_usable_size(const void *block) {
    size_t size = front_usable_size(osmem_enter(), block);
    osmem_leave();
    return size;
}

bool os_check(struct os_breach *breach) {
    bool sound = os_heap_check(&osmem_enter()->heap, breach);
    osmem_leave();
    return sound;
}

struct osmem_visit {
    bool (*visit)(void *context, const struct os_block_info *block);
    void *context;
};

static bool osmem_show(void *context, const struct walk_block *block) {
    const struct osmem_visit *to = context;
    struct os_block_info info = {.address = block->address,
                                 .room = block->room,
                                 .in_use = block->state == STATE_IN_USE,
                                 .large = block->large,
                                 .state = walk_state_name(block->state)};
    return to->visit(to->context, &info);
}

bool os_walk(bool (*visit)(void *context, const struct os_block_info *block),
             void *context) {
    struct osmem_visit to = {visit, context};
    bool all = walk_heap(&osmem_enter()->heap, osmem_show, &to);
    osmem_leave();
    return all;
}

static void osmem_write(void *context, const char *text, size_t length) {
    const int *fd = context;
    while (length > 0) {
        ssize_t n = write(*fd, text, length);
        if (n < 0 && errno != EINTR)
            return;
        size_t written = n > 0 ? (size_t)n : 0;
        text += written;
        length -= written;
    }
}

void os_dump(int fd) {
    const struct os_heap *heap = &osmem_enter()->heap;
    dump_blocks(heap, osmem_write, &fd);
    dump_picture(heap, osmem_write, &fd);
    osmem_leave();
}

void os_trim(void) {
    front_trim(osmem_enter());
    osmem_leave();
}

void os_stats(struct os_stats *stats) {
    const struct os_heap *heap = &osmem_enter()->heap;
    const struct heap_counters *counters = &heap->counters;
    size_t in_use = counters->granules[STATE_IN_USE] * GRANULE;
    size_t waits = counters->granules[STATE_QUARANTINED] * GRANULE;
    size_t is_free = counters->granules[STATE_FREE] * GRANULE;
    size_t not_ours = counters->granules[STATE_NOT_OURS] * GRANULE;
    *stats = (struct os_stats){
        .blocks_in_use = counters->blocks_in_use + counters->large_blocks,
        .bytes_in_use = in_use + counters->large_room,
        .bytes_free = is_free,
        .bytes_waiting = waits,
        .bytes_not_ours = not_ours,
        .span_bytes = in_use + is_free + waits + not_ours,
        .spans = heap->spans,
        .large_blocks = counters->large_blocks,
        .large_bytes = counters->large_room,
        .idle_mappings = counters->large_idle,
        .unguarded = counters->unguarded,
        .given_back = counters->given_back,
        .allocations = osmem_cache.taken,
        .frees = osmem_cache.given,
    };
    osmem_leave();
}
