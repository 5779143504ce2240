/* A host that opens libosmem_core.so and closes it: the library stays, and all that it has set up. */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "props/testing/child.h"
#include "props/testing/suite.h"

static char said[8192];
static void *(*take)(size_t size);
static void (*give)(void *block);
static char *kept;

static void open_and_close(void) {
    setenv("OSMEM_OPTIONS", "tier=full", 1);
    void *library = dlopen("osmem/libosmem_core.so", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fprintf(stderr, "%s\n", dlerror()), _exit(1);
    take = (void *(*)(size_t))dlsym(library, "os_malloc");
    give = (void (*)(void *))dlsym(library, "os_free");
    kept = take(40);
    dlclose(library);
}

static void leave(int number) {
    _exit(number == SIGSEGV ? 50 : 51);
}

static void meet_a_fault(void) {
    signal(SIGSEGV, leave);
    open_and_close();
    *(volatile char *)8 = 1;
}

START_TEST(a_fault_goes_where_it_went_before) {
    ck_assert(child_exited(child_run(meet_a_fault, said, sizeof said), 50));
    ck_assert_str_eq(said, "");
}
END_TEST

static void *use(void *context) {
    give(take(100));
    return context;
}

static void go_on(void) {
    pthread_t thread;
    int status = 1;
    open_and_close();
    give(kept);
    if (pthread_create(&thread, NULL, use, NULL) || pthread_join(thread, NULL))
        _exit(2);
    pid_t child = fork();
    if (child == 0) {
        use(NULL);
        _exit(52);
    }
    waitpid(child, &status, 0);
    exit(WEXITSTATUS(status));
}

START_TEST(threads_forks_and_the_exit_go_on) {
    ck_assert(child_exited(child_run(go_on, said, sizeof said), 52));
    ck_assert_str_eq(said, "");
}
END_TEST

static void damage(void) {
    open_and_close();
    kept[40] ^= 1;
    exit(53);
}

START_TEST(the_heap_is_checked_at_the_exit) {
    ck_assert(child_died(child_run(damage, said, sizeof said), SIGABRT));
    ck_assert_ptr_nonnull(strstr(said, "osmem: heap-buffer-overflow: 1 byte"));
}
END_TEST

int main(void) {
    return suite_run("unloaded", SUITE(a_fault_goes_where_it_went_before,
                                       threads_forks_and_the_exit_go_on,
                                       the_heap_is_checked_at_the_exit));
}
