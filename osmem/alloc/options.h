/*
 * options: what a tier switches on, and what OSMEM_OPTIONS changes; each is tested with a plain
 * if.
 *
 * The text form is tier=TIER:NAME=NUMBER:on_error=WORD:KIND=WORD:log=PATH, numbers in bytes or
 * counts, k, m and g (or K, M and G) behind them for 2^10, 2^20 and 2^30, paths without a colon. The tier counts
 * first, then on_error, which is for findings of every kind, then the rest, wherever they stand.
 * What cannot be read is reported and changes nothing.
 */
#ifndef OSMEM_ALLOC_OPTIONS_H
#define OSMEM_ALLOC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/base/status.h"

enum {
    OPTIONS_PATH = 256, /* bytes of a path, its end included */
};

enum os_tier {
    TIER_LIGHT,
    TIER_STANDARD,
    TIER_FULL,
    TIER_PARANOID,
    TIERS,
};

/* The error policy: what becomes of the process after a finding. */
enum os_on_error {
    ON_ERROR_ABORT,  /* SIGABRT */
    ON_ERROR_EXIT,   /* _exit with a code */
    ON_ERROR_REPORT, /* a bad call does nothing, and the program goes on */
    ON_ERROR_ONCE, /* the same; only the first of a kind is reported, others are counted */
    ON_ERROR_IGNORE, /* the same, without a report */
    ON_ERROR_TRAP,   /* an illegal instruction, for debuggers */
};

/* The error policy of one kind of finding. */
struct os_policy {
    bool is_set; /* false: the kind has none of its own */
    enum os_on_error on_error;
    int exit_code;
};

struct os_options {
    enum os_tier tier;
    enum os_on_error on_error;
    int exit_code;
    struct os_policy of_kind[OS_STATUS_COUNT]; /* counts over on_error */
    char log[OPTIONS_PATH]; /* where reports go; empty: standard error */
#define OPTION(name, light, standard, full, paranoid, least, most, help) size_t name;
#include "osmem/alloc/options.def"
#undef OPTION
};

/* What each tier switches on. */
extern const struct os_options options_of_tier[TIERS];

/* What becomes of the process after a finding of a kind. */
struct os_policy options_policy(const struct os_options *options, enum os_status kind);

/* The program goes on after a finding of a kind. */
bool options_tolerates(const struct os_options *options, enum os_status kind);

/* Takes what `text` says; each line about what it cannot take goes to `fd`. */
void options_read(struct os_options *options, const char *text, int fd);

#endif
