/* The generator, the shrinker, and subjects that crash or do not return. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/ops/text.h"
#include "fuzz/subject/osmem_subject.h"
#include "props/engine/exhaust.h"
#include "props/engine/gen.h"
#include "props/engine/prop.h"
#include "props/engine/shrink.h"
#include "props/testing/suite.h"

static struct program program, other;
static struct trial trial;
static struct subject liar;
static uint8_t bytes[PROGRAM_BYTES], again[PROGRAM_BYTES];

START_TEST(a_seed_is_a_program) {
    struct gen_profile profile = {.never = 1u << OP_TRIM, .most = 100};
    size_t kinds[OP_KINDS] = {0}, differing = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        gen_program(&program, &profile, seed);
        gen_program(&other, &profile, seed);
        size_t length = program_write(&program, bytes, sizeof bytes);
        ck_assert(program.count > 0 && program.count <= 100);
        ck_assert_uint_eq(program_write(&other, again, sizeof again), length);
        ck_assert_mem_eq(bytes, again, length);
        for (size_t i = 0; i < program.count; i++)
            kinds[program.op[i].kind]++;
        gen_program(&other, &profile, seed + 1);
        differing += program_write(&other, again, sizeof again) != length ||
                     memcmp(bytes, again, length) != 0;
    }
    ck_assert_uint_gt(differing, 990);
    ck_assert_uint_eq(kinds[OP_TRIM], 0);
    for (int kind = OP_MALLOC; kind <= OP_SBRK; kind++)
        ck_assert_msg(kind == OP_TRIM || kind == OP_CHECK || kinds[kind] > 100, "%s: %zu",
                      op_name((enum op_kind)kind), kinds[kind]);
}
END_TEST

START_TEST(frequent_kinds_are_in_every_program) {
    struct gen_profile profile = {.often = 1u << OP_TRIM};
    size_t trims = 0, all = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        gen_program(&program, &profile, seed);
        for (size_t i = 0; i < program.count; i++, all++)
            trims += program.op[i].kind == OP_TRIM;
    }
    ck_assert_uint_gt(trims * 6, all);
}
END_TEST

START_TEST(real_programs_are_listed) {
    ck_assert_uint_eq(gen_streams(), 15);
    for (unsigned i = 0; i < gen_streams(); i++)
        ck_assert_uint_gt(strlen(gen_stream_name(i)), 2);
}
END_TEST

/* ---- trials ---- */

static void compile(const char *text, size_t *length) {
    struct text_error error;
    ck_assert_msg(text_compile(text, strlen(text), bytes, sizeof bytes, length, &error),
                  "line %u: %s", error.line, error.expected);
}

static void expect_verdict(const char *text, const char *oracle, size_t operation) {
    const struct subject *subjects[] = {&liar};
    struct trial_verdict verdict;
    size_t length;
    compile(text, &length);
    ck_assert(trial_open(&trial, subjects, 1, lockstep_run));
    for (int times = 0; times < 3; times++) {
        ck_assert(!trial_run(&trial, bytes, length, &verdict));
        ck_assert_str_eq(verdict.oracle, oracle);
        ck_assert_uint_eq(verdict.operation, operation);
    }
    compile("format 1\nmalloc s0 1\nfree s0\n", &length); /* the next run is unaffected */
    ck_assert(trial_run(&trial, bytes, length, &verdict));
    machine_close(&trial.machine[0]);
}

static void *lie_by_signal(void *self, size_t size) {
    if (size == 100)
        *(volatile char *)8 = 1;
    if (size == 200)
        abort();
    if (size == 300)
        for (;;)
            trial_step();
    for (volatile size_t now = size; now == 400;)
        ;
    return osmem_subject.malloc(self, size);
}

START_TEST(signals_and_loops_are_verdicts) {
    liar = osmem_subject;
    liar.malloc = lie_by_signal;
    trial_steps_most = 100000;
    expect_verdict("format 1\nmalloc s0 1\nmalloc s1 100\n", "signal 11", 1);
    expect_verdict("format 1\nmalloc s0 1\nmalloc s0 1\nmalloc s1 200\n", "signal 6", 2);
    expect_verdict("format 1\nmalloc s1 300\n", "steps", 0);
    trial_cpu_most = 200;
    expect_verdict("format 1\nmalloc s0 1\nmalloc s1 400\n", "CPU time", 1);
    liar.real_kernel = true; /* in a child, which has a timer of its own */
    expect_verdict("format 1\nmalloc s0 1\nmalloc s1 400\n", "CPU time", 1);
}
END_TEST

