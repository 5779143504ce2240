/*
 * shrink: reduces a failing program to the shortest one that still fails.
 *
 *     shrink [--bytes] --on=SUBJECT,... FILE
 *
 * Writes the shrunk program as text to standard output and counts to
 * standard error. Exits 0, or 1 if the program does not fail, or 2 for bad input.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz/ops/reader.h"
#include "fuzz/ops/text.h"
#include "fuzz/subject/subjects.h"
#include "props/engine/shrink.h"

enum {
    OPERATIONS_MAX = 20000000,
};

static struct trial trial;
static struct program program;
static uint8_t bytes[READER_MAX];
_Static_assert(PROGRAM_BYTES <= READER_MAX, "the shrunk program fits");

static int no_failure(void) {
    fputs("shrink: it passes here; nothing to shrink\n", stderr);
    return 1;
}

int main(int argc, char **argv) {
    const struct subject *subjects[LOCKSTEP_MAX];
    struct trial_verdict verdict;
    size_t length;
    bool as_bytes = argc > 1 && strcmp(argv[1], READER_BYTES) == 0;
    argc -= as_bytes, argv += as_bytes;
    unsigned count = argc == 3 && strncmp(argv[1], "--on=", 5) == 0
                         ? subjects_list(argv[1] + 5, subjects, LOCKSTEP_MAX)
                         : 0;
    if (count == 0) {
        fputs("shrink: expected [--bytes] --on=SUBJECT,... FILE, each SUBJECT once "
              "of " SUBJECTS_NAMES "\n",
              stderr);
        return 2;
    }
    if (!reader_read(argv[2], as_bytes, bytes, &length))
        return 2;
    if (!trial_open(&trial, subjects, count, lockstep_run)) {
        fputs("shrink: memory for the simulated kernel cannot be reserved\n", stderr);
        return 2;
    }
    trial_hush(true);
    bool passes = trial_run(&trial, bytes, length, &verdict);
    trial_hush(false);
    if (passes)
        return no_failure();
    program_read(&program, bytes, length);
    trial_hush(true);
    struct shrink_counts counts = shrink(&trial, &program, OPERATIONS_MAX, &verdict);
    trial_hush(false);
    length = program_write(&program, bytes, sizeof bytes);
    text_print(stdout, bytes, length, SIZE_MAX);
    fprintf(stderr, "shrink: from %zu operations to %zu, by %u runs\n", counts.before,
            counts.after, counts.runs);
    return 0;
}
