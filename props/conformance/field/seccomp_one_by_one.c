/*
 * A sandbox answers EPERM or ENOSYS to one system call from the start: to brk, mremap, getrandom, munmap,
 * madvise, mprotect or membarrier. The program must get its memory all the same, and end as it wants.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int refuse(unsigned number, unsigned error) {
    struct sock_filter f[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof f / sizeof *f, f};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int work(void) {
    char *p[200];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 200; i++) {
            size_t size = i % 20 == 0 ? 200000 : 100 + (size_t)i * 50;
            if (!(p[i] = malloc(size)))
                return 1;
            memset(p[i], 1, size);
        }
        for (int i = 0; i < 200; i += 3) {
            if (!(p[i] = realloc(p[i], 400000)))
                return 2;
            p[i][399999] = 1;
        }
        for (int i = 0; i < 200; i++)
            free(p[i]);
    }
    return 0;
}

int main(int argc, char **argv) {
    static const unsigned numbers[] = {__NR_brk,     __NR_mremap,  __NR_getrandom,
                                       __NR_munmap,  __NR_madvise, __NR_membarrier,
                                       __NR_mprotect};
    if (argc > 1)
        return work();
    for (unsigned i = 0; i < 14; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            if (refuse(numbers[i / 2], i % 2 ? EPERM : ENOSYS))
                _exit(0); /* no seccomp here */
            /* The loader itself needs mprotect and brk(0): there this process goes on. */
            if (i / 2 < 6 && numbers[i / 2] != __NR_munmap)
                execl("/proc/self/exe", argv[0], "work", (char *)0);
            _exit(work());
        }
        waitpid(pid, &status, 0);
        if (status) {
            printf("system call %u, error %u: status %d\n", numbers[i / 2], i % 2,
                   status);
            return 1;
        }
    }
    return 0;
}
