/*
 * child: runs a function in a process of its own, so it may end the process.
 *
 *     int status = child_run(misuse, said, sizeof said);
 */
#ifndef PROPS_TESTING_CHILD_H
#define PROPS_TESTING_CHILD_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHILD_RETURNED = 77, /* exit code if the function returns */
};

/* Its wait status; `said` receives its standard error as a string. */
static inline int child_run(void (*function)(void), char *said, size_t size) {
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        function();
        _exit(CHILD_RETURNED);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t n;
    while ((n = read(ends[0], said + length, size - 1 - length)) > 0)
        length += (size_t)n;
    ck_assert_uint_lt(length, size - 1); /* all of it */
    said[length] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    return status;
}

static inline bool child_died(int status, int signal) {
    return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

static inline bool child_exited(int status, int code) {
    return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

#endif
