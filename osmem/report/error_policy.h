/*
 * error_policy: what becomes of the process after a finding: a report, the handler, and what on_error
 * says.
 *
 * One report at a time: a thread with findings waits for its turn while another reports, a bounded
 * time, because a handler may never come back: it may leave by longjmp, or end its thread. A finding
 * of the thread that reports, in its handlers, is not reported: it goes straight to the end. No lock
 * is held, no cancellation is acted on before the report is written, and no program code is called
 * but the handlers. Of a kind whose policy is `once` or `ignore` nothing is reported, or only the
 * first in the process; how many more there were is written at the exit. The handler sees what is
 * reported.
 */
#ifndef OSMEM_REPORT_ERROR_POLICY_H
#define OSMEM_REPORT_ERROR_POLICY_H

#include "osmem/alloc/history.h"
#include "osmem/alloc/options.h"
#include "osmem/base/finding.h"

/* Reports, writes the call history if there is one (NULL: there is none), runs the handler, and does
 * what on_error says, of that kind or of all; returns only where the options tolerate it. Keeps
 * errno. */
void error_policy(const struct os_options *options, const struct os_history *history,
                  const struct os_finding *finding);

/* The same for all findings of a call. */
void error_policy_all(const struct os_options *options, const struct os_history *history,
                      const struct os_findings *findings);

/* Adds to where reports go. */
void error_policy_write(const struct os_options *options, const struct os_text *text);

/* This thread reports, or is in its handlers. */
bool error_policy_is_reporting(void);

/* In the child of a fork: no thread reports. */
void error_policy_after_fork(void);

#endif
