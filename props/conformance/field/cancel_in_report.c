/*
 * A thread with a pending cancellation frees a bad pointer where reports go on
 * (on_error=report). It must not be cancelled inside the allocator with a lock held,
 * and its report must be written.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void *thread(void *go) {
    while (!__atomic_load_n((int *)go, __ATOMIC_ACQUIRE))
        ;
    char *p = malloc(64);
    free(p);
    free(p);
    for (;;)
        pthread_testcancel();
}
int main(int argc, char **argv) {
    (void)argc;
    if (!getenv("OSMEM_OPTIONS"))
        return 0;
    if (!strstr(getenv("OSMEM_OPTIONS"), "on_error")) {
        char options[100] = "";
        strcat(strcat(options, getenv("OSMEM_OPTIONS")), ":on_error=report");
        setenv("OSMEM_OPTIONS", options, 1);
        execv("/proc/self/exe", argv);
    }
    for (int i = 0; i < 30; i++) {
        int go = 0;
        pthread_t t;
        pthread_create(&t, 0, thread, &go);
        pthread_cancel(t);
        __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
        pthread_join(t, 0);
        for (int k = 0; k < 100; k++)
            free(malloc(k));
    }
    char *p = malloc(64); /* and a report of the main thread's own */
    free(p);
    free(p);
    return 0;
}
