/* Answers every question, or those that contain a text: probe [TEXT]. */
#include "props/conformance/probe/probe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ERRNO_MARK = 7777,
    ALARM_SECONDS = 60, /* only ends a question that hangs */
};

static char folder[4096];

void answer(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vdprintf(STDOUT_FILENO, format, arguments);
    va_end(arguments);
}

void errno_mark(void) {
    errno = ERRNO_MARK;
}

const char *error_name(int error) {
    static char number[16];
    switch (error) {
    case ERRNO_MARK:
        return "unchanged";
    case 0:
        return "0";
    case ENOMEM:
        return "ENOMEM";
    case EINVAL:
        return "EINVAL";
    default:
        snprintf(number, sizeof number, "%d", error);
        return number;
    }
}

size_t opaque(size_t n) {
    volatile size_t same = n;
    return same;
}

void *hide(void *pointer) {
    void *volatile same = pointer;
    return same;
}

bool is_misaligned(const void *block, size_t alignment) {
    return !block || opaque((uintptr_t)block) % alignment != 0;
}

void answer_block(const void *block) {
    int error = errno;
    if (block)
        answer("a block");
    else
        answer("NULL, errno %s", error_name(error));
}

const char *path_of(const char *name) {
    static char path[sizeof folder + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

void exec_program(const char *name, const char *argument) {
    execl(path_of(name), name, argument, (char *)NULL);
    answer("does not start: %s", strerror(errno));
}

bool all_are(const void *bytes, int byte, size_t length) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        if (at[i] != (unsigned char)byte)
            return false;
    return true;
}

static void run(const struct question *question) {
    int status;
    printf("%s => ", question->text);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(ALARM_SECONDS);
        if (question->ask)
            question->ask();
        else
            exec_program(question->program, question->argument);
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        printf("dies of signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status))
        printf("exits with %d", WEXITSTATUS(status));
    puts("");
}

static unsigned run_all(const struct question *questions, const char *chosen) {
    unsigned count = 0;
    for (; questions->text; questions++)
        if (strstr(questions->text, chosen)) {
            run(questions);
            count++;
        }
    return count;
}

int main(int argc, char **argv) {
    const char *chosen = argc > 1 ? argv[1] : "";
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    char *slash = length > 0 ? strrchr(folder, '/') : NULL;
    if (argc > 2 || !slash) {
        fputs("usage: probe [TEXT], with /proc mounted\n", stderr);
        return 2;
    }
    *slash = '\0';
    unsigned count =
        run_all(questions_of_c, chosen) + run_all(questions_of_glibc, chosen) +
        run_all(questions_of_limits, chosen) + run_all(questions_of_threads, chosen) +
        run_all(questions_of_start, chosen) + run_all(questions_of_languages, chosen);
    if (!count)
        fprintf(stderr, "probe: no question has \"%s\" in it\n", chosen);
    return count ? 0 : 2;
}