START_TEST(a_program_that_loops_is_shrunk) {
    const struct subject *subjects[] = {&liar};
    struct trial_verdict verdict;
    size_t length;
    setenv("FUZZ_CPU_SECONDS", "1", 1);
    liar = osmem_subject;
    liar.malloc = lie_by_signal;
    ck_assert(trial_open(&trial, subjects, 1, lockstep_run));
    compile("format 1\nmalloc s0 1\nmalloc s1 50\nmalloc s2 400\nfree s1\n", &length);
    ck_assert(!trial_run(&trial, bytes, length, &verdict));
    program_read(&program, bytes, length);
    shrink(&trial, &program, 1000000, &verdict);
    ck_assert_uint_eq(program.count, 1);
    ck_assert_str_eq(verdict.found, "none after 1000 ms of CPU time");
    machine_close(&trial.machine[0]);
}
END_TEST

static size_t lie_size;

static void *lie_at_a_size(void *self, size_t size) {
    return size == lie_size ? NULL : osmem_subject.malloc(self, size);
}

/* Two programs that refute one law are two files. */
START_TEST(what_refutes_a_law_is_kept) {
    static const struct prop law = {
        .name = "law", .copies = 1, .run = lockstep_run, .claim = "it holds"};
    struct prop_options options = {.subject = &liar, .cases = 20000, .shrinks = 100000};
    char folder[] = "/tmp/engine_test.XXXXXX", pattern[64];
    glob_t found;
    ck_assert(mkdtemp(folder) != NULL);
    unsetenv("BUILD_WORKSPACE_DIRECTORY");
    setenv("TEST_UNDECLARED_OUTPUTS_DIR", folder, 1);
    liar = osmem_subject;
    liar.malloc = lie_at_a_size;
    for (lie_size = 1; lie_size <= 2; lie_size++)
        ck_assert(!prop_holds(&law, &options));
    snprintf(pattern, sizeof pattern, "%s/law-*.txt", folder);
    ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
    ck_assert_uint_eq(found.gl_pathc, 2);
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    rmdir(folder);
}
END_TEST

static void *lie_in_time(void *self, size_t size) {
    clock_t start = clock();
    while (size >= 400 && clock() - start < (clock_t)size * CLOCKS_PER_SEC / 1000)
        ;
    return osmem_subject.malloc(self, size);
}

/* Each operation of this program takes less than the limit, all of them more; and what is
 * too slow for the limit of shrinking is not too slow for that of a run. */
START_TEST(a_slow_program_is_no_loop) {
    const struct subject *subjects[] = {&liar};
    struct trial_verdict verdict;
    size_t length;
    setenv("FUZZ_CPU_SECONDS", "1", 1);
    liar = osmem_subject;
    liar.malloc = lie_in_time;
    ck_assert(trial_open(&trial, subjects, 1, lockstep_run));
    compile("format 1\nmalloc s0 400\nmalloc s1 401\nmalloc s2 402\nmalloc s3 403\n",
            &length);
    ck_assert(trial_run(&trial, bytes, length, &verdict));
    compile("format 1\nmalloc s0 400\nmalloc s1 1600\n", &length);
    ck_assert(!trial_run(&trial, bytes, length, &verdict));
    program_read(&program, bytes, length);
    shrink(&trial, &program, 1000000, &verdict);
    ck_assert_uint_eq(verdict.operation + 1, program.count);
    ck_assert(!trial_run(&trial, bytes, program_write(&program, bytes, sizeof bytes),
                         &verdict));
    machine_close(&trial.machine[0]);
}
END_TEST

static void *lie_inside(void *self, size_t size) {
    char *block = osmem_subject.malloc(self, size);
    if (block && size == 300000)
        block[4100] = 1; /* outside the pattern, where calloc must be zero */
    return block;
}

START_TEST(bytes_of_an_earlier_program_do_not_fail_a_later_one) {
    const struct subject *subjects[] = {&liar};
    struct trial_verdict verdict;
    size_t length;
    liar = osmem_subject;
    liar.malloc = lie_inside;
    ck_assert(trial_open(&trial, subjects, 1, lockstep_run));
    for (int clean = 0; clean < 2; clean++) {
        compile("format 1\nmalloc s0 300000\n", &length);
        ck_assert(trial_run(&trial, bytes, length, &verdict));
        compile("format 1\ncalloc s0 1 300000\n", &length);
        ck_assert(clean ==
                  (clean ? trial_run_clean : trial_run)(&trial, bytes, length, &verdict));
    }
    machine_close(&trial.machine[0]);
}
END_TEST

static bool in_a_child;

static void *lie_in_a_child(void *self, size_t size) {
    in_a_child = true;
    return size == 100 ? NULL : osmem_subject.malloc(self, size);
}

