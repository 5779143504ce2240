/* A program with an overflow, of a block that is allocated three calls deep. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) static char *allocate(void) {
    char *block = malloc(40);
    block[0] = 1;
    return block;
}

__attribute__((noinline)) static char *allocate_in_outer(void) {
    char *block = allocate();
    block[1] = 1;
    return block;
}

int main(void) {
    char *volatile block = allocate_in_outer();
    puts(dlopen(NULL, RTLD_NOW) ? "opened" : "not opened");
    fflush(stdout);
    block[40] = 1;
    free(block);
}
