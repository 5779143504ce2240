/*
 * A handler that interrupts malloc or free calls exit(). The process must end with its
 * code.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static void handler(int number) {
    (void)number;
    exit(0);
}
static void child(int us) {
    struct sigaction a = {.sa_handler = handler};
    sigaction(SIGALRM, &a, 0);
    struct itimerval once = {{0, 0}, {0, 1000 + us}};
    setitimer(ITIMER_REAL, &once, 0);
    void *p[64] = {0};
    for (unsigned long i = 0;; i++) {
        free(p[i % 64]);
        p[i % 64] = malloc(16 + i * 37 % 900);
    }
}
int main(void) {
    for (int i = 0; i < 150; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child(i * 7);
        for (int t = 0;; t++) {
            int status;
            if (waitpid(pid, &status, WNOHANG) == pid) {
                if (status)
                    return 2;
                break;
            }
            if (t > 3000) {
                kill(pid, SIGKILL);
                return 1;
            }
            usleep(1000);
        }
    }
    return 0;
}
