#include "props/engine/trial.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/rig/watch.h"
#include "osmem/platform/lock.h"

enum {
    /* In place of a signal: out of steps, out of CPU time. */
    TRIAL_STUCK = -1,
    TRIAL_LOOPS = -2,
};

static const int trial_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

uint64_t trial_steps_most;
unsigned trial_cpu_most;
static uint64_t trial_steps;
static sigjmp_buf trial_back;
static volatile sig_atomic_t trial_runs;

static void trial_catch(int number) {
    if (trial_runs)
        siglongjmp(trial_back, number);
    signal(number, SIG_DFL);
    raise(number);
}

void trial_step(void) {
    if (++trial_steps == trial_steps_most && trial_runs)
        siglongjmp(trial_back, TRIAL_STUCK);
}

static void trial_loops(void) {
    siglongjmp(trial_back, TRIAL_LOOPS);
}

/* Handlers on a stack of their own, which survive a stack overflow. */
static void trial_watch(void) {
    static char stack[64 << 10];
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction action = {.sa_handler = trial_catch,
                               .sa_flags = SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof trial_signals / sizeof trial_signals[0]; i++)
        sigaction(trial_signals[i], &action, NULL);
}

bool trial_open(struct trial *trial, const struct subject *const *subjects,
                unsigned count, trial_run_function *run) {
    trial->run = run;
    trial->apart = false;
    for (unsigned i = 0; i < count; i++) {
        if (!machine_open(&trial->machine[i]))
            return false;
        trial->apart = trial->apart || subjects[i]->real_kernel;
    }
    lockstep_init(&trial->lockstep, subjects, trial->machine, count);
    for (unsigned i = 0; i < count; i++)
        trial->lockstep.rig[i].checks_fit = true;
    trial_watch();
    return true;
}

static void trial_scrub(struct trial *trial) {
    for (unsigned i = 0; i < trial->lockstep.rigs; i++)
        machine_scrub(&trial->machine[i]);
}

/* Copies the failure of the rig that failed. */
static void trial_failed(const struct lockstep *lockstep, struct trial_verdict *verdict) {
    const struct rig_failure *failure = &lockstep->failed->failure;
    verdict->failed = true;
    verdict->subject = (unsigned)(lockstep->failed - lockstep->rig);
    verdict->operation = failure->operation;
    snprintf(verdict->oracle, sizeof verdict->oracle, "%s", failure->oracle);
    memcpy(verdict->expected, failure->expected, sizeof verdict->expected);
    memcpy(verdict->found, failure->found, sizeof verdict->found);
}

static void trial_interrupted(struct trial *trial, int number,
                              struct trial_verdict *verdict) {
    const struct rig *rig = lockstep_interrupted(&trial->lockstep);
    lock_held = 0; /* the interrupted call's, whose heap is opened anew */
    verdict->failed = true;
    verdict->subject = (unsigned)(rig - trial->lockstep.rig);
    verdict->operation = rig->operation;
    snprintf(verdict->expected, sizeof verdict->expected, "a result");
    if (number == TRIAL_LOOPS)
        trial_failed(&trial->lockstep, verdict);
    else if (number == TRIAL_STUCK) {
        snprintf(verdict->oracle, sizeof verdict->oracle, "steps");
        snprintf(verdict->found, sizeof verdict->found, "none after %llu steps",
                 (unsigned long long)trial_steps_most);
    } else {
        snprintf(verdict->oracle, sizeof verdict->oracle, "signal %d", number);
        snprintf(verdict->found, sizeof verdict->found, "%s", strsignal(number));
    }
    trial_scrub(trial);
}

static void trial_run_here(struct trial *trial, const uint8_t *bytes, size_t length,
                           struct trial_verdict *verdict) {
    *verdict = (struct trial_verdict){.failed = false};
    int number = sigsetjmp(trial_back, 1);
    if (number) {
        watch_end();
        trial_runs = 0;
        trial_interrupted(trial, number, verdict);
        return;
    }
    trial_steps = 0;
    trial_runs = 1;
    watch_begin(&trial->lockstep, trial_cpu_most ? trial_cpu_most : watch_limit(),
                trial_loops);
    bool sound = trial->run(&trial->lockstep, bytes, length);
    watch_end();
    trial_runs = 0;
    if (!sound)
        trial_failed(&trial->lockstep, verdict);
}

/* The same in a child, which returns the verdict in shared memory. */
static void trial_run_apart(struct trial *trial, const uint8_t *bytes, size_t length,
                            struct trial_verdict *verdict) {
    static struct trial_verdict *shared;
    int status;
    if (!shared)
        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fflush(stdout);
    pid_t child = shared == MAP_FAILED ? -1 : fork();
    if (child == 0) {
        trial_run_here(trial, bytes, length, shared);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) {
        perror("trial: a process of its own");
        exit(2);
    }
    *verdict = *shared;
    if (status != 0) {
        verdict->failed = true;
        snprintf(verdict->oracle, sizeof verdict->oracle, "death");
        snprintf(verdict->found, sizeof verdict->found, "wait status %#x",
                 (unsigned)status);
    }
}

bool trial_run(struct trial *trial, const uint8_t *bytes, size_t length,
               struct trial_verdict *verdict) {
    if (trial->apart)
        trial_run_apart(trial, bytes, length, verdict);
    else
        trial_run_here(trial, bytes, length, verdict);
    return !verdict->failed;
}

bool trial_run_clean(struct trial *trial, const uint8_t *bytes, size_t length,
                     struct trial_verdict *verdict) {
    trial_scrub(trial);
    return trial_run(trial, bytes, length, verdict);
}

bool trial_passes(struct trial *trial, const uint8_t *bytes, size_t length,
                  struct trial_verdict *verdict) {
    return trial_run(trial, bytes, length, verdict) ||
           trial_run_clean(trial, bytes, length, verdict);
}

void trial_hush(bool quiet) {
    static int kept = -1;
    if (kept < 0)
        kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(quiet ? null : kept, STDERR_FILENO);
    close(null);
}
