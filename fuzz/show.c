/*
 * show: what a program does, told in full.
 *
 *     bazel run //fuzz:show -- FILE              a program, text or bytes
 *     bazel run //fuzz:show -- --compile FILE OUT   text to bytes
 *
 * Prints the program as text, what the rig says of it, and a program in C that makes the
 * same calls by itself, after it was compiled and run. Exits 1 if the program fails, 2
 * for bad input.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/explain/c_program.h"
#include "fuzz/ops/text.h"
#include "fuzz/rig/run.h"
#include "fuzz/subject/osmem_subject.h"

enum {
    CALLS_MAX = 1 << 16,
    PROGRAM_MAX = 1 << 20,
};

/* Shared with the process that runs the program, which may not live to the end. */
struct transcript {
    struct rig_call call[CALLS_MAX];
    size_t calls;
    size_t checked;
    bool finished;
    struct rig_failure failure;
};

static void note_call(void *context, const struct rig_call *call) {
    struct transcript *transcript = context;
    if (transcript->calls < CALLS_MAX)
        transcript->call[transcript->calls++] = *call;
}

/* Runs the program in a process of its own; the signal that ended it, or 0. */
static int run(struct transcript *transcript, const uint8_t *bytes, size_t length) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        static struct machine machine;
        static struct rig rig;
        if (!machine_open(&machine))
            _exit(2);
        rig_init(&rig, &osmem_subject, &machine);
        rig.on_call = note_call;
        rig.context = transcript;
        rig_run(&rig, bytes, length);
        transcript->failure = rig.failure;
        transcript->checked = rig.checked;
        transcript->finished = true;
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return SIGKILL;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static size_t failed_operation(const struct transcript *transcript) {
    if (transcript->finished)
        return transcript->failure.oracle ? transcript->failure.operation : SIZE_MAX;
    return transcript->calls ? transcript->call[transcript->calls - 1].operation : 0;
}

/* Prints what the rig says; true if the program failed. */
static bool tell(const struct transcript *transcript, int number) {
    const struct rig_failure *failure = &transcript->failure;
    if (!transcript->finished) {
        printf("died of %s at operation %zu\n", strsignal(number),
               failed_operation(transcript));
        return true;
    }
    if (!failure->oracle) {
        printf("passes: %zu operations checked\n", transcript->checked);
        return false;
    }
    printf("%s: operation %zu\n  expected: %s\n  found:    %s\n", failure->oracle,
           failure->operation, failure->expected, failure->found);
    return true;
}

/* Compiles the C program and runs it, then shows it. */
static void show_c_program(const struct transcript *transcript, bool fails) {
    char folder[] = "/tmp/osmem-show-XXXXXX", source[64], command[512];
    const char *library = getenv("SHOW_LIBRARY"), *include = getenv("SHOW_INCLUDE");
    if (!library || !include || !mkdtemp(folder)) {
        puts("no C program: started otherwise than by bazel run");
        return;
    }
    snprintf(source, sizeof source, "%s/program.c", folder);
    FILE *to = fopen(source, "w");
    if (!to)
        return;
    c_program_write(to, fails ? "fails where the allocator is wrong" : "passes",
                    transcript->call, transcript->calls);
    fclose(to);
    snprintf(command, sizeof command,
             "clang-19 -w -O1 -g -I'%s' %s -o %s/program '%s' -Wl,-rpath,'%.*s' -ldl",
             include, source, folder, library, (int)(strrchr(library, '/') - library),
             library);
    if (system(command) != 0) {
        printf("the C program in %s does not compile\n", source);
        return;
    }
    snprintf(command, sizeof command, "%s/program", folder);
    int status = system(command);
    bool failed = status != 0;
    printf("\nthe C program below %s alone%s:\n  %s\n  %s\n\n",
           failed ? "FAILS" : "passes",
           fails && !failed ? "; what it met needs the rig's kernel in a box" : "",
           source, "clang-19 -I. program.c libosmem_core.so");
    FILE *from = fopen(source, "r");
    for (int c; from && (c = getc(from)) != EOF;)
        putchar(c);
    if (from)
        fclose(from);
}

int main(int argc, char **argv) {
    static uint8_t bytes[PROGRAM_MAX];
    if (argc != 2) {
        fputs("usage: show FILE | show --compile FILE OUT\n", stderr);
        return 2;
    }
    FILE *from = fopen(argv[1], "rb");
    if (!from) {
        fprintf(stderr, "show: %s: %s\n", argv[1], strerror(errno));
        return 2;
    }
    size_t length = fread(bytes, 1, sizeof bytes, from);
    fclose(from);
    struct transcript *transcript = mmap(NULL, sizeof *transcript, PROT_READ | PROT_WRITE,
                                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (transcript == MAP_FAILED)
        return 2;
    int number = run(transcript, bytes, length);
    text_print(stdout, bytes, length, failed_operation(transcript));
    putchar('\n');
    bool fails = tell(transcript, number);
    show_c_program(transcript, fails);
    return fails;
}
