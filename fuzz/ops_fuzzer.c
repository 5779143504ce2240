/*
 * ops_fuzzer: a valid program never breaks osmem.
 *
 * Any bytes are a program of malloc, calloc, realloc, free, aligned_alloc and so on, run
 * on a fresh heap over a kernel in a box; each answer is held against a model, and each
 * invariant of the heap is checked after each operation.
 */
#include "fuzz/engine/entry.h"
#include "fuzz/engine/target.h"
#include "fuzz/subject/osmem_subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const struct subject *const subjects[] = {&osmem_subject};
    target_run(subjects, 1, false, bytes, length);
    return 0;
}
