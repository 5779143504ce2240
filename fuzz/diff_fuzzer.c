/*
 * diff_fuzzer: every allocator gives the same answers to a program.
 *
 * Runs a program in lockstep on osmem in three tiers, on the textbook allocator and on
 * the C library's. Each is checked alone; then the same requests must have succeeded, and
 * refusals must have set the same errno.
 */
#include "fuzz/engine/entry.h"
#include "fuzz/engine/target.h"
#include "fuzz/subject/classic_subject.h"
#include "fuzz/subject/libc_subject.h"
#include "fuzz/subject/osmem_subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const struct subject *const subjects[] = {
        &osmem_subject, &osmem_standard_subject, &osmem_full_subject, &classic_subject,
        &libc_subject};
    target_run(subjects, sizeof subjects / sizeof subjects[0], true, bytes, length);
    return 0;
}
