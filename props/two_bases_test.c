/* Each program of the corpus has the same results at two bases, as offsets. */
#include "fuzz/ops/reader.h"
#include "fuzz/rig/run.h"
#include "fuzz/subject/osmem_subject.h"
#include "props/testing/suite.h"

static int files;
static char **file;
static struct machine here, there;
static struct rig first, second;

START_TEST(each_program_has_the_same_trace) {
    static uint8_t bytes[READER_MAX];
    ck_assert(machine_open(&here) && machine_open(&there));
    ck_assert_ptr_ne(here.memory, there.memory);
    rig_init(&first, &osmem_subject, &here);
    rig_init(&second, &osmem_subject, &there);
    for (int i = 0; i < files; i++) {
        size_t length;
        ck_assert(reader_read(file[i], true, bytes, &length));
        ck_assert_msg(rig_run(&first, bytes, length), "%s fails", file[i]);
        ck_assert_msg(rig_run(&second, bytes, length), "%s fails elsewhere", file[i]);
        ck_assert_msg(first.trace == second.trace, "%s differs at two bases", file[i]);
    }
    ck_assert_int_gt(files, 20);
    ck_assert_uint_gt(first.checked, 100);
}
END_TEST

int main(int argc, char **argv) {
    files = argc - 1;
    file = argv + 1;
    return suite_run("two bases", SUITE(each_program_has_the_same_trace));
}
