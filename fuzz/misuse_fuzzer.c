/*
 * misuse_fuzzer: every mistake of a program is reported, and until then nothing goes
 * wrong.
 *
 * Runs programs with overflows, writes after free, double frees, forged pointers and so
 * on, on osmem in three tiers. Each tier must report what it detects as the right kind,
 * at the right address and in time, and return no block twice meanwhile.
 */
#include "fuzz/engine/entry.h"
#include "fuzz/engine/target.h"
#include "fuzz/subject/osmem_subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const struct subject *const subjects[] = {&osmem_misused_subject,
                                                     &osmem_misused_standard_subject,
                                                     &osmem_misused_full_subject};
    target_run(subjects, 3, false, bytes, length);
    return 0;
}
