/*
 * options: what a tier switches on, and what OSMEM_OPTIONS changes; each is tested with a plain
 * if.
 *
 * The text form is tier=TIER:NAME=NUMBER:on_error=WORD:log=PATH, numbers in bytes or counts, k, m
 * and g behind them for 2^10, 2^20 and 2^30, paths without a colon. The tier counts first, wherever
 * it stands. What cannot be read is reported and changes nothing.
 */
#ifndef OSMEM_ALLOC_OPTIONS_H
#define OSMEM_ALLOC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    OPTIONS_TEXT = 1024, /* bytes of OSMEM_OPTIONS that count */
    OPTIONS_PATH = 256,  /* bytes of a path, its end included */
};

enum os_tier {
    TIER_LIGHT,
    TIER_STANDARD,
    TIER_FULL,
    TIER_PARANOID,
    TIERS,
};

/* The error policy: what becomes of the process after a report. */
enum os_on_error {
    ON_ERROR_ABORT,  /* SIGABRT */
    ON_ERROR_EXIT,   /* _exit with a code */
    ON_ERROR_REPORT, /* a bad call does nothing, and the program goes on */
    ON_ERROR_TRAP,   /* an illegal instruction, for debuggers */
};

struct os_options {
    enum os_tier tier;
    enum os_on_error on_error;
    int exit_code;
    char log[OPTIONS_PATH]; /* where reports go; empty: standard error */
#define OPTION(name, light, standard, full, paranoid, least, most, help) size_t name;
#include "osmem/alloc/options.def"
#undef OPTION
};

/* What each tier switches on. */
extern const struct os_options options_of_tier[TIERS];

/* Takes what `text` says; each line about what it cannot take goes to `fd`. */
void options_read(struct os_options *options, const char *text, int fd);

#endif
