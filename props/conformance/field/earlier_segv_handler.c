/*
 * A library installs a SIGSEGV handler in its constructor, with SA_NODEFER,
 * SA_SIGINFO, a mask and the alternate stack. The allocator's own handler (full) must
 * call it as the kernel would: its mask, its flags, its stack.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef AS_LIBRARY
static char *stack;
static void handler(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    sigset_t now;
    char here;
    sigprocmask(SIG_SETMASK, 0, &now);
    if (!sigismember(&now, SIGUSR1))
        _exit(2); /* its mask */
    if (sigismember(&now, SIGSEGV))
        _exit(3); /* SA_NODEFER */
    if (&here < stack || &here > stack + 65536)
        _exit(4); /* SA_ONSTACK */
    if (info->si_addr != (void *)8)
        _exit(5);
    _exit(0);
}
__attribute__((constructor)) static void start(void) {
    stack = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t s = {.ss_sp = stack, .ss_size = 65536};
    sigaltstack(&s, 0);
    struct sigaction a = {.sa_sigaction = handler,
                          .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    sigemptyset(&a.sa_mask);
    sigaddset(&a.sa_mask, SIGUSR1);
    sigaction(SIGSEGV, &a, 0);
}
void library_work(void);
void library_work(void) {
}
#else
void library_work(void);
int main(void) {
    library_work();
    free(malloc(10));
    *(volatile char *)8 = 1;
    return 1;
}
#endif
