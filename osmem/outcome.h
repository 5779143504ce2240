/*
 * outcome: what becomes of the process after a fault.
 *
 * One report at a time: whoever comes while another thread reports waits for it, and for ever if
 * that ends the process. A second fault while a thread reports, or in its handlers, is not told: it
 * goes straight to the end.
 */
#ifndef OSMEM_OUTCOME_H
#define OSMEM_OUTCOME_H

#include "osmem/front/options.h"
#include "osmem/front/trail.h"
#include "osmem/platform/fault.h"

/* Reports, writes the trail if there is one (NULL: there is not), runs the handler, and does what on_error says; returns only where that is `report`. The
 * caller holds no lock, but for one who was stopped by a signal in a visitor of os_walk. */
void outcome(const struct os_options *options, const struct os_trail *trail,
             const struct os_finding *info);

/* Adds to where reports go. */
void outcome_write(const struct os_options *options, const struct os_text *text);

/* This thread reports, or is in its handlers. */
bool outcome_is_mine(void);

/* In the child of a fork: nobody reports. */
void outcome_after_fork(void);

#endif
