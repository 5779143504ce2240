/*
 * A library registered its own fork handlers before the allocator did; its prepare
 * handler takes a lock that a thread of it holds while it allocates. The fork must not
 * deadlock: the allocator's own prepare has to run last.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef AS_LIBRARY
static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
static void prepare(void) {
    pthread_mutex_lock(&own);
}
static void done(void) {
    pthread_mutex_unlock(&own);
}
__attribute__((constructor)) static void start(void) {
    pthread_atfork(prepare, done, done);
}
void library_work(void);
void library_work(void) {
    pthread_mutex_lock(&own);
    void *p[16];
    for (int i = 0; i < 16; i++)
        p[i] = malloc(100 + 50 * i);
    for (int i = 0; i < 16; i++)
        free(p[i]);
    pthread_mutex_unlock(&own);
}
#else
void library_work(void);
static void *worker(void *stop) {
    while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
        library_work();
    return 0;
}
int main(void) {
    int stop = 0;
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], 0, worker, &stop);
    for (int i = 0; i < 300; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            void *p = malloc(1000);
            free(p);
            library_work();
            _exit(0);
        }
        int status;
        if (waitpid(pid, &status, 0) < 0 || status)
            return 1;
    }
    stop = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], 0);
    return 0;
}
#endif
