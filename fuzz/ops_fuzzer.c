/*
 * ops_fuzzer: no valid program breaks osmem.
 *
 * Any bytes are a program of malloc, calloc, realloc, free, aligned_alloc and so on. It
 * runs on a fresh heap over a simulated kernel; each answer is compared with a model, and
 * the invariants of the heap are checked after each operation.
 */
#include "fuzz/engine/entry.h"
#include "fuzz/engine/target.h"
#include "fuzz/subject/osmem_subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const struct subject *const subjects[] = {&osmem_subject};
    target_run(subjects, 1, false, bytes, length);
    return 0;
}
