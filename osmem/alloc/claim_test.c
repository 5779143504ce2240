/* A block has one owner at a time, however many threads there are. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "fuzz/machine/machine.h"
#include "osmem/alloc/heap.h"
#include "osmem/alloc/heap_state.h"
#include "osmem/check/check.h"
#include "props/testing/suite.h"

static struct machine machine;
static struct os_heap heap;

static void open_heap(void) {
    ck_assert(machine_open(&machine));
    heap_init(&heap, &machine.kernel);
}

static void expect_sound(void) {
    struct check_breach breach = check_heap(&heap, CHECK_FULL);
    ck_assert_msg(breach.invariant == INVARIANT_NONE, "%s: %s",
                  check_name(breach.invariant), check_rule(breach.invariant));
    ck_assert_msg(!machine_check(&machine, true), "%s", machine.wrong);
}

/* In use, as its user has it. */
static struct os_block take(size_t size) {
    struct os_block block;
    ck_assert_int_eq(heap_take(&heap, size, GRANULE, &block), OS_OK);
    heap_publish(&heap, &block);
    return block;
}

static void give(struct os_block block) {
    ck_assert_int_eq(heap_claim(&heap, block.address, &block), OS_OK);
    heap_give(&heap, &block);
}

START_TEST(a_claimed_block_is_busy_until_it_is_published) {
    static const size_t sizes[] = {16, 32, 400, 100000, 200000};
    open_heap();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t slack = 0; slack <= 16; slack += 8) {
            struct os_block block, other;
            ck_assert_int_eq(heap_take(&heap, sizes[i], GRANULE, &block), OS_OK);
            ck_assert_int_eq(heap_claim(&heap, block.address, &other),
                             OS_FAULT_DOUBLE_FREE);
            block.slack = slack;
            heap_arm_canary(&heap, &block);
            heap_publish(&heap, &block);
            ck_assert_int_eq(heap_find(&heap, block.address, &other), OS_OK);
            ck_assert_uint_eq(other.slack, slack);
            ck_assert_uint_eq(other.size, block.size);
            ck_assert(other.id == block.id);
            struct heap_counters before = heap_count(&heap);
            ck_assert_int_eq(heap_claim(&heap, block.address, &other), OS_OK);
            ck_assert_uint_eq(other.slack, slack);
            ck_assert_int_eq(heap_find(&heap, block.address, &other),
                             OS_FAULT_DOUBLE_FREE);
            struct heap_counters busy = heap_count(&heap);
            ck_assert_mem_eq(&before, &busy, sizeof busy);
            expect_sound();
            heap_give(&heap, &block);
            expect_sound();
        }
    ck_assert_uint_eq(heap_count(&heap).blocks_in_use, 0);
    ck_assert_uint_eq(heap_count(&heap).large_blocks, 0);
}
END_TEST

START_TEST(a_block_of_no_bytes_is_one_all_the_same) {
    open_heap();
    struct os_block block, other;
    ck_assert_int_eq(heap_take_guarded(&heap, 0, GRANULE, &block), OS_OK);
    ck_assert_uint_eq(block.size, 0);
    ck_assert(!machine_holds(&machine, block.address, 1));
    ck_assert(!machine_holds(&machine, block.address - 1, 1));
    ck_assert_int_eq(heap_find(&heap, block.address, &other), OS_FAULT_DOUBLE_FREE);
    heap_publish(&heap, &block);
    ck_assert_int_eq(heap_find(&heap, block.address, &other), OS_OK);
    ck_assert_int_eq(heap_find(&heap, block.address + 16, &other), OS_FAULT_FORGED);
    ck_assert_uint_eq(heap_count(&heap).large_guarded, 1);
    expect_sound();
    give(block);
    ck_assert_int_eq(heap_find(&heap, block.address, &other), OS_FAULT_DOUBLE_FREE);
    expect_sound();
}
END_TEST

enum {
    CLAIMS = 6000,
};
static struct {
    atomic_uint arrived;
    char *address;
    enum os_status status[2];
    struct os_block block[2];
} race;

