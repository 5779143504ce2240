/*
 * entry: the function that engines call and fuzz targets define.
 */
#ifndef FUZZ_ENGINE_ENTRY_H
#define FUZZ_ENGINE_ENTRY_H

#include <stddef.h>
#include <stdint.h>

/* Runs one input of any bytes. Returns 0; a failure aborts the process. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#endif
