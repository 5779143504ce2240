/*
 * rig: how many operations a second the rig checks, on one core.
 *
 *     bazel run -c opt //bench:rig [-- --seconds=N]
 *
 * Runs programs of random bytes on osmem in three tiers, with and without the walk after
 * each operation, interleaved, so that the tiers compare. In `full` the rig samples one
 * block in 20. Counts only calls that reach the allocator. The last line, of the light
 * tier, is for scripts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz/ops/codec.h"
#include "fuzz/rig/run.h"
#include "fuzz/subject/osmem_subject.h"
#include "osmem/base/random.h"

enum {
    PROGRAMS = 64,
    PROGRAM_LENGTH = 4096,
    ROUNDS = 10,
};

static uint8_t programs[PROGRAMS][PROGRAM_LENGTH];
static struct machine machine;

static const struct {
    const char *name;
    const struct subject *subject;
} tiers[] = {{"light", &osmem_subject},
             {"standard", &osmem_standard_subject},
             {"full", &osmem_full_subject}};

enum {
    TIERS_MEASURED = sizeof tiers / sizeof tiers[0],
};

/* The result of a tier, over all rounds. */
struct measured {
    struct rig rig;
    double with, without;
};

static struct measured measured[TIERS_MEASURED];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void make_programs(void) {
    struct random random = {1};
    for (size_t i = 0; i < sizeof programs; i++)
        programs[i / PROGRAM_LENGTH][i % PROGRAM_LENGTH] = (uint8_t)random_next(&random);
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

/* Operations a second, over at least `seconds` of CPU time. */
static double measure(struct rig *rig, bool walks, double seconds) {
    size_t before = rig->checked;
    double start = now(), end;
    rig->walks = walks;
    do {
        for (size_t p = 0; p < PROGRAMS; p++)
            if (!rig_run(rig, programs[p], PROGRAM_LENGTH)) {
                fprintf(stderr, "rig: program %zu: %s: %s\n", p, rig->failure.oracle,
                        rig->failure.found);
                exit(1);
            }
        end = now();
    } while (end - start < seconds);
    return (double)(rig->checked - before) / (end - start);
}

static void measure_all(double seconds) {
    double each = seconds / ROUNDS / TIERS_MEASURED / 2;
    for (int tier = 0; tier < TIERS_MEASURED; tier++)
        rig_init(&measured[tier].rig, tiers[tier].subject, &machine);
    for (int round = 0; round < ROUNDS; round++)
        for (int tier = 0; tier < TIERS_MEASURED; tier++) {
            struct measured *to = &measured[tier];
            to->with += measure(&to->rig, true, each) / ROUNDS;
            to->without += measure(&to->rig, false, each) / ROUNDS;
        }
}

static void print_tiers(void) {
    printf("\n%-10s %16s %16s %12s\n", "tier", "ops/s with walk", "without", "to light");
    for (int tier = 0; tier < TIERS_MEASURED; tier++)
        printf("%-10s %16.0f %16.0f %12.2f\n", tiers[tier].name, measured[tier].with,
               measured[tier].without, measured[0].without / measured[tier].without);
    const struct rig *rig = &measured[0].rig;
    printf("\nlive blocks, mean: %.1f\n", (double)rig->live_sum / (double)rig->checked);
    printf("checked operations/s: %.0f with walk, %.0f without\n", measured[0].with,
           measured[0].without);
}

int main(int argc, char **argv) {
    double seconds = 30;
    char *end = NULL;
    if (argc == 2 && strncmp(argv[1], "--seconds=", 10) == 0)
        seconds = strtod(argv[1] + 10, &end);
    if (argc > 2 || (argc == 2 && (!end || *end || seconds <= 0))) {
        fputs("rig: expected --seconds=N\n", stderr);
        return 2;
    }
    if (!machine_open(&machine)) {
        fputs("rig: memory for the simulated kernel cannot be reserved\n", stderr);
        return 1;
    }
    make_programs();
    print_mix();
    measure_all(seconds);
    print_tiers();
    return 0;
}
