/*
 * mutant: one build of an allocator, perhaps with a planted bug, under an engine.
 *
 *     mutant prop SUBJECT CASES SEED OUT [WITHOUT]   the property engine, law by law in turn
 *     mutant fuzz SUBJECT RUNS SEED OUT              libFuzzer, from nothing
 *     mutant replay SUBJECT LAW FILE                 one program, by one law
 *     mutant explain SUBJECT LAW FILE OUT            the shrunk program, in C
 *     mutant trace SUBJECT CASES SEED                a checksum of all cases
 *     mutant exhaust SUBJECT OPS MERGE               every program; MERGE: an exhaust_merge
 *
 * Prints the result as `name=value` on one line; the program goes to OUT. WITHOUT names
 * oracles that are switched off. CPU time counts from the first case. Exits 0 with or
 * without a find.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/explain/c_program.h"
#include "fuzz/ops/reader.h"
#include "fuzz/subject/subjects.h"
#include "osmem/base/num.h"
#include "props/engine/exhaust.h"
#include "props/engine/shrink.h"
#include "props/laws.h"

enum {
    STEPS_MOST = 50000000, /* some times the steps of the longest program */
    SHRINKS_MOST = 200000, /* operations */
};

/* Set by the function that has the bug. */
int mutant_reached;

static struct trial trials[2]; /* of one copy of the subject, and of two */
static struct program program;
static uint8_t bytes[READER_MAX];
static const char *out;
static double started;
static unsigned runs;

static double cpu_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void open_trials(const char *name, const char *without) {
    const struct subject *subjects[2];
    if (subjects_list(name, subjects, 1) != 1)
        exit(2);
    subjects[1] = subjects[0];
    for (unsigned i = 0; i < 2; i++) {
        if (!trial_open(&trials[i], subjects, i + 1, lockstep_run))
            exit(2);
        for (unsigned k = 0; k <= i; k++)
            trials[i].lockstep.rig[k].without = without;
    }
    trial_steps_most = STEPS_MOST;
    started = cpu_ms();
}

static bool run_law(const struct prop *law, const uint8_t *at, size_t length,
                    struct trial_verdict *verdict) {
    struct trial *trial = &trials[law->copies - 1];
    trial->run = law->run;
    runs++;
    return trial_passes(trial, at, length, verdict);
}

static void write_out(size_t length) {
    FILE *to = fopen(out, "wb");
    if (!to || fwrite(bytes, 1, length, to) != length || fclose(to) != 0)
        exit(2);
}

/* A program failed: writes it, shrinks it and prints the counts. */
static void print_kill(const struct prop *law, size_t length,
                       struct trial_verdict *verdict) {
    double found = cpu_ms() - started, begun = cpu_ms();
    write_out(length);
    printf("killed=1 law=%s oracle=%s cases=%u ms=%.2f reached=%d", law->name,
           verdict->oracle, runs, found, mutant_reached);
    program_read(&program, bytes, length);
    trials[law->copies - 1].run = law->run;
    struct shrink_counts counts =
        shrink(&trials[law->copies - 1], &program, SHRINKS_MOST, verdict);
    printf(" ops=%zu shrink_ms=%.1f\n", counts.after, cpu_ms() - begun);
}

static int run_props(unsigned cases, uint64_t seed) {
    struct trial_verdict verdict;
    for (unsigned number = 0; number < cases; number++) {
        const struct prop *law = &laws[number % laws_count];
        gen_program(&program, &law->profile, seed + number);
        size_t length = program_write(&program, bytes, sizeof bytes);
        if (!run_law(law, bytes, length, &verdict)) {
            print_kill(law, length, &verdict);
            return 0;
        }
    }
    printf("killed=0 cases=%u ms=%.2f reached=%d\n", runs, cpu_ms() - started,
           mutant_reached);
    return 0;
}

/* ---- libFuzzer ---- */

int LLVMFuzzerRunDriver(int *argc, char ***argv,
                        int (*input)(const uint8_t *bytes, size_t length));

static const struct prop fuzz_law = {.name = "fuzz", .copies = 1, .run = lockstep_run};
static const char *fuzz_subject;

static void print_survival(void) {
    printf("killed=0 cases=%u ms=%.2f reached=%d\n", runs, cpu_ms() - started,
           mutant_reached);
}

static int fuzz_input(const uint8_t *input, size_t length) {
    struct trial_verdict verdict;
    if (!runs)
        open_trials(fuzz_subject, NULL);
    if (length > sizeof bytes || run_law(&fuzz_law, input, length, &verdict))
        return 0;
    memcpy(bytes, input, length);
    print_kill(&fuzz_law, length, &verdict);
    fflush(stdout);
    _exit(0);
}

