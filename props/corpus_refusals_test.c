/* Each program of the corpus with each of its kernel calls refused in turn. */
#include <string.h>

#include "fuzz/ops/reader.h"
#include "fuzz/subject/classic_subject.h"
#include "fuzz/subject/osmem_subject.h"
#include "props/laws.h"
#include "props/testing/suite.h"

static int files;
static char **file;
static struct trial trial;

static const struct prop *find_law(const char *name) {
    for (unsigned i = 0; i < laws_count; i++)
        if (strcmp(laws[i].name, name) == 0)
            return &laws[i];
    ck_abort_msg("no law %s", name);
}

static void refuse_all(const struct subject *subject) {
    static uint8_t bytes[READER_MAX];
    struct trial_verdict verdict;
    ck_assert(trial_open(&trial, &subject, 1, find_law("any_refusal")->run));
    for (int i = 0; i < files; i++) {
        size_t length;
        ck_assert(reader_read(file[i], true, bytes, &length));
        bool passes = trial_run(&trial, bytes, length, &verdict);
        ck_assert_msg(passes, "%s on %s: %s: expected %s, found %s", file[i],
                      subject->name, verdict.oracle, verdict.expected, verdict.found);
    }
    ck_assert_int_gt(files, 20);
    ck_assert_uint_gt(lockstep_checked(&trial.lockstep), 2000);
}

START_TEST(osmem_survives_every_refusal) {
    refuse_all(&osmem_subject);
}
END_TEST

START_TEST(classic_survives_every_refusal) {
    refuse_all(&classic_subject);
}
END_TEST

int main(int argc, char **argv) {
    files = argc - 1;
    file = argv + 1;
    return suite_run("corpus refusals",
                     SUITE(osmem_survives_every_refusal, classic_survives_every_refusal));
}
