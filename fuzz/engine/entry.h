/*
 * entry: the one signature at the ground. Engines call it, targets define it, and neither
 * knows more of the other.
 */
#ifndef FUZZ_ENGINE_ENTRY_H
#define FUZZ_ENGINE_ENTRY_H

#include <stddef.h>
#include <stdint.h>

/* Runs one input of any bytes. Returns 0; a failure ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif
