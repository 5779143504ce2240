/*
 * rig: how many operations a second the rig checks, on one core.
 *
 *     bazel run -c opt //bench:rig [-- --seconds=N]
 *
 * Runs programs of random bytes, with and without the walk after each operation, in turn.
 * Counts only calls that reach the allocator. The last line is for machines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz/ops/codec.h"
#include "fuzz/rig/run.h"
#include "fuzz/subject/osmem_subject.h"

enum {
    PROGRAMS = 64,
    PROGRAM_LENGTH = 4096,
    ROUNDS = 10,
};

static uint8_t programs[PROGRAMS][PROGRAM_LENGTH];
static struct machine machine;
static struct rig rig;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void make_programs(void) {
    uint64_t random = 1;
    for (size_t i = 0; i < sizeof programs; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        programs[i / PROGRAM_LENGTH][i % PROGRAM_LENGTH] = (uint8_t)(random >> 33);
    }
}

static void print_mix(void) {
    size_t counts[OP_KINDS + 1] = {0}, all = 0;
    struct op op;
    for (size_t p = 0; p < PROGRAMS; p++)
        for (size_t at = 0; codec_decode(programs[p], PROGRAM_LENGTH, &at, &op); all++)
            counts[op.kind]++;
    printf("operations decoded from random bytes, in percent:\n");
    for (int kind = 0; kind <= OP_KINDS; kind++)
        printf("  %-18s %5.1f\n", op_name((enum op_kind)kind),
               100.0 * (double)counts[kind] / (double)all);
}

/* Operations a second over at least so many seconds of CPU time. */
static double measure(bool walks, double seconds) {
    size_t before = rig.checked;
    double start = now(), end;
    rig.walks = walks;
    do {
        for (size_t p = 0; p < PROGRAMS; p++)
            if (!rig_run(&rig, programs[p], PROGRAM_LENGTH)) {
                fprintf(stderr, "rig: program %zu: %s: %s\n", p, rig.failure.oracle,
                        rig.failure.found);
                exit(1);
            }
        end = now();
    } while (end - start < seconds);
    return (double)(rig.checked - before) / (end - start);
}

int main(int argc, char **argv) {
    double seconds = 10, with = 0, without = 0;
    char *end = NULL;
    if (argc == 2 && strncmp(argv[1], "--seconds=", 10) == 0)
        seconds = strtod(argv[1] + 10, &end);
    if (argc > 2 || (argc == 2 && (!end || *end || seconds <= 0))) {
        fputs("rig: expected --seconds=N\n", stderr);
        return 2;
    }
    if (!machine_open(&machine)) {
        fputs("rig: the machine's memory cannot be reserved\n", stderr);
        return 1;
    }
    rig_init(&rig, &osmem_subject, &machine);
    make_programs();
    print_mix();
    for (int round = 0; round < ROUNDS; round++) {
        with += measure(true, seconds / ROUNDS / 2) / ROUNDS;
        without += measure(false, seconds / ROUNDS / 2) / ROUNDS;
    }
    printf("live blocks, mean: %.1f\n", (double)rig.live_sum / (double)rig.checked);
    printf("checked operations/s: %.0f with walk, %.0f without\n", with, without);
    return 0;
}
