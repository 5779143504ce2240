/*
 * mistakes: programs with one mistake each, written for any malloc.
 *
 * Each works on blocks of `size` bytes, 24 at least. It prints the name of each step
 * before the step, and the harm that it sees if it survives.
 */
#ifndef PROPS_CONFORMANCE_PROMISES_MISTAKES_H
#define PROPS_CONFORMANCE_PROMISES_MISTAKES_H

#include <stddef.h>

enum {
    OFTEN = 20000, /* repetitions of a mistake that only sampling can find */
    MANY = 100000,
    REUSES = 1000,
    FILL = 0x5c,
    SECRET = 0x53, /* a byte that no allocator fills with */
};

/* ---- shared by all ---- */

/* The same pointer, unknown to the compiler. */
char *hide(const void *pointer);

void step(const char *name);
void harm(const char *what);

/* Three blocks in a row, filled. */
extern char *left, *block, *right;
void three(size_t size);
char *filled(size_t size);

/* Reports harm if one of the outer two has changed. */
void neighbours(size_t size);

/* Allocates `count` other blocks and frees each at once. */
void others(size_t count, size_t size);

/* Writes eight bytes. */
void put(char *at);

/* Reports harm if two new blocks have the same address. */
void twice(size_t size);

/* ---- overruns.c, frees.c, dead.c ---- */

void overflow_one(size_t size);
void overflow_nul(size_t size);
void overflow_eight(size_t size);
void overflow_shrunk(size_t size);
void overflow_kept(size_t size);
void overflow_no_free(size_t size);
void overflow_jump(size_t size);
void overflow_jump_often(size_t size);
void overread(size_t size);
void overread_often(size_t size);
void underflow_one(size_t size);
void underflow_eight(size_t size);
void underflow_jump(size_t size);
void zero_written(size_t size);
void double_free_now(size_t size);
void double_free_other_between(size_t size);
void double_free_late(size_t size);
void double_free_reused(size_t size);
void realloc_dead(size_t size);
void usable_size_dead(size_t size);
void free_interior(size_t size);
void free_misaligned(size_t size);
void free_stack(size_t size);
void free_static(size_t size);
void free_forged(size_t size);
void free_replayed(size_t size);
void written_freed_few(size_t size);
void written_freed_many(size_t size);
void written_freed_then_exit(size_t size);
void written_freed_first(size_t size);
void poisoned_link(size_t size);
void read_freed_often(size_t size);
void secret_freed(size_t size);
void secret_reused(size_t size);
void secret_shrunk(size_t size);

#endif
