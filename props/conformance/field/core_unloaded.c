/*
 * A plugin host loads libosmem_core.so, uses it in tier full, and unloads it. A later
 * SIGSEGV must go where it went before, not to code that is gone. (Where the library
 * cannot be unloaded, that is fine too.)
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
    if (!getenv("OSMEM_OPTIONS"))
        return 0;
    pid_t pid = fork();
    if (pid == 0) {
        unsetenv("LD_PRELOAD");
        setenv("OSMEM_OPTIONS", "tier=full", 1);
        if (!getenv("AGAIN")) {
            setenv("AGAIN", "1", 1);
            execl("/proc/self/exe", "core_unloaded", (char *)0);
        }
        _exit(9);
    }
    if (!getenv("AGAIN")) {
        int status;
        waitpid(pid, &status, 0);
        return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    void *core = dlopen(getenv("CORE"), RTLD_NOW | RTLD_LOCAL);
    void *(*take)(size_t) = (void *(*)(size_t))dlsym(core, "os_malloc");
    void (*give)(void *) = (void (*)(void *))dlsym(core, "os_free");
    give(take(100));
    dlclose(core);
    pid = fork();
    if (pid == 0) {
        *(volatile char *)8 = 1;
        _exit(1);
    }
    int status, tries = 0;
    while (waitpid(pid, &status, WNOHANG) == 0)
        if (tries++ > 2000) {
            kill(pid, SIGKILL);
            return 3;
        } else
            usleep(1000);
    return !(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}
