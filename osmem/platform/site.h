/*
 * site: where in the program's code a call was made, and how a report shows it.
 *
 * Frames are return addresses, the innermost first, without those within osmem. They are shown as
 * module+offset, which a symbolizer reads afterwards. Neither showing nor, once site_prepare has run,
 * taking allocates; locks: as module_find.
 */
#ifndef OSMEM_PLATFORM_SITE_H
#define OSMEM_PLATFORM_SITE_H

#include "osmem/base/finding.h"
#include "osmem/platform/text.h"

/* Loads what is needed to unwind a stack. May allocate; no lock must be held. */
void site_prepare(void);

/* The frames of the call that returns to `caller`; only that one before site_prepare. */
void site_take(struct os_site *site, const void *caller);

/* "module+0x1234", or the address where no module is known. */
void site_put_frame(struct os_text *text, const void *frame);

/* "  WHAT by operation 12 at\n" and a line for each frame; nothing where nothing is known. */
void site_put(struct os_text *text, const char *what, const struct os_site *site);

#endif
