#include "props/engine/prop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz/explain/c_program.h"
#include "fuzz/ops/text.h"
#include "props/engine/shrink.h"

static struct trial trial;

/* ---- output ---- */

static void prop_show_c(const struct prop_options *options, const uint8_t *bytes,
                        size_t length, const struct trial_verdict *verdict) {
    static struct c_program_calls calls;
    struct trial_verdict again;
    struct rig *rig = &trial.lockstep.rig[verdict->subject];
    calls.count = 0;
    rig->on_call = c_program_note;
    rig->context = &calls;
    trial_run(&trial, bytes, length, &again);
    rig->on_call = NULL;
    puts("\nand as a program in C:\n");
    c_program_write(stdout, "fails where the allocator is wrong", options->subject,
                    &calls);
}

/* Keeps a program for //fuzz:show, in the workspace or among a test's outputs, under a
 * name that no other program replaces. */
static void prop_keep(const struct prop *prop, const uint8_t *bytes, size_t length) {
    char path[4096];
    const char *workspace = getenv("BUILD_WORKSPACE_DIRECTORY");
    const char *outputs = getenv("TEST_UNDECLARED_OUTPUTS_DIR");
    if (!workspace && !outputs)
        return;
    if (workspace) {
        snprintf(path, sizeof path, "%s/.fuzz", workspace);
        mkdir(path, 0777);
    }
    snprintf(path, sizeof path, "%s%s/%s-%08" PRIx32 ".txt",
             workspace ? workspace : outputs, workspace ? "/.fuzz" : "", prop->name,
             program_hash(bytes, length));
    FILE *to = fopen(path, "w");
    if (!to)
        return;
    text_print(to, bytes, length, SIZE_MAX);
    fclose(to);
    printf("\nkept: %s\nto see it again: tools/bazel run //fuzz:show -- %s\n", path,
           path);
}

static void prop_print_verdict(const struct trial_verdict *verdict) {
    printf("  %s: %s: operation %zu\n  expected: %s\n  found:    %s\n",
           trial.lockstep.rig[verdict->subject].subject->name, verdict->oracle,
           verdict->operation, verdict->expected, verdict->found);
}

/* ---- the search ---- */

/* A case failed: shrinks and shows it, or reports that it is flaky. */
static void prop_refuted(const struct prop *prop, const struct prop_options *options,
                         struct program *program, struct trial_verdict *verdict) {
    static uint8_t bytes[PROGRAM_BYTES];
    struct trial_verdict again;
    prop_print_verdict(verdict);
    size_t length = program_write(program, bytes, sizeof bytes);
    if (trial_run_clean(&trial, bytes, length, &again)) {
        puts("flaky: it passes when it is run again, by itself");
        return;
    }
    trial_hush(true);
    struct shrink_counts counts = shrink(&trial, program, options->shrinks, verdict);
    trial_hush(false);
    length = program_write(program, bytes, sizeof bytes);
    printf("shrunk from %zu operations to %zu, by %u runs:\n", counts.before,
           counts.after, counts.runs);
    prop_print_verdict(verdict);
    putchar('\n');
    text_print(stdout, bytes, length, verdict->operation);
    prop_show_c(options, bytes, length, verdict);
    prop_keep(prop, bytes, length);
}

bool prop_holds(const struct prop *prop, const struct prop_options *options) {
    static struct program program;
    static uint8_t bytes[PROGRAM_BYTES];
    const struct subject *subjects[LOCKSTEP_MAX];
    struct trial_verdict verdict;
    for (unsigned i = 0; i < prop->copies; i++)
        subjects[i] = options->subject;
    if (!trial_open(&trial, subjects, prop->copies, prop->run)) {
        fputs("props: memory for the simulated kernel cannot be reserved (2 GiB of "
              "address space)\n",
              stderr);
        exit(2);
    }
    for (unsigned number = 0; number < options->cases; number++) {
        gen_program(&program, &prop->profile, options->seed + number);
        size_t length = program_write(&program, bytes, sizeof bytes);
        if (trial_run(&trial, bytes, length, &verdict))
            continue;
        printf("%s, %s: FAILS in case %u of seed %" PRIu64 "\n", prop->name,
               options->subject->name, number, options->seed);
        prop_refuted(prop, options, &program, &verdict);
        return false;
    }
    printf("%s, %s: holds: %u cases of seed %" PRIu64 ", %zu operations\n", prop->name,
           options->subject->name, options->cases, options->seed,
           lockstep_checked(&trial.lockstep));
    for (unsigned i = 0; i < prop->copies; i++)
        machine_close(&trial.machine[i]);
    return true;
}
