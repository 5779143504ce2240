/*
 * text: a finding as a report: one stable first line, and a few that explain it.
 *
 * Composed without allocation, lock or stdio, so that it works in a signal handler and with a damaged
 * heap.
 */
#ifndef OSMEM_REPORT_TEXT_H
#define OSMEM_REPORT_TEXT_H

#include "osmem/base/finding.h"
#include "osmem/platform/text.h"

/* The whole report. Async-signal-safe, as is what follows. */
void report_put(struct os_text *text, const struct os_finding *finding);

/* Writes the report to standard error and ends the process by SIGABRT. */
_Noreturn void report_die(const struct os_finding *finding);

#endif
