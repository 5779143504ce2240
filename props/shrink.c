/*
 * shrink: reduces a failing program to the shortest one that still fails.
 *
 *     shrink --on=SUBJECT,... FILE
 *
 * Reads bytes, writes the shrunk program as text to standard output and counts to
 * standard error. Exits 0, or 1 if the program does not fail, or 2 for bad input.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/ops/text.h"
#include "fuzz/subject/subjects.h"
#include "props/engine/shrink.h"

enum {
    INPUT_MAX = 1 << 20,
    OPERATIONS_MAX = 20000000,
};

static struct trial trial;
static struct program program;
static uint8_t bytes[PROGRAM_BYTES > INPUT_MAX ? PROGRAM_BYTES : INPUT_MAX];

static int no_failure(void) {
    fputs("shrink: it passes here; nothing to shrink\n", stderr);
    return 1;
}

int main(int argc, char **argv) {
    const struct subject *subjects[LOCKSTEP_MAX];
    struct trial_verdict verdict;
    unsigned count = argc == 3 && strncmp(argv[1], "--on=", 5) == 0
                         ? subjects_list(argv[1] + 5, subjects, LOCKSTEP_MAX)
                         : 0;
    if (count == 0) {
        fputs(
            "shrink: expected --on=SUBJECT,... FILE, each SUBJECT once of " SUBJECTS_NAMES
            "\n",
            stderr);
        return 2;
    }
    FILE *from = fopen(argv[2], "rb");
    if (!from) {
        fprintf(stderr, "shrink: %s: %s\n", argv[2], strerror(errno));
        return 2;
    }
    size_t length = fread(bytes, 1, INPUT_MAX, from);
    fclose(from);
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
