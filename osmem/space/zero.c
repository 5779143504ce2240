#include "osmem/space/zero.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"

enum {
    ZERO_QUERY = 512, /* pages, of which one mincore says whether they are resident */
};

/* Adds a resident page behind those that are known; what does not fit into the runs is given back. */
static void zero_note(struct zero_habit *habit, uint32_t page) {
    struct zero_run *last = &habit->run[habit->runs - (habit->runs > 0)];
    if (habit->runs && last->first + last->count == page)
        last->count++;
    else if (habit->runs < ZERO_RUNS)
        habit->run[habit->runs++] = (struct zero_run){page, 1};
}

/* Where the kernel does not say it, all pages are given back. */
static void zero_learn(struct os_kernel *kernel, char *start, size_t pages,
                       struct zero_habit *habit) {
    unsigned char resident[ZERO_QUERY];
    habit->runs = 0;
    for (size_t from = 0; from < pages; from += ZERO_QUERY) {
        size_t count = num_min(pages - from, ZERO_QUERY);
        if (!sys_resident(kernel, start + from * kernel->page, count * kernel->page,
                          resident)) {
            habit->runs = 0;
            return;
        }
        for (size_t i = 0; i < count; i++)
            if (resident[i] & 1)
                zero_note(habit, (uint32_t)(from + i));
    }
}

/* Gives back all pages but those of the runs. */
static bool zero_others(struct os_kernel *kernel, char *start, size_t length,
                        const struct zero_habit *habit) {
    size_t done = 0;
    for (unsigned i = 0; i < habit->runs; i++) {
        size_t first = habit->run[i].first * kernel->page;
        EXPECT(first >= done && first < length);
        if (first > done && !sys_discard(kernel, start + done, first - done))
            return false;
        done = first + habit->run[i].count * kernel->page;
    }
    return done == length || sys_discard(kernel, start + done, length - done);
}

/* True where no page but those of the runs was touched since the mark. Faults are counted ever less
 * often in a program that has some all the time. */
static bool zero_is_untouched(struct os_kernel *kernel, struct zero_habit *habit,
                              struct zero_mark *mark) {
    uint64_t before = mark->version == habit->version ? mark->faults : 0;
    *mark = (struct zero_mark){.version = habit->version};
    if (habit->pause > 0) {
        habit->pause--;
        return false;
    }
    mark->faults = sys_faults(kernel);
    mark->assumed = before && mark->faults == before;
    if (mark->assumed)
        habit->longest = 0;
    else if (before) {
        habit->pause = habit->longest;
        habit->longest = (unsigned)num_min(habit->longest * 2 + 1, POLICY_FAULTS_PAUSE);
    }
    return mark->assumed;
}

bool zero_is_due(const struct zero_habit *habit) {
    return habit->uses % POLICY_RELEARN == 0;
}

bool zero_pages(struct os_kernel *kernel, char *start, size_t length,
                struct zero_habit *habit, struct zero_mark *mark) {
    size_t page = kernel->page;
    EXPECT(length > 0 && length % page == 0 && length / page <= UINT32_MAX);
    EXPECT(habit->length == length);
    bool untouched = zero_is_untouched(kernel, habit, mark);
    if (zero_is_due(habit))
        zero_learn(kernel, start, length / page, habit);
    habit->uses++;
    if (!untouched && !zero_others(kernel, start, length, habit))
        return false;
    for (unsigned i = 0; i < habit->runs; i++)
        memset(start + habit->run[i].first * page, 0, habit->run[i].count * page);
    return true;
}
