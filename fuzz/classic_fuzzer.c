/*
 * classic_fuzzer: no valid program breaks the textbook allocator, and it always takes the
 * best fit.
 */
#include "fuzz/engine/entry.h"
#include "fuzz/engine/target.h"
#include "fuzz/subject/classic_subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const struct subject *const subjects[] = {&classic_subject};
    target_run(subjects, 1, true, bytes, length);
    return 0;
}
