#include "osmem/report/error_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "osmem/osmem.h"
#include "osmem/platform/expect.h"
#include "osmem/platform/lock.h"
#include "osmem/platform/text.h"
#include "osmem/report/text.h"

static struct os_lock policy_handler_lock = OS_LOCK_INIT;
static struct policy_handler {
    os_fault_handler *call;
    void *context;
} policy_handler;

/* ---- whose turn it is ---- */

#define POLICY_TURN_MS 1000 /* so long a turn is waited for */

/*
 * The thread whose turn it is, and a mark in the frame of its report. A handler that leaves by longjmp
 * leaves both behind: the frame is dead then, and its mark overwritten in part by the frames of
 * later calls, or not above them. The mark is long, because a later frame may have holes.
 */
struct policy_mark {
    volatile uint64_t word[64];
    atomic_bool in_handler; /* of os_set_fault_handler, and not in the end */
};

static _Atomic(pthread_t) policy_thread; /* 0: none */
static const struct policy_mark *_Atomic policy_outer;
static atomic_uint policy_turns; /* ever */

static uint64_t policy_word(unsigned i) {
    return UINT64_C(0x7a3d9e51c60fb824) * (i + 1);
}

static void policy_set_mark(struct policy_mark *mark) {
    for (unsigned i = 0; i < 64; i++)
        mark->word[i] = policy_word(i);
    atomic_init(&mark->in_handler, false);
}

static bool policy_is_marked(const struct policy_mark *mark) {
    for (unsigned i = 0; i < 64; i++)
        if (mark->word[i] != policy_word(i))
            return false;
    return true;
}

static bool policy_is_mine(void) {
    return atomic_load_explicit(&policy_thread, memory_order_relaxed) == pthread_self();
}

/* The system blocks SIGABRT while its handler runs, and siglongjmp unblocks it. */
static bool policy_is_in_abort(void) {
    sigset_t blocked;
    return sigprocmask(SIG_BLOCK, NULL, &blocked) == 0 &&
           sigismember(&blocked, SIGABRT) == 1;
}

/* Whether a frame is within a report of this thread: called by it, and so deeper in the stack. */
static bool policy_is_nested(const void *frame) {
    const struct policy_mark *outer =
        atomic_load_explicit(&policy_outer, memory_order_relaxed);
    return policy_is_mine() && (uintptr_t)frame < (uintptr_t)outer &&
           policy_is_marked(outer) &&
           (atomic_load_explicit(&outer->in_handler, memory_order_relaxed) ||
            policy_is_in_abort());
}

bool error_policy_is_reporting(void) {
    return policy_is_nested(__builtin_frame_address(0));
}

/* Takes the turn; one that lasts too long is taken away. */
static void policy_take_turn(const struct policy_mark *mark) {
    const struct timespec step = {.tv_nsec = 1000000};
    if (!policy_is_mine())
        for (int waited = 0; waited < POLICY_TURN_MS; waited++) {
            pthread_t none = 0;
            if (atomic_compare_exchange_strong(&policy_thread, &none, pthread_self()))
                break;
            nanosleep(&step, NULL);
        }
    atomic_store(&policy_thread, pthread_self());
    atomic_store(&policy_outer, mark);
    atomic_fetch_add(&policy_turns, 1);
}

static void policy_end_turn(void) {
    pthread_t self = pthread_self();
    atomic_compare_exchange_strong(&policy_thread, &self, 0);
}

/* ---- findings that are not reported ---- */

/* Findings of each kind of which only the first is reported. */
static atomic_ulong policy_met[OS_STATUS_COUNT];
static const struct os_options *_Atomic policy_counted_by; /* NULL: none yet */

static bool policy_is_silent(const struct os_options *options,
                             const struct os_policy *policy, enum os_status kind) {
    if (policy->on_error == ON_ERROR_IGNORE)
        return true;
    if (policy->on_error != ON_ERROR_ONCE)
        return false;
    atomic_store_explicit(&policy_counted_by, options, memory_order_relaxed);
    return atomic_fetch_add_explicit(&policy_met[kind], 1, memory_order_relaxed) > 0;
}

void error_policy_after_fork(void) {
    policy_handler_lock = (struct os_lock)OS_LOCK_INIT;
    atomic_store(&policy_thread, 0);
    for (enum os_status kind = 0; kind < OS_STATUS_COUNT; kind++)
        if (atomic_load(&policy_met[kind]))
            atomic_store(&policy_met[kind], 1); /* the parent lists the rest */
}

/* ---- the report ---- */

void os_set_fault_handler(os_fault_handler *handler, void *context) {
    lock_take(&policy_handler_lock);
    policy_handler = (struct policy_handler){handler, context};
    lock_release(&policy_handler_lock);
}

static struct policy_handler policy_get_handler(void) {
    lock_take(&policy_handler_lock);
    struct policy_handler handler = policy_handler;
    lock_release(&policy_handler_lock);
    return handler;
}

