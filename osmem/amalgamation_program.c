/* A program that has osmem.c and osmem.h in its own tree. */
#include <stdio.h>
#include <string.h>

#include "osmem.h"

int main(void) {
    static char memory[100000];
    struct os_heap *heap = os_heap_create(memory, sizeof memory);
    char *mine = os_heap_malloc(heap, 1000), *everybodys = os_malloc(200000);
    if (!mine || !everybodys)
        return 1;
    strcpy(mine, "from a buffer");
    strcpy(everybodys, "from the system");
    everybodys = os_realloc(everybodys, 10);
    if (!everybodys || strncmp(everybodys, "from the s", 10) != 0)
        return 1;
    os_heap_free(heap, mine);
    os_free(everybodys);
    if (!os_check(NULL) || !os_heap_check(heap, NULL))
        return 1;
    puts("sound");
    return 0;
}
