#include "fuzz/subject/subjects.h"

#include <string.h>

#include "fuzz/subject/classic_subject.h"
#include "fuzz/subject/libc_subject.h"
#include "fuzz/subject/osmem_subject.h"

static const struct {
    const char *name;
    const struct subject *subject;
} subjects_known[] = {
    {"osmem", &osmem_subject},
    {"standard", &osmem_standard_subject},
    {"full", &osmem_full_subject},
    {"misused-light", &osmem_misused_subject},
    {"misused-standard", &osmem_misused_standard_subject},
    {"misused-full", &osmem_misused_full_subject},
    {"classic", &classic_subject},
    {"libc", &libc_subject},
};

static const struct subject *subjects_find(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof subjects_known / sizeof subjects_known[0]; i++)
        if (strlen(subjects_known[i].name) == length &&
            memcmp(subjects_known[i].name, name, length) == 0)
            return subjects_known[i].subject;
    return NULL;
}

unsigned subjects_list(const char *list, const struct subject **subjects, unsigned most) {
    unsigned count = 0;
    for (;;) {
        size_t length = strcspn(list, ",");
        const struct subject *found = subjects_find(list, length);
        for (unsigned i = 0; i < count; i++)
            if (subjects[i] == found)
                found = NULL;
        if (!found || count == most)
            return 0;
        subjects[count++] = found;
        if (list[length] == '\0')
            return count;
        list += length + 1;
    }
}
