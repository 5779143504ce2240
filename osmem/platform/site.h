/*
 * site: where in the program's code something was called, and how that is told.
 *
 * Frames are return addresses, the innermost first, without those within osmem. They are told as
 * module+offset, which a symbolizer reads afterwards. Telling takes no lock and allocates nothing;
 * taking neither, once site_prepare has run.
 */
#ifndef OSMEM_PLATFORM_SITE_H
#define OSMEM_PLATFORM_SITE_H

#include <stddef.h>
#include <stdint.h>

#include "osmem/platform/text.h"

enum {
    SITE_FRAMES = 6,
};

struct os_site {
    const void *frame[SITE_FRAMES]; /* NULL behind the last */
    uint64_t operation; /* the number of the call, from 1 on; 0: nothing is known */
};

/* Loads what the C library loads to unwind a stack. May allocate; no lock must be held. */
void site_prepare(void);

/* The frames of the call that returns to `caller`; only that one before site_prepare. */
void site_take(struct os_site *site, const void *caller);

/* "module+0x1234", or the address where no module is known. */
void site_put_frame(struct os_text *text, const void *frame);

/* "  WHAT by operation 12 at\n" and a line for each frame; nothing where nothing is known. */
void site_put(struct os_text *text, const char *what, const struct os_site *site);

#endif
