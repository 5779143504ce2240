/*
 * options: what a tier switches on, and what OSMEM_OPTIONS changes; each is tested with a plain
 * if.
 *
 * The text form is tier=TIER:NAME=NUMBER:NAME=NUMBER, numbers in bytes or counts, k, m and g
 * behind them for 2^10, 2^20 and 2^30. The tier counts first, wherever it stands. What cannot be
 * read is told and changes nothing.
 */
#ifndef OSMEM_FRONT_OPTIONS_H
#define OSMEM_FRONT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    OPTIONS_TEXT = 1024, /* bytes of OSMEM_OPTIONS that count */
};

enum os_tier {
    TIER_LIGHT,
    TIER_STANDARD,
    TIER_FULL,
    TIER_PARANOID,
    TIERS,
};

struct os_options {
    enum os_tier tier;
#define OPTION(name, light, standard, full, paranoid, least, most, help) size_t name;
#include "osmem/front/options.def"
#undef OPTION
};

/* What each tier switches on. */
extern const struct os_options options_of_tier[TIERS];

/* Takes what `text` says; each line about what it cannot take goes to `fd`. */
void options_read(struct os_options *options, const char *text, int fd);

#endif