static int run_fuzzer(unsigned most, uint64_t seed) {
    static char runs_flag[32], seed_flag[32];
    static char *flags[] = {"mutant",         runs_flag,         seed_flag,
                            "-verbosity=0",   "-timeout=0",      "-len_control=0",
                            "-max_len=512",   "-rss_limit_mb=0", "-handle_segv=0",
                            "-handle_abrt=0", "-handle_fpe=0",   "-handle_ill=0",
                            "-handle_bus=0",  "-handle_trap=0",  NULL};
    int count = sizeof flags / sizeof flags[0] - 1;
    char **argv = flags;
    snprintf(runs_flag, sizeof runs_flag, "-runs=%u", most);
    snprintf(seed_flag, sizeof seed_flag, "-seed=%" PRIu64, seed);
    atexit(print_survival);
    return LLVMFuzzerRunDriver(&count, &argv, fuzz_input);
}

/* ---- for the control ---- */

/* A program that write_out has written. */
static size_t read_file(const char *file) {
    size_t length;
    if (!reader_read(file, true, bytes, &length))
        exit(2);
    return length;
}

static const struct prop *find_law(const char *name) {
    for (unsigned i = 0; i < laws_count; i++)
        if (strcmp(laws[i].name, name) == 0)
            return &laws[i];
    return &fuzz_law;
}

static int run_replay(const char *name, const char *file) {
    struct trial_verdict verdict;
    bool passes = run_law(find_law(name), bytes, read_file(file), &verdict);
    printf("passes=%d", passes);
    if (!passes)
        printf(" oracle=%s", verdict.oracle);
    printf("\n");
    return 0;
}

static int run_explain(const char *name, const char *file) {
    static struct c_program_calls calls;
    struct trial_verdict verdict;
    const struct prop *law = find_law(name);
    struct trial *trial = &trials[law->copies - 1];
    if (run_law(law, bytes, read_file(file), &verdict))
        return 2;
    program_read(&program, bytes, read_file(file));
    shrink(trial, &program, SHRINKS_MOST, &verdict);
    struct rig *rig = &trial->lockstep.rig[verdict.subject];
    rig->on_call = c_program_note;
    rig->context = &calls;
    trial_run_clean(trial, bytes, program_write(&program, bytes, sizeof bytes), &verdict);
    FILE *to = fopen(out, "w");
    if (!to)
        return 2;
    c_program_write(to, name, rig->subject, &calls);
    printf("explained=%d\n", fclose(to) == 0);
    return 0;
}

static int run_exhaust(const char *name, unsigned ops, enum exhaust_merge merge) {
    struct exhaust_options options = {.ops = ops, .merge = merge, .first = true};
    struct exhaust_counts counts;
    struct trial_verdict verdict = {.oracle = "-"};
    if (subjects_list(name, &options.subject, 1) != 1 ||
        !exhaust(&options, &counts, &program, &verdict))
        return 2;
    printf("killed=%d programs=%" PRIu64 " states=%zu\n", counts.failures > 0,
           counts.programs, counts.states);
    return 0;
}

static int run_trace(unsigned cases, uint64_t seed) {
    struct trial_verdict verdict;
    uint64_t sum = 0;
    for (unsigned number = 0; number < cases; number++) {
        const struct prop *law = &laws[number % laws_count];
        gen_program(&program, &law->profile, seed + number);
        size_t length = program_write(&program, bytes, sizeof bytes);
        run_law(law, bytes, length, &verdict);
        const struct rig *rig = &trials[law->copies - 1].lockstep.rig[0];
        sum = num_mix(sum + rig->trace + rig->machine->calls);
    }
    printf("trace=%016" PRIx64 " reached=%d\n", sum, mutant_reached);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 5)
        return 2;
    fuzz_subject = argv[2];
    trial_hush(true);
    if (strcmp(argv[1], "replay") == 0) {
        open_trials(argv[2], NULL);
        return run_replay(argv[3], argv[4]);
    }
    if (strcmp(argv[1], "explain") == 0) {
        open_trials(argv[2], NULL);
        out = argv[5];
        return run_explain(argv[3], argv[4]);
    }
    trial_steps_most = STEPS_MOST;
    if (strcmp(argv[1], "exhaust") == 0)
        return run_exhaust(argv[2], (unsigned)atoi(argv[3]),
                           (enum exhaust_merge)atoi(argv[4]));
    unsigned cases = (unsigned)strtoul(argv[3], NULL, 10);
    uint64_t seed = strtoull(argv[4], NULL, 10);
    out = argc > 5 ? argv[5] : "/dev/null";
    if (strcmp(argv[1], "fuzz") == 0)
        return run_fuzzer(cases, seed);
    open_trials(argv[2], argc > 6 ? argv[6] : NULL);
    return strcmp(argv[1], "trace") == 0 ? run_trace(cases, seed)
                                         : run_props(cases, seed);
}
