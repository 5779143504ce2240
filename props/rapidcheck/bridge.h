/*
 * bridge: the rig as C++ sees it, in plain bytes and texts.
 */
#ifndef PROPS_RAPIDCHECK_BRIDGE_H
#define PROPS_RAPIDCHECK_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes ready to run programs on a subject; 0 where that cannot be. */
int bridge_open(const char *subject);

/* Runs a program; 1 if it passes. */
int bridge_passes(const uint8_t *bytes, size_t length);

/* What the last program that failed failed by. */
const char *bridge_oracle(void);

/* A program as text, cut to fit. */
void bridge_text(const uint8_t *bytes, size_t length, char *text, size_t most);

/* CPU time of this process in milliseconds. */
double bridge_cpu_ms(void);

#ifdef __cplusplus
}
#endif

#endif
