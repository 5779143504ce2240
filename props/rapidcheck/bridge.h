/*
 * bridge: the rig for C++, with plain bytes and text.
 */
#ifndef PROPS_RAPIDCHECK_BRIDGE_H
#define PROPS_RAPIDCHECK_BRIDGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opens a subject to run programs on; 0 if it cannot be opened. */
int bridge_open(const char *subject);

/* Runs a program; 1 if it passes. */
int bridge_passes(const uint8_t *bytes, size_t length);

/* The oracle that failed the last failing program. */
const char *bridge_oracle(void);

/* A program as text, cut to fit. */
void bridge_text(const uint8_t *bytes, size_t length, char *text, size_t most);

/* CPU time of this process in milliseconds. */
double bridge_cpu_ms(void);

#ifdef __cplusplus
}
#endif

#endif
