/*
 * A program of musl that uses osmem as malloc: the family, threads, forks while others allocate,
 * dlopen. Its argument is how osmem got there: shared, static; or it is that it makes a mistake.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BLOCKS = 64,
    THREADS = 4,
    ROUNDS = 300,
    FORKS = 30,
};

static atomic_int wrong;
static atomic_bool forks_are_over;

static void expect(int holds, const char *what) {
    if (holds)
        return;
    atomic_fetch_add(&wrong, 1);
    fprintf(stderr, "not so: %s\n", what);
}

static void call_family(void) {
    char *grown = malloc(10), *zeroed = calloc(30, 10), *copy = strdup("musl");
    void *aligned = aligned_alloc(64, 640), *page = NULL;
    strcpy(grown, "grows");
    grown = realloc(grown, 300000);
    expect(strcmp(grown, "grows") == 0, "realloc keeps what was written");
    for (int i = 0; i < 300; i++)
        expect(zeroed[i] == 0, "calloc clears");
    expect((uintptr_t)aligned % 64 == 0, "aligned_alloc");
    expect(posix_memalign(&page, 4096, 1) == 0 && (uintptr_t)page % 4096 == 0,
           "posix_memalign");
    expect(strcmp(copy, "musl") == 0, "strdup");
    free(grown);
    free(zeroed);
    free(copy);
    free(aligned);
    free(page);
}

static void *work(void *until_forks_are_over) {
    void *blocks[BLOCKS] = {NULL};
    for (unsigned i = 0; i < ROUNDS || (until_forks_are_over && !forks_are_over); i++) {
        unsigned one = i % BLOCKS;
        free(blocks[one]);
        blocks[one] = malloc(1 + i * 37 % 3000);
        memset(blocks[one], 1, 1 + i * 37 % 3000);
    }
    for (unsigned i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return NULL;
}

static void fork_while_others_allocate(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, threads);
    for (int i = 0; i < FORKS && !wrong; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            pthread_t thread;
            alarm(60); /* an inherited lock is a failure, and no hang */
            wrong = 0;
            work(NULL);
            pthread_create(&thread, NULL, work, NULL);
            pthread_join(thread, NULL);
            _exit(wrong);
        }
        expect(waitpid(child, &status, 0) == child && status == 0, "a child allocates");
    }
    forks_are_over = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void write_past_the_end(void) {
    char *volatile block = malloc(40);
    block[40] = 1;
    free(block);
}

int main(int count, char **arguments) {
    const char *how = count > 1 ? arguments[1] : "";
    if (strcmp(how, "mistake") == 0)
        write_past_the_end();
    if (strcmp(how, "shared") == 0) {
        expect(dlsym(RTLD_DEFAULT, "os_malloc") != NULL, "osmem is loaded");
        expect(dlopen(NULL, RTLD_NOW) != NULL, "dlopen");
    }
    call_family();
    fork_while_others_allocate();
    puts(wrong ? "wrong" : "osmem");
    return wrong;
}
