#include "fuzz/engine/target.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/ops/text.h"
#include "fuzz/rig/run.h"

static void target_tell(const struct rig *rig, const uint8_t *bytes, size_t length) {
    const struct rig_failure *failure = &rig->failure;
    fprintf(stderr,
            "\n%s: %s: operation %zu\n  expected: %s\n  found:    %s\n"
            "the program, as corpus/ keeps it:\n\n",
            rig->subject->name, failure->oracle, failure->operation, failure->expected,
            failure->found);
    text_print(stderr, bytes, length, failure->operation);
    fputc('\n', stderr);
}

/* What a run has done, in a file that the launcher
 * reads; shared by all processes of the run. */
struct target_counters {
    _Atomic uint64_t inputs, operations;
};

static struct target_counters *target_open_counters(void) {
    static struct target_counters nobody_reads;
    const char *path = getenv("FUZZ_COUNTERS");
    int fd = path ? open(path, O_RDWR | O_CREAT, 0666) : -1;
    if (fd < 0 || ftruncate(fd, sizeof nobody_reads) != 0)
        return &nobody_reads;
    void *counters =
        mmap(NULL, sizeof nobody_reads, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return counters == MAP_FAILED ? &nobody_reads : counters;
}

void target_run(const struct subject *subject, const uint8_t *bytes, size_t length) {
    static struct machine machine;
    static struct rig rig;
    static struct target_counters *counters;
    if (!counters) {
        if (!machine_open(&machine)) {
            fputs("the machine's memory cannot be reserved (2 GiB of address space)\n",
                  stderr);
            exit(2);
        }
        rig_init(&rig, subject, &machine);
        counters = target_open_counters();
    }
    size_t before = rig.checked;
    bool sound = rig_run(&rig, bytes, length);
    counters->inputs++;
    counters->operations += rig.checked - before;
    if (sound)
        return;
    target_tell(&rig, bytes, length);
    machine_scrub(&machine);
    if (rig_run(&rig, bytes, length))
        fputs("it passes when it is run alone: an earlier program wrote where it must "
              "not\n",
              stderr);
    abort();
}
