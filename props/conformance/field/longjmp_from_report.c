/*
 * A test harness catches SIGABRT and jumps out; the heap must still work, and a second
 * bad free must be reported again.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
static sigjmp_buf back;
static void handler(int number) {
    (void)number;
    siglongjmp(back, 1);
}
static int bad_free(void) {
    char *p = malloc(100);
    if (sigsetjmp(back, 1))
        return 1;
    free(p);
    free(p);
    return 0;
}
int main(void) {
    if (!getenv("LIB") || !getenv("OSMEM_OPTIONS"))
        return 0; /* what the C library makes of it is its own matter */
    signal(SIGABRT, handler);
    for (int i = 0; i < 20; i++) {
        if (!bad_free())
            return 1;
        for (int k = 0; k < 1000; k++)
            free(malloc(k));
    }
    return 0;
}