/* Both threads go on at the same moment, as near as can be. */
static void meet(unsigned round) {
    atomic_fetch_add(&race.arrived, 1);
    for (int spins = 0; atomic_load(&race.arrived) < 2 * round; spins++)
        if (spins > 2000)
            sched_yield();
}

static void claim_each(size_t mine) {
    for (unsigned i = 0; i < CLAIMS; i++) {
        meet(3 * i + 1);
        race.status[mine] = heap_claim(&heap, race.address, &race.block[mine]);
        meet(3 * i + 2);
        if (mine == 0) {
            ck_assert_int_eq(race.status[0] + race.status[1], OS_FAULT_DOUBLE_FREE);
            heap_publish(&heap, &race.block[race.status[0] == OS_OK ? 0 : 1]);
        }
        meet(3 * i + 3);
    }
}

static void *claim_too(void *unused) {
    (void)unused;
    claim_each(1);
    return NULL;
}

/* Of two threads that free a block, one gets it and the other a double free. */
START_TEST(of_two_claims_one_gets_the_block) {
    static const size_t sizes[] = {16, 480, 200000};
    for (size_t i = 0; i < 3; i++) {
        pthread_t other;
        open_heap();
        struct os_block block = take(sizes[i]);
        race.address = block.address;
        atomic_store(&race.arrived, 0);
        ck_assert_int_eq(pthread_create(&other, NULL, claim_too, NULL), 0);
        claim_each(0);
        pthread_join(other, NULL);
        give(block);
        expect_sound();
        machine_close(&machine);
    }
}
END_TEST

/* What a busy block's extent needs is not what its neighbours' owners do to theirs. */
static void *take_and_give(void *seed) {
    struct os_block held[8] = {{.address = NULL}};
    uint64_t state = (uintptr_t)seed;
    for (int i = 0; i < 4000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        struct os_block *block = &held[state >> 60 & 7];
        size_t size = ((state >> 40 & 31) + 1) * GRANULE;
        if ((state >> 50 & 63) == 0)
            size = 150000 / 16 * 16;
        if (!block->address) {
            ck_assert_int_eq(heap_take(&heap, size, GRANULE, block), OS_OK);
            memset(block->address, (int)(uintptr_t)seed, block->size);
            heap_publish(&heap, block);
            continue;
        }
        ck_assert_int_eq(heap_claim(&heap, block->address, block), OS_OK);
        ck_assert_int_eq(block->address[block->size - 1], (char)(uintptr_t)seed);
        if (state >> 45 & 1 && heap_resize(&heap, block, size) == OS_OK) {
            memset(block->address, (int)(uintptr_t)seed, block->size);
            heap_publish(&heap, block);
            continue;
        }
        heap_give(&heap, block);
        block->address = NULL;
    }
    for (int i = 0; i < 8; i++)
        if (held[i].address && heap_claim(&heap, held[i].address, &held[i]) == OS_OK)
            heap_give(&heap, &held[i]);
    return NULL;
}

START_TEST(threads_share_a_heap) {
    pthread_t thread[3];
    static struct os_kernel kernel;
    sys_real_kernel(&kernel);
    heap_init(&heap, &kernel);
    for (uintptr_t n = 0; n < 3; n++)
        ck_assert_int_eq(pthread_create(&thread[n], NULL, take_and_give, (void *)(n + 1)),
                         0);
    for (int i = 0; i < 50; i++) {
        heap_lock(&heap);
        struct check_breach breach = check_heap(&heap, CHECK_FULL);
        heap_unlock(&heap);
        ck_assert_msg(breach.invariant == INVARIANT_NONE, "%s: %s",
                      check_name(breach.invariant), check_rule(breach.invariant));
        heap_trim(&heap);
    }
    for (int n = 0; n < 3; n++)
        pthread_join(thread[n], NULL);
    heap_trim(&heap);
    ck_assert_uint_eq(heap_count(&heap).blocks_in_use, 0);
    ck_assert_uint_eq(heap.space.registry.count, 0);
}
END_TEST

int main(void) {
    return suite_run("claim",
                     SUITE(a_claimed_block_is_busy_until_it_is_published,
                           a_block_of_no_bytes_is_one_all_the_same,
                           of_two_claims_one_gets_the_block, threads_share_a_heap));
}
