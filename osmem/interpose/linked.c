/* A program linked with libosmem.a: osmem serves every allocation. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "osmem.h"

/* In light the usable size of 100 bytes is 112. */
const char *os_default_options(void) {
    return "tier=light";
}

int main(void) {
    struct os_stats before, after;
    os_stats(&before);
    char *volatile copy = strdup("libc's own calls too");
    void *volatile block = malloc(100); /* volatile: the compiler may not elide it */
    void *volatile aligned = memalign(64, 100);
    os_stats(&after);
    puts(after.blocks_in_use - before.blocks_in_use == 3 &&
                 malloc_usable_size(block) == 112
             ? "osmem"
             : "another");
    free(block);
    free(copy);
    free(aligned);
    return os_check(NULL) ? 0 : 1;
}
