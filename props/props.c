/*
 * props: searches for programs that refute a law.
 *
 *     bazel run -c opt //props [-- --only=LAW] [--on=SUBJECT] [--seed=N] [--cases=N]
 *
 * Without arguments it tries every law on osmem in three tiers and on classic. Exits 1 if
 * a law is refuted, 2 for bad input.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/subject/subjects.h"
#include "props/laws.h"

struct props_choice {
    const char *only;
    const char *on;
    struct prop_options options;
};

static int usage(const char *wrong) {
    if (wrong)
        fprintf(stderr, "props: %s: expected an argument of these:\n", wrong);
    fprintf(wrong ? stderr : stdout,
            "usage: props [--only=LAW] [--on=SUBJECT,...] [--seed=N] [--cases=N]\n"
            "  SUBJECT is one of " SUBJECTS_NAMES "\n  LAW is one of\n");
    for (unsigned i = 0; i < laws_count; i++)
        fprintf(wrong ? stderr : stdout, "    %-16s %s\n", laws[i].name, laws[i].claim);
    return wrong ? 2 : 0;
}

static bool read_number(const char *text, uint64_t *number) {
    char *end;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

/* Reads one argument; false if it is invalid. */
static bool read_argument(struct props_choice *choice, const char *argument) {
    uint64_t number;
    if (strncmp(argument, "--only=", 7) == 0) {
        choice->only = argument + 7;
        for (unsigned i = 0; i < laws_count; i++)
            if (strcmp(laws[i].name, choice->only) == 0)
                return true;
        return false;
    }
    if (strncmp(argument, "--on=", 5) == 0) {
        choice->on = argument + 5;
        return true;
    }
    if (strncmp(argument, "--seed=", 7) == 0)
        return read_number(argument + 7, &choice->options.seed);
    if (strncmp(argument, "--cases=", 8) != 0 || !read_number(argument + 8, &number) ||
        number == 0 || number > UINT32_MAX)
        return false;
    choice->options.cases = (unsigned)number;
    return true;
}

int main(int argc, char **argv) {
    struct props_choice choice = {
        .on = "osmem,standard,full,classic",
        .options = {.seed = 1, .cases = 2000, .shrinks = 2000000}};
    const struct subject *subjects[8];
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return usage(NULL);
        if (!read_argument(&choice, argv[i]))
            return usage(argv[i]);
    }
    unsigned count = subjects_list(choice.on, subjects, 8), refuted = 0, tried = 0;
    if (count == 0)
        return usage(choice.on);
    for (unsigned i = 0; i < laws_count; i++)
        for (unsigned k = 0; k < count; k++) {
            choice.options.subject = subjects[k];
            if (choice.only && strcmp(choice.only, laws[i].name) != 0)
                continue;
            tried++;
            refuted += !prop_holds(&laws[i], &choice.options);
            fflush(stdout);
        }
    printf("%u of %u laws refuted\n", refuted, tried);
    return refuted ? 1 : 0;
}
