/*
 * 80,000 live blocks of 132 KB, untouched (vm.max_map_count is 65,530 by default): all
 * must be had, and beside them a thread, a mapping and a library.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
static void *nothing(void *p) {
    return p;
}
int main(void) {
    static void *p[80000];
    for (int i = 0; i < 80000; i++)
        if (!(p[i] = malloc(132 << 10))) {
            printf("refused at %d\n", i);
            return 1;
        }
    pthread_t t;
    if (pthread_create(&t, 0, nothing, 0)) {
        puts("no thread");
        return 2;
    }
    pthread_join(t, 0);
    if (mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) {
        puts("no mapping");
        return 3;
    }
    if (!dlopen("libm.so.6", RTLD_NOW)) {
        puts("no library");
        return 4;
    }
    for (int i = 0; i < 80000; i++)
        free(p[i]);
    return 0;
}
