/* Programs that the probe starts: allocation before constructors and after exit. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *early, *ten, *constructed;
static int reports_exit;

static void say(const char *what) {
    if (write(STDOUT_FILENO, what, strlen(what)) < 0)
        _exit(9);
}

static void allocate_at_fork(void) {
    free(malloc(1000));
    free(malloc(300000));
}

static void allocate_early(int argc, char **argv, char **environment) {
    (void)argc, (void)argv, (void)environment;
    pthread_atfork(allocate_at_fork, allocate_at_fork, allocate_at_fork);
    early = calloc(10, 100);
    ten = malloc(10);
    free(realloc(malloc(10), 300000));
    memset(early, 1, 1000);
}

__attribute__((section(".preinit_array"),
               used)) static void (*preinit)(int, char **, char **) = allocate_early;

__attribute__((constructor)) static void allocate_in_constructor(void) {
    constructed = malloc(100);
    memset(constructed, 1, 100);
}

static int allocate_once(void) {
    char *p = malloc(200000);
    if (!p)
        return 0;
    memset(p, 1, 200000);
    free(realloc(p, 10));
    return 1;
}

__attribute__((destructor)) static void allocate_in_destructor(void) {
    if (reports_exit)
        say(allocate_once() ? ", a destructor allocates" : ", a destructor fails");
}

static void allocate_at_exit(void) {
    say(allocate_once() ? "an exit handler allocates" : "an exit handler fails");
    free(early);
    free(constructed);
}

static void *run_nothing(void *nothing) {
    return nothing;
}

static int run_in_little(void) {
    pthread_t thread;
    char *small = malloc(100), *large = malloc(1000000);
    if (!small || !large || pthread_create(&thread, NULL, run_nothing, NULL))
        return 1;
    pthread_join(thread, NULL);
    memset(large, 1, 1000000);
    free(small);
    free(large);
    say("starts, with a thread");
    return 0;
}

/* Forks with handlers that were registered before any library's. */
static int run_forks(void) {
    int wrong = 0, status = 0;
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            allocate_at_fork();
            _exit(0);
        }
        waitpid(child, &status, 0);
        wrong += status != 0;
    }
    say(wrong ? "children fail" : "forks");
    return wrong;
}

static int report_usable(void) {
    size_t usable = malloc_usable_size(ten);
    say(usable == 10 ? "the requested size" : usable == 16 ? "16" : "24");
    return 0;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "fork") == 0)
        return run_forks();
    if (strcmp(what, "usable") == 0)
        return report_usable();
    if (strcmp(what, "little") == 0)
        return run_in_little();
    if (strcmp(what, "exit") == 0) {
        reports_exit = 1;
        atexit(allocate_at_exit);
        return 0;
    }
    early = realloc(early, 5000);
    say(early[999] == 1 ? "kept" : "lost");
    free(early);
    free(constructed);
    return 0;
}
