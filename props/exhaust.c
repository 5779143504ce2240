/*
 * exhaust: every program of up to N operations, in a small world.
 *
 *     bazel run -c opt //props:exhaust -- --ops=6 [--on=SUBJECT] [--merge=no|names]
 *
 * The last line counts; the first program that fails is printed before it. Exits 1 if one
 * fails, 2 for bad input.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/ops/text.h"
#include "fuzz/subject/subjects.h"
#include "props/engine/exhaust.h"

static struct program program;
static uint8_t bytes[PROGRAM_BYTES];

static void print_progress(unsigned ops, size_t states, uint64_t programs) {
    fprintf(stderr, "exhaust: %u operations: %zu states, %" PRIu64 " programs\n", ops,
            states, programs);
}

static int usage(const char *wrong) {
    fprintf(stderr,
            "exhaust: %s: expected --ops=1 to --ops=%d, --on=SUBJECT of any but libc, "
            "--merge=no or names\n",
            wrong, EXHAUST_OPS_MAX);
    return 2;
}

int main(int argc, char **argv) {
    struct exhaust_options options = {
        .ops = 4, .merge = EXHAUST_STATES, .progress = print_progress};
    struct exhaust_counts counts;
    struct trial_verdict verdict;
    const char *on = "osmem";
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--ops=", 6) == 0 && argv[i][6] >= '1' &&
            argv[i][6] <= '0' + EXHAUST_OPS_MAX && !argv[i][7])
            options.ops = (unsigned)(argv[i][6] - '0');
        else if (strncmp(argv[i], "--on=", 5) == 0)
            on = argv[i] + 5;
        else if (strcmp(argv[i], "--merge=no") == 0)
            options.merge = EXHAUST_APART;
        else if (strcmp(argv[i], "--merge=names") == 0)
            options.merge = EXHAUST_NAMES;
        else
            return usage(argv[i]);
    }
    if (subjects_list(on, &options.subject, 1) != 1 || !options.subject->state)
        return usage(on);
    if (!exhaust(&options, &counts, &program, &verdict)) {
        fputs("exhaust: the system refuses memory\n", stderr);
        return 2;
    }
    if (counts.failures) {
        size_t length = program_write(&program, bytes, sizeof bytes);
        printf("%s: operation %zu\n  expected: %s\n  found:    %s\n\n", verdict.oracle,
               verdict.operation, verdict.expected, verdict.found);
        text_print(stdout, bytes, length, verdict.operation);
        putchar('\n');
    }
    printf("exhausted %" PRIu64 " programs, %zu states, up to %u operations: %" PRIu64
           " failures\n",
           counts.programs, counts.states, options.ops, counts.failures);
    return counts.failures ? 1 : 0;
}
