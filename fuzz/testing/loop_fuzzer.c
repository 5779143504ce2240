/*
 * loop_fuzzer: a target with a finding, for the tests of the engines.
 */
#include "fuzz/engine/entry.h"
#include "fuzz/engine/target.h"
#include "fuzz/testing/loop_subjects.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    const struct subject *subjects[] = {loop_subject()};
    target_run(subjects, 1, false, bytes, length);
    return 0;
}
