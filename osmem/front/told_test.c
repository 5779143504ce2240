/* While a fault is told, others may call: what they free is not gone on with. */
#include "osmem/front/front_testing.h"

static char *victim;

static void free_the_victim(struct os_front *from, const struct os_finding *info) {
    char *block = victim;
    remember(from, info);
    victim = NULL;
    front_free(from, &cache, block);
}

/* A free and a realloc tell of the block on the left; who handles that frees theirs. */
START_TEST(what_is_freed_meanwhile_is_not_gone_on_with) {
    for (size_t size = 0; size < 20000; size += 9000) {
        open_full();
        char *left = front_malloc(&front, &cache, 40);
        victim = front_malloc(&front, &cache, 40);
        left[40] ^= 1;
        front.on_fault = free_the_victim;
        if (size)
            front_realloc(&front, &cache, victim, size);
        else
            front_free(&front, &cache, victim);
        ck_assert_int_eq(last.kind, OS_FAULT_DOUBLE_FREE);
        ck_assert_ptr_eq(last.block, left + 48);
        left[40] ^= 1;
        faults = 0;
        ck_assert(front_check(&front, "exit"));
        ck_assert_uint_eq(cache.taken - cache.given, size ? 2 : 1);
        machine_close(&machine);
    }
}
END_TEST

/* A block in pages of its own, while the bytes in front of it are told of. */
START_TEST(what_is_freed_while_its_front_is_told_is_not_read) {
    open_full();
    victim = front_malloc(&front, &cache, 200000);
    victim[-1] = 1;
    front.on_fault = free_the_victim;
    front_free(&front, &cache, victim);
    ck_assert_int_eq(last.kind, OS_FAULT_DOUBLE_FREE);
    faults = 0;
    ck_assert(front_check(&front, "exit"));
    ck_assert_uint_eq(cache.taken - cache.given, 0);
}
END_TEST

/* Or while there is no memory: the quarantine is given up, and one of its blocks was written to. */
START_TEST(what_is_freed_before_its_move_is_not_copied) {
    open_full();
    char *dead = front_malloc(&front, &cache, 40);
    victim = front_malloc(&front, &cache, 40);
    char *large = front_malloc(&front, &cache, 100);
    front_free(&front, &cache, dead);
    dead[20] = 1;
    (void)large;
    front.on_fault = free_the_victim;
    machine_refuse(&machine, 1, 1000);
    ck_assert_ptr_null(front_realloc(&front, &cache, victim, 200000));
    machine_refuse(&machine, 1, 0);
    ck_assert_int_eq(last.kind, OS_FAULT_DOUBLE_FREE);
    faults = 0;
    ck_assert(front_check(&front, "exit"));
}
END_TEST

int main(void) {
    return suite_run("told", SUITE(what_is_freed_meanwhile_is_not_gone_on_with,
                                   what_is_freed_while_its_front_is_told_is_not_read,
                                   what_is_freed_before_its_move_is_not_copied));
}
