#include "fuzz/testing/loop_subjects.h"

#include <string.h>

#include "fuzz/subject/osmem_subject.h"

static void *loop_malloc(void *self, size_t size) {
    for (volatile size_t now = size; now == LOOP_SIZE;)
        ;
    return osmem_subject.malloc(self, size);
}

const struct subject *loop_subject(void) {
    static struct subject loop;
    loop = osmem_subject;
    loop.name = "loop";
    loop.malloc = loop_malloc;
    return &loop;
}

unsigned subjects_list(const char *list, const struct subject **subjects, unsigned most) {
    subjects[0] = loop_subject();
    return most > 0 && strcmp(list, "loop") == 0;
}
