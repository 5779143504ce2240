/*
 * diff_fuzzer: one program tells the same story to every allocator.
 *
 * Runs it in lockstep on osmem in three tiers, on the textbook form of it, and on the C
 * library's. Each is judged as in a run of its own; then the same
 * requests must have succeeded, and refusals must give the same errno. Where osmem has
 * neither caches nor quarantine its choice is a best fit, as the textbook's is.
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