START_TEST(subjects_without_reset_run_in_a_child) {
    const struct subject *subjects[] = {&liar};
    struct trial_verdict verdict;
    size_t length;
    liar = osmem_subject;
    liar.malloc = lie_in_a_child;
    liar.real_kernel = true;
    compile("format 1\nmalloc s0 1\nmalloc s1 100\n", &length);
    ck_assert(trial_open(&trial, subjects, 1, lockstep_run));
    ck_assert(!trial_run(&trial, bytes, length, &verdict));
    ck_assert_str_eq(verdict.oracle, "null");
    ck_assert_uint_eq(verdict.operation, 1);
    ck_assert(!in_a_child);
}
END_TEST

/* ---- shrinking ---- */

static unsigned live;

/* Fails from the third live block on, for 1000 bytes or more. */
static void *lie_at_the_third(void *self, size_t size) {
    if (size >= 1000 && size < PTRDIFF_MAX && live >= 2)
        return NULL;
    void *block = osmem_subject.malloc(self, size);
    live += block != NULL;
    return block;
}

static void count_free(void *self, void *block) {
    live--;
    osmem_subject.free(self, block);
}

static void *open_counting(struct machine *machine) {
    live = 0;
    return osmem_subject.open(machine);
}

START_TEST(the_shortest_program_is_found) {
    const struct subject *subjects[] = {&liar};
    struct gen_profile profile = {.often = 1u << OP_MALLOC,
                                  .never = 1u << OP_REFUSE | 1u << OP_CALLOC |
                                           1u << OP_REALLOC | 1u << OP_ALIGNED_ALLOC};
    struct trial_verdict verdict;
    char text[256] = "";
    liar = osmem_subject;
    liar.open = open_counting;
    liar.malloc = lie_at_the_third;
    liar.free = count_free;
    liar.free_sized = NULL;
    ck_assert(trial_open(&trial, subjects, 1, lockstep_run));
    unsigned shrunk = 0;
    for (uint64_t seed = 0; shrunk < 20; seed++) {
        gen_program(&program, &profile, seed);
        size_t length = program_write(&program, bytes, sizeof bytes);
        if (trial_run(&trial, bytes, length, &verdict) ||
            strcmp(verdict.oracle, "null") != 0)
            continue;
        struct shrink_counts counts = shrink(&trial, &program, 100000, &verdict);
        length = program_write(&program, bytes, sizeof bytes);
        FILE *to = fmemopen(text, sizeof text, "w");
        text_print(to, bytes, length, SIZE_MAX);
        fclose(to);
        ck_assert_str_eq(text, "format 1\nmalloc s0 1\nmalloc s1 1\nmalloc s2 1000\n");
        ck_assert_uint_eq(counts.after, 3);
        ck_assert_uint_lt(counts.runs, 2000);
        shrunk++;
    }
}
END_TEST

/* ---- small worlds ---- */

static void *lie_beside_another(void *self, size_t size) {
    return size == 2000 && osmem_subject.statistics(self).blocks > 0
               ? NULL
               : osmem_subject.malloc(self, size);
}

START_TEST(a_small_world_is_searched_to_its_end) {
    struct exhaust_options options = {.subject = &liar, .ops = 2};
    struct exhaust_counts all, merged;
    struct trial_verdict verdict;
    liar = osmem_subject;
    liar.malloc = lie_beside_another;
    ck_assert(exhaust(&options, &all, &program, &verdict));
    ck_assert_uint_eq(all.programs, 58 + 58 * 58);
    /* A block of any of 18 kinds in any slot, then 2000 bytes into one of the others. */
    ck_assert_uint_eq(all.failures, 18 * 3 * 2);
    ck_assert_uint_eq(program.count, 2);
    ck_assert_int_eq(program.op[1].kind, OP_MALLOC);
    ck_assert_str_eq(verdict.oracle, "null");

    size_t states = all.states;
    for (options.merge = EXHAUST_NAMES; options.merge <= EXHAUST_STATES;
         options.merge++) {
        ck_assert(exhaust(&options, &merged, &program, &verdict));
        ck_assert_uint_eq(merged.programs, all.programs);
        ck_assert_uint_eq(merged.failures, all.failures);
        ck_assert_uint_eq(program.count, 2);
        ck_assert_uint_lt(merged.states, states / 4);
        states = merged.states;
    }
}
END_TEST

int main(void) {
    return suite_run("engine",
                     SUITE(a_seed_is_a_program, frequent_kinds_are_in_every_program,
                           real_programs_are_listed, signals_and_loops_are_verdicts,
                           a_program_that_loops_is_shrunk, a_slow_program_is_no_loop,
                           what_refutes_a_law_is_kept,
                           bytes_of_an_earlier_program_do_not_fail_a_later_one,
                           subjects_without_reset_run_in_a_child,
                           the_shortest_program_is_found,
                           a_small_world_is_searched_to_its_end));
}
