/*
 * Fragmentation: a heap whose blocks drift from small to large and back does not grow
 * much beyond the live bytes.
 *
 * 1,000 live blocks; each step frees one at random and allocates another, of a size from
 * a window that moves from 16..80 bytes to 1,000..5,000 and back. The bound is on the
 * bytes of the heap over the live bytes, the worst of all sweeps.
 */
#include <stdio.h>

#include "fuzz/subject/classic_subject.h"
#include "fuzz/subject/osmem_subject.h"
#include "osmem/base/random.h"
#include "props/testing/suite.h"

enum {
    BLOCKS = 1000,
    STEPS = 16000,
    SWEEPS = 3,
};

static struct machine machine;
static void *block[BLOCKS];
static size_t size[BLOCKS];

/* From 16..80 at 0 and STEPS to 1000..5000 in the middle. */
static size_t draw_size(struct random *random, unsigned step) {
    size_t middle = step < STEPS / 2 ? step : STEPS - step;
    size_t low = 16 + 984 * middle / (STEPS / 2);
    size_t span = 64 + 3936 * middle / (STEPS / 2);
    return low + random_below(random, span);
}

static void replace(const struct subject *subject, void *self, size_t at, size_t with) {
    if (block[at])
        subject->free(self, block[at]);
    block[at] = subject->malloc(self, with);
    size[at] = with;
    if (!block[at])
        ck_abort_msg("no memory for %zu bytes", with);
}

/* Bytes of the break over live bytes, mid-sweep, where blocks are large. */
static double worst_ratio(const struct subject *subject) {
    struct random random = {20261123};
    double worst = 0;
    ck_assert(machine_open(&machine));
    void *self = subject->open(&machine);
    for (unsigned sweep = 0; sweep < SWEEPS; sweep++)
        for (unsigned step = 0; step < STEPS; step++) {
            replace(subject, self, random_below(&random, BLOCKS),
                    draw_size(&random, step));
            size_t live = 0;
            for (size_t i = 0; step == STEPS / 2 && i < BLOCKS; i++)
                live += size[i];
            double ratio = live ? (double)machine.brk / (double)live : 0;
            worst = ratio > worst ? ratio : worst;
        }
    machine_close(&machine);
    printf("%s: the break holds %.2f times the live bytes\n", subject->name, worst);
    return worst;
}

START_TEST(osmem_stays_below_its_bound) {
    ck_assert_double_lt(worst_ratio(&osmem_subject), 1.2);
}
END_TEST

START_TEST(classic_stays_below_its_bound) {
    ck_assert_double_lt(worst_ratio(&classic_subject), 1.2);
}
END_TEST

int main(void) {
    return suite_run("fragmentation",
                     SUITE(osmem_stays_below_its_bound, classic_stays_below_its_bound));
}
