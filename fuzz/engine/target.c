#include "fuzz/engine/target.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/ops/text.h"
#include "fuzz/rig/watch.h"

/* The run: kept where what interrupts it finds it. */
static struct {
    struct lockstep lockstep;
    const uint8_t *bytes;
    size_t length;
} target;

static void target_report(const struct rig *rig, const uint8_t *bytes, size_t length) {
    const struct rig_failure *failure = &rig->failure;
    fprintf(stderr,
            "\n%s: %s: operation %zu\n  expected: %s\n  found:    %s\n"
            "the program, as corpus/ keeps it:\n\n",
            rig->subject->name, failure->oracle, failure->operation, failure->expected,
            failure->found);
    text_print(stderr, bytes, length, failure->operation);
    fputc('\n', stderr);
}

/* Counters of a run, in a file that the launcher reads; shared by all its processes. */
struct target_counters {
    _Atomic uint64_t inputs, operations;
    struct {
        _Atomic uint64_t executed, found;
    } misuse[LOCKSTEP_MAX][MISUSE_KINDS]; /* of each subject */
};

/* Adds the counts of the rigs and clears them. */
static void target_count_misuse(struct target_counters *counters,
                                struct lockstep *lockstep) {
    for (unsigned i = 0; i < lockstep->rigs; i++)
        for (unsigned kind = 0; kind < MISUSE_KINDS; kind++) {
            struct misuse *misuse = &lockstep->rig[i].misuse;
            counters->misuse[i][kind].executed += misuse->executed[kind];
            counters->misuse[i][kind].found += misuse->found[kind];
            misuse->executed[kind] = misuse->found[kind] = 0;
        }
}

static struct target_counters *target_open_counters(void) {
    static struct target_counters unread;
    const char *path = getenv("FUZZ_COUNTERS");
    int fd = path ? open(path, O_RDWR | O_CREAT, 0666) : -1;
    if (fd < 0 || ftruncate(fd, sizeof unread) != 0)
        return &unread;
    void *counters = mmap(NULL, sizeof unread, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return counters == MAP_FAILED ? &unread : counters;
}

/* Opens the machines and the rigs, once for all inputs. */
static void target_open(struct lockstep *lockstep, const struct subject *const *subjects,
                        unsigned count, bool checks_fit) {
    static struct machine machines[LOCKSTEP_MAX];
    for (unsigned i = 0; i < count; i++)
        if (!machine_open(&machines[i])) {
            fputs("memory for the simulated kernel cannot be reserved (2 GiB of address "
                  "space)\n",
                  stderr);
            exit(2);
        }
    lockstep_init(lockstep, subjects, machines, count);
    for (unsigned i = 0; i < count; i++)
        lockstep->rig[i].checks_fit = checks_fit;
}

/* An operation does not return. To run the program again would take as long. */
static void target_stuck(void) {
    target_report(target.lockstep.failed, target.bytes, target.length);
    abort();
}

void target_run(const struct subject *const *subjects, unsigned count, bool checks_fit,
                const uint8_t *bytes, size_t length) {
    static struct target_counters *counters;
    struct lockstep *lockstep = &target.lockstep;
    if (!counters) {
        target_open(lockstep, subjects, count, checks_fit);
        counters = target_open_counters();
    }
    size_t before = lockstep_checked(lockstep);
    target.bytes = bytes;
    target.length = length;
    watch_begin(lockstep, watch_limit(), target_stuck);
    bool sound = lockstep_run(lockstep, bytes, length);
    watch_end();
    counters->inputs++;
    counters->operations += lockstep_checked(lockstep) - before;
    if (subjects[0]->misused)
        target_count_misuse(counters, lockstep);
    if (sound)
        return;
    target_report(lockstep->failed, bytes, length);
    for (unsigned i = 0; i < count; i++)
        machine_scrub(lockstep->rig[i].machine);
    watch_begin(lockstep, watch_limit(), abort);
    if (lockstep_run(lockstep, bytes, length))
        fputs("it passes when it is run alone: an earlier program wrote where it must "
              "not\n",
              stderr);
    abort();
}
