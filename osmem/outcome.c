#include "osmem/outcome.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "osmem/osmem.h"
#include "osmem/platform/lock.h"
#include "osmem/platform/text.h"

static struct os_lock outcome_lock = OS_LOCK_INIT; /* who has it reports */
static _Atomic(pthread_t) outcome_by;              /* 0: nobody */
static struct {
    os_fault_handler *call;
    void *context;
} outcome_handler;

bool outcome_is_mine(void) {
    return atomic_load_explicit(&outcome_by, memory_order_relaxed) == pthread_self();
}

void os_set_fault_handler(os_fault_handler *handler, void *context) {
    bool mine = outcome_is_mine();
    if (!mine)
        lock_take(&outcome_lock);
    outcome_handler.call = handler;
    outcome_handler.context = context;
    if (!mine)
        lock_release(&outcome_lock);
}

void outcome_after_fork(void) {
    outcome_lock = (struct os_lock)OS_LOCK_INIT;
    atomic_store_explicit(&outcome_by, 0, memory_order_relaxed);
}

void outcome_write(const struct os_options *options, const struct os_text *text) {
    int fd = -1;
    if (options->log[0])
        fd = open(options->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    text_write(text, fd < 0 ? STDERR_FILENO : fd);
    if (fd >= 0)
        close(fd);
}

/* What is being written. Whoever was stopped by a signal may have a small stack: not there. */
static struct os_text outcome_text, outcome_line;

/* The last calls, into a new file in the working directory, and a line that says so. */
static void outcome_write_trail(const struct os_trail *trail) {
    char name[48];
    struct os_text *text = &outcome_text, *path = &outcome_line;
    path->length = 0;
    text_put(path, "osmem.");
    text_number(path, (uintptr_t)getpid(), 10);
    text_put(path, ".ops");
    memcpy(name, text_string(path), path->length + 1);
    unlink(name); /* whatever somebody has put there */
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    size_t calls = trail_write(trail, fd, text_string(text), &outcome_line);
    close(fd);
    text_put(text, "  the last ");
    text_number(text, calls, 10);
    text_put(text, " calls are in ");
    text_put(text, name);
    text_put(text, ": tools/bazel run //fuzz:show -- $PWD/");
    text_put(text, name);
    text_put(text, "\n");
}

static void outcome_tell(const struct os_options *options, const struct os_trail *trail,
                         const struct os_finding *info) {
    struct os_text *text = &outcome_text;
    text->length = 0;
    fault_put(text, info);
    if (trail && trail->calls)
        outcome_write_trail(trail);
    outcome_write(options, text);
    if (!outcome_handler.call)
        return;
    struct os_fault_report report = {.kind = fault_slug(info->kind),
                                     .function = info->verb,
                                     .address = info->address,
                                     .block = info->block,
                                     .room = info->room,
                                     .text = text_string(text)};
    outcome_handler.call(&report, outcome_handler.context);
}

/* Returns where the program is to go on. */
static void outcome_act(const struct os_options *options) {
    switch (options->on_error) {
    case ON_ERROR_REPORT:
        return;
    case ON_ERROR_EXIT:
        _exit(options->exit_code);
    case ON_ERROR_TRAP:
        __builtin_trap();
    default:
        abort();
    }
}

void outcome(const struct os_options *options, const struct os_trail *trail,
             const struct os_finding *info) {
    if (outcome_is_mine()) {
        if (options->on_error == ON_ERROR_ABORT)
            signal(SIGABRT,
                   SIG_DFL); /* its handler may be what failed, and would again */
        outcome_act(options);
        return;
    }
    lock_take(&outcome_lock);
    atomic_store_explicit(&outcome_by, pthread_self(), memory_order_relaxed);
    outcome_tell(options, trail, info);
    outcome_act(options);
    atomic_store_explicit(&outcome_by, 0, memory_order_relaxed);
    lock_release(&outcome_lock);
}
