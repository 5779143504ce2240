/* Reports come after every lock: what a handler may do, and what a pending cancellation does not. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "osmem/osmem.h"
#include "osmem/platform/lock.h"
#include "osmem/process/process.h"
#include "osmem/report/error_policy.h"
#include "props/testing/child.h"
#include "props/testing/suite.h"

const char *os_default_options(void) {
    return "tier=standard:on_error=abort";
}

#ifdef NDEBUG
#define EXPECTATIONS false
#else
#define EXPECTATIONS true
#endif

static char text[8192];
static void *volatile hidden;

static void *hide(void *pointer) {
    hidden = pointer;
    return hidden;
}

static size_t reports(void) {
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, "osmem: double-free: ")); at++)
        n++;
    return n;
}

static void double_free(void) {
    void *p = hide(os_malloc(100)), *barrier = os_malloc(16);
    os_free(p);
    os_free(hide(p));
    os_free(barrier);
}

/* Work of every kind on the heap, and whether it is sound. */
static bool use_the_heap(void) {
    char *blocks[64];
    for (size_t i = 0; i < 64; i++) {
        blocks[i] = os_malloc(i * 100);
        memset(blocks[i], 1, i * 100);
    }
    for (size_t i = 0; i < 64; i++)
        blocks[i] = os_realloc(blocks[i], i * 5000 + 1);
    for (size_t i = 0; i < 64; i++)
        os_free(blocks[i]);
    os_trim();
    return os_check(NULL);
}

/* ---- a handler of SIGABRT that leaves by longjmp ---- */

static sigjmp_buf back;

static void leave_the_abort(int number) {
    siglongjmp(back, number);
}

static void *report_in_thread(void *unused) {
    if (sigsetjmp(back, 1) == 0)
        double_free();
    return use_the_heap() ? unused : NULL;
}

/* From deep in the stack, so that a later report is made from less deep and from deeper. */
static int leave_from(int depth, volatile int *left) {
    volatile char frame[256];
    frame[0] = (char)depth;
    if (depth > 0)
        return leave_from(depth - 1, left) + frame[0];
    if (sigsetjmp(back, 1) == 0)
        double_free();
    else
        ++*left;
    return frame[0];
}

static void leave_many_times(void) {
    volatile int left = 0;
    signal(SIGABRT, leave_the_abort);
    for (int depth = 0; depth < 5; depth++)
        leave_from(depth * 3 % 5, &left);
    pthread_t thread;
    void *result = NULL;
    pthread_create(&thread, NULL, report_in_thread, &thread);
    pthread_join(thread, &result);
    _exit(left == 5 && result == &thread && use_the_heap() ? 21 : 22);
}

START_TEST(a_program_that_leaves_the_abort_goes_on) {
    int status = child_run(leave_many_times, text, sizeof text);
    ck_assert_msg(child_exited(status, 21), "%s", text);
    ck_assert_uint_eq(reports(), 6); /* none is lost */
}
END_TEST

/* ---- a fault handler that uses the heap, leaves, or exits ---- */

static void use_in_handler(const struct os_fault_report *report, void *context) {
    (void)report;
    *(bool *)context = use_the_heap();
    dprintf(STDERR_FILENO, "held %u\n", lock_held);
}

static void handler_uses_the_heap(void) {
    static bool sound;
    os_set_fault_handler(use_in_handler, &sound);
    signal(SIGABRT, leave_the_abort);
    if (sigsetjmp(back, 1) == 0)
        double_free();
    _exit(sound && use_the_heap() ? 23 : 24);
}

