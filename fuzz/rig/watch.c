#define _GNU_SOURCE /* gettid */

#include "fuzz/rig/watch.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/rig/judge.h"

enum {
    WATCH_LOOKS = 4,
    WATCH_SECONDS = 10,
    WATCH_SECONDS_MOST = 1000000,
};

static struct {
    struct lockstep *volatile lockstep; /* NULL: no run */
    void (*stuck)(void);
    unsigned limit;
    size_t begun;   /* operations, at the last look */
    unsigned looks; /* since an operation was begun */
    timer_t timer;
    pid_t process; /* that the timer is of: a child does not inherit it */
} watch;

unsigned watch_limit(void) {
    static unsigned limit;
    if (limit == 0) {
        const char *text = getenv("FUZZ_CPU_SECONDS");
        unsigned long seconds = text ? strtoul(text, NULL, 10) : 0;
        if (seconds == 0 || seconds > WATCH_SECONDS_MOST)
            seconds = WATCH_SECONDS;
        limit = (unsigned)seconds * 1000;
    }
    return limit;
}

static void watch_look(int number) {
    (void)number;
    struct lockstep *lockstep = watch.lockstep;
    size_t begun = 0;
    if (!lockstep)
        return;
    for (unsigned i = 0; i < lockstep->rigs; i++)
        begun += lockstep->rig[i].begun;
    watch.looks = begun == watch.begun ? watch.looks + 1 : 0;
    watch.begun = begun;
    if (watch.looks < WATCH_LOOKS)
        return;
    watch.lockstep = NULL;
    struct rig *rig = lockstep_interrupted(lockstep);
    judge_fail(rig, WATCH_ORACLE, "a result", "none after %u ms of CPU time",
               watch.limit);
    lockstep->failed = rig;
    watch.stuck();
}

static void watch_arm(unsigned limit) {
    struct timespec period = {.tv_sec = limit / WATCH_LOOKS / 1000,
                              .tv_nsec = limit / WATCH_LOOKS % 1000 * 1000000L};
    struct itimerspec times = {.it_interval = period, .it_value = period};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGXCPU};
    struct sigaction action = {.sa_handler = watch_look,
                               .sa_flags = SA_ONSTACK | SA_NODEFER | SA_RESTART};
    event._sigev_un._tid = gettid();
    sigemptyset(&action.sa_mask);
    if ((watch.process != getpid() &&
         (sigaction(SIGXCPU, &action, NULL) != 0 ||
          timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &watch.timer) != 0)) ||
        timer_settime(watch.timer, 0, &times, NULL) != 0) {
        perror("a timer of CPU time");
        exit(2);
    }
    watch.process = getpid();
    watch.limit = limit;
}

void watch_begin(struct lockstep *lockstep, unsigned limit, void (*stuck)(void)) {
    if (watch.process != getpid() || watch.limit != limit)
        watch_arm(limit);
    watch.stuck = stuck;
    watch.looks = 0;
    atomic_signal_fence(memory_order_seq_cst);
    watch.lockstep = lockstep;
}

void watch_end(void) {
    watch.lockstep = NULL;
    atomic_signal_fence(memory_order_seq_cst);
}
