/* A free verifies the blocks beside its own, while their owners are at work on them: no false alarm. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "osmem/osmem.h"
#include "props/testing/suite.h"

const char *os_default_options(void) {
    return "tier=full:sample=0:quarantine=4k";
}

enum {
    ROUNDS = 200000,
};

static atomic_bool over;

/* Resizes its block in place, so that its canary is disarmed and armed again. */
static void *resize_on(void *unused) {
    char *block = os_malloc(20);
    for (unsigned i = 0; !over; i++)
        block = os_realloc(block, 17 + i % 13);
    os_free(block);
    return unused;
}

/* Frees what lies beside. */
static void *free_on(void *unused) {
    for (unsigned i = 0; i < ROUNDS; i++) {
        char *left = os_malloc(24), *right = os_malloc(24);
        memset(left, 1, 24);
        os_free(right);
        os_free(left);
    }
    over = true;
    return unused;
}

START_TEST(a_neighbour_at_work_is_not_judged) {
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, resize_on, NULL);
    pthread_create(&threads[1], NULL, resize_on, NULL);
    pthread_create(&threads[2], NULL, free_on, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert(os_check(NULL));
}
END_TEST

int main(void) {
    return suite_run("neighbours", SUITE(a_neighbour_at_work_is_not_judged));
}