void error_policy_write(const struct os_options *options, const struct os_text *text) {
    int fd = -1;
    if (options->log[0])
        fd = open(options->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    text_write(text, fd < 0 ? STDERR_FILENO : fd);
    if (fd >= 0)
        close(fd);
}

/* A report under construction. Not on the stack: a thread that a signal stopped may have a small one.
 * Two, because a turn that lasts too long is taken away. */
static struct policy_report {
    struct os_text text, line;
} policy_reports[2];

/* The last calls, into a new file in the working directory, and a line that says so. */
static void policy_write_history(struct policy_report *report,
                                 const struct os_history *history) {
    char name[48];
    struct os_text *text = &report->text, *path = &report->line;
    path->length = 0;
    text_put(path, "osmem.");
    text_number(path, (uintptr_t)getpid(), 10);
    text_put(path, ".ops");
    memcpy(name, text_string(path), path->length + 1);
    unlink(name); /* never into a file that another program put there */
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    size_t calls = history_write(history, fd, text_string(text), &report->line);
    close(fd);
    text_put(text, "  the last ");
    text_number(text, calls, 10);
    text_put_all(text, " calls are in ", name, ": tools/bazel run //fuzz:show -- $PWD/",
                 name, "\n", NULL);
}

/* The last line: what becomes of the process, and which option changes it for this kind. */
static void policy_put(struct os_text *text, const struct os_options *options,
                       const struct os_finding *finding) {
    struct os_policy policy = options_policy(options, finding->kind);
    bool tolerates = options_tolerates(options, finding->kind);
    text_put_all(text, "  then: ",
                 policy.on_error == ON_ERROR_EXIT   ? "exit"
                 : policy.on_error == ON_ERROR_TRAP ? "trap"
                 : !tolerates                       ? "abort"
                 : finding->access                  ? "SIGSEGV"
                                                    : "the program goes on",
                 policy.on_error == ON_ERROR_ONCE
                     ? ", and others of this kind are counted, not reported"
                     : "",
                 "; OSMEM_OPTIONS=", status_row(finding->kind)->slug, NULL);
    text_put(text, tolerates         ? "=abort ends it at this kind\n"
                   : finding->access ? "=report leaves this kind to SIGSEGV\n"
                                     : "=report goes on after this kind\n");
}

/* Nothing in here can be cancelled or interrupted by a longjmp of the program's. */
static struct policy_report *policy_write(const struct os_options *options,
                                          const struct os_history *history,
                                          const struct os_finding *finding) {
    struct policy_report *report = &policy_reports[atomic_load(&policy_turns) % 2];
    report->text.length = 0;
    report_put(&report->text, finding);
    if (history && history->calls)
        policy_write_history(report, history);
    policy_put(&report->text, options, finding);
    error_policy_write(options, &report->text);
    return report;
}

static void policy_call_handler(struct policy_report *report, struct policy_mark *mark,
                                const struct os_finding *finding) {
    struct policy_handler handler = policy_get_handler();
    if (!handler.call)
        return;
    struct os_fault_report shown = {.kind = status_row(finding->kind)->slug,
                                    .function = finding->function,
                                    .address = finding->address,
                                    .block = finding->block,
                                    .size = finding->size,
                                    .text = text_string(&report->text)};
    atomic_store(&mark->in_handler, true);
    handler.call(&shown, handler.context);
    atomic_store(&mark->in_handler, false);
}

/* Returns where the program is to go on. */
static void policy_act(const struct os_policy *policy) {
    switch (policy->on_error) {
    case ON_ERROR_REPORT:
    case ON_ERROR_ONCE:
    case ON_ERROR_IGNORE:
        return;
    case ON_ERROR_EXIT:
        _exit(policy->exit_code);
    case ON_ERROR_TRAP:
        __builtin_trap();
    default:
        abort();
    }
}

/* A finding in the report of another, or in its handlers. */
static void policy_act_nested(const struct os_policy *policy) {
    if (policy->on_error == ON_ERROR_ABORT)
        signal(SIGABRT, SIG_DFL); /* its handler may be what failed, and would again */
    policy_act(policy);
}

void error_policy(const struct os_options *options, const struct os_history *history,
                  const struct os_finding *finding) {
    struct policy_mark mark;
    struct os_policy policy = options_policy(options, finding->kind);
    int saved = errno, cancel;
    EXPECT(lock_held == 0);
    if (policy_is_nested(__builtin_frame_address(0))) {
        policy_act_nested(&policy);
        errno = saved;
        return;
    }
    if (policy_is_silent(options, &policy, finding->kind))
        return;
    policy_set_mark(&mark);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    policy_take_turn(&mark);
    struct policy_report *report = policy_write(options, history, finding);
    pthread_setcancelstate(cancel, NULL);
    policy_call_handler(report, &mark, finding);
    policy_act(&policy);
    mark.word[0] = 0; /* it is over */
    policy_end_turn();
    errno = saved;
}

static void policy_write_more(const struct os_options *options, size_t more) {
    struct policy_mark mark;
    int saved = errno, cancel;
    if (policy_is_nested(__builtin_frame_address(0)))
        return; /* as its findings */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
    policy_set_mark(&mark);
    policy_take_turn(&mark);
    struct os_text *text = &policy_reports[atomic_load(&policy_turns) % 2].text;
    text->length = 0;
    text_put(text, "osmem: the same call found ");
    text_number(text, more, 10);
    text_put(text, more == 1 ? " thing more\n" : " things more\n");
    error_policy_write(options, text);
    mark.word[0] = 0;
    policy_end_turn();
    pthread_setcancelstate(cancel, NULL);
    errno = saved;
}

/* After the program's exit handlers: how many were not reported. */
__attribute__((destructor)) static void policy_list_counted(void) {
    const struct os_options *options = atomic_load(&policy_counted_by);
    for (enum os_status kind = 0; options && kind < OS_STATUS_COUNT; kind++) {
        struct os_text text = {.length = 0};
        unsigned long met = atomic_load(&policy_met[kind]);
        if (met < 2)
            continue;
        text_put(&text, "osmem: not reported: ");
        text_number(&text, met - 1, 10);
        text_put_all(&text, " more of ", status_row(kind)->slug, "\n", NULL);
        error_policy_write(options, &text);
    }
}

void error_policy_all(const struct os_options *options, const struct os_history *history,
                      const struct os_findings *findings) {
    for (size_t i = 0; i < findings->count; i++)
        error_policy(options, history, &findings->finding[i]);
    if (findings->more && options->on_error != ON_ERROR_IGNORE)
        policy_write_more(options, findings->more);
}