START_TEST(a_fault_handler_may_use_the_heap) {
    int status = child_run(handler_uses_the_heap, text, sizeof text);
    ck_assert_msg(child_exited(status, 23), "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "held 0\n"));
}
END_TEST

static void leave_in_handler(const struct os_fault_report *report, void *context) {
    (void)report, (void)context;
    siglongjmp(back, 1);
}

static void handler_leaves(void) {
    os_set_fault_handler(leave_in_handler, NULL);
    for (volatile int i = 0; i < 3; i++)
        if (sigsetjmp(back, 1) == 0)
            double_free();
    os_set_fault_handler(NULL, NULL);
    _exit(use_the_heap() ? 25 : 26);
}

START_TEST(a_fault_handler_may_leave_by_longjmp) {
    int status = child_run(handler_leaves, text, sizeof text);
    ck_assert_msg(child_exited(status, 25), "%s", text);
    ck_assert_uint_eq(reports(), 3);
}
END_TEST

static void exit_in_handler(const struct os_fault_report *report, void *context) {
    (void)report, (void)context;
    exit(27);
}

static void use_at_exit(void) {
    if (use_the_heap())
        dprintf(STDERR_FILENO, "used at exit\n");
}

static void handler_exits(void) {
    atexit(use_at_exit);
    os_set_fault_handler(exit_in_handler, NULL);
    double_free();
}

START_TEST(a_fault_handler_may_exit) {
    int status = child_run(handler_exits, text, sizeof text);
    ck_assert_msg(child_exited(status, 27), "%s", text);
    ck_assert_uint_eq(reports(), 1);
    ck_assert_ptr_nonnull(strstr(text, "used at exit\n"));
}
END_TEST

/* What a handler frees, the call that is reported has nothing to do with any more. */
static char *victim;

static void free_in_handler(const struct os_fault_report *report, void *context) {
    (void)report, (void)context;
    os_free(victim);
    victim = NULL;
}

static void handler_frees_the_block(void) {
    char *block = os_malloc(40), *barrier = os_malloc(16);
    victim = block;
    os_set_fault_handler(free_in_handler, NULL);
    signal(SIGABRT, leave_the_abort);
    block[40] ^= 1;
    if (sigsetjmp(back, 1) == 0)
        os_free(hide(block)); /* an overflow: the block stays in use */
    os_set_fault_handler(NULL, NULL);
    os_free(barrier);
    _exit(28);
}

START_TEST(a_fault_handler_may_free_the_block) {
    int status = child_run(handler_frees_the_block, text, sizeof text);
    ck_assert_msg(child_exited(status, 28) || child_died(status, SIGABRT), "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "[OSM-CANARY]"));
}
END_TEST

/* ---- cancellation ---- */

static void *free_with_a_cancel_pending(void *reached) {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    if (sigsetjmp(back, 1) == 0)
        double_free(); /* writes its report, and is left */
    *(int *)reached = 1;
    pthread_testcancel();
    *(int *)reached = 2;
    return NULL;
}

static void cancel_waits(void) {
    pthread_t thread;
    void *result = NULL;
    int reached = 0;
    signal(SIGABRT, leave_the_abort);
    pthread_create(&thread, NULL, free_with_a_cancel_pending, &reached);
    pthread_join(thread, &result);
    _exit(result == PTHREAD_CANCELED && reached == 1 && use_the_heap() ? 29 : 30);
}

START_TEST(a_pending_cancel_waits) {
    int status = child_run(cancel_waits, text, sizeof text);
    ck_assert_msg(child_exited(status, 29), "%s", text);
    ck_assert_uint_eq(reports(), 1);
}
END_TEST

/* ---- a walk ---- */

struct walked {
    size_t blocks, seen;
    void *kept[300];
};

/* Allocates and frees at every block, and meets each of the kept ones once. */
static bool visit(void *context, const struct os_block_info *block) {
    struct walked *walked = context;
    walked->blocks++;
    os_free(os_malloc(walked->blocks % 50 * 100));
    for (size_t i = 0; i < 300; i++)
        walked->seen += walked->kept[i] == block->address && block->in_use;
    return true;
}

START_TEST(a_visitor_may_allocate_and_free) {
    static struct walked walked;
    for (size_t i = 0; i < 300; i++)
        walked.kept[i] = os_malloc(i % 30 == 0 ? 200000 : 50);
    ck_assert(os_walk(visit, &walked));
    ck_assert_uint_eq(walked.seen, 300);
    for (size_t i = 0; i < 300; i++)
        os_free(walked.kept[i]);
    ck_assert(os_check(NULL));
}
END_TEST

/* ---- the law itself ---- */

static void report_under_a_lock(void) {
    static struct os_lock lock = OS_LOCK_INIT;
    static struct os_options options;
    options.on_error = ON_ERROR_REPORT;
    lock_take(&lock);
    error_policy(&options, NULL, &(struct os_finding){.kind = OS_FAULT_DOUBLE_FREE});
    lock_release(&lock);
}

START_TEST(a_report_under_a_lock_is_our_mistake) {
    int status = child_run(report_under_a_lock, text, sizeof text);
    if (!EXPECTATIONS) {
        ck_assert(child_exited(status, CHILD_RETURNED));
        return;
    }
    ck_assert(child_died(status, SIGABRT));
    ck_assert_ptr_nonnull(strstr(text, "lock_held == 0 in osmem/report/error_policy.c"));
}
END_TEST

int main(void) {
    return suite_run(
        "reports",
        SUITE(a_program_that_leaves_the_abort_goes_on, a_fault_handler_may_use_the_heap,
              a_fault_handler_may_leave_by_longjmp, a_fault_handler_may_exit,
              a_fault_handler_may_free_the_block, a_pending_cancel_waits,
              a_visitor_may_allocate_and_free, a_report_under_a_lock_is_our_mistake));
}
