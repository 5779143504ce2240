/*
 * A program that defines malloc, realloc, free and calloc itself (as tracing tools do)
 * and hands on to the next ones. What the rest of the family allocates must be seen by
 * them, so that allocations and frees balance.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
static volatile long balance; /* volatile: glibc declares reallocarray as leaf */
static void *(*next_malloc)(size_t), *(*next_realloc)(void *, size_t);
static void (*next_free)(void *);
static void load(void) {
    next_malloc = dlsym(RTLD_NEXT, "malloc");
    next_realloc = dlsym(RTLD_NEXT, "realloc");
    next_free = dlsym(RTLD_NEXT, "free");
}
void *malloc(size_t n) {
    if (!next_malloc)
        load();
    void *p = next_malloc(n);
    balance += p != 0;
    return p;
}
void *realloc(void *q, size_t n) {
    if (!next_malloc)
        load();
    void *p = next_realloc(q, n);
    balance += !q && p;
    return p;
}
void free(void *p) {
    if (!next_malloc)
        load();
    balance -= p != 0;
    next_free(p);
}
int main(void) {
    long before = balance;
    void *p =
        reallocarray(0, 10, 10); /* in glibc it calls realloc by its interposable name */
    if (balance != before + 1)
        return 1;
    free(p);
    return balance != before;
}
