/*
 * show: runs one program and shows all about it.
 *
 *     bazel run //fuzz:show -- [--bytes] [--on=SUBJECT[,SUBJECT...]] FILE
 *     bazel run //fuzz:show -- --compile FILE OUT       text to bytes
 *
 * Runs a program, text or bytes, on osmem or on the named subjects in lockstep. Prints it
 * as text, then the rig's verdict, then a C program that makes the same calls without the
 * rig, which it compiles and runs. Exits 1 if the program fails, 2 for bad input.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/explain/c_program.h"
#include "fuzz/ops/reader.h"
#include "fuzz/ops/text.h"
#include "fuzz/rig/watch.h"
#include "fuzz/subject/classic_subject.h"
#include "fuzz/subject/libc_subject.h"
#include "fuzz/subject/osmem_subject.h"
#include "fuzz/subject/subjects.h"

/* Shared with the child that runs the program, which may crash. */
struct shown {
    struct c_program_calls calls[LOCKSTEP_MAX];
    unsigned at; /* the subject of the last call, or the one that failed */
    size_t checked;
    bool finished;
    struct rig_failure failure;
};

static struct shown *shown;

static void note_call(void *context, const struct rig_call *call) {
    shown->at = (unsigned)((struct c_program_calls *)context - shown->calls);
    c_program_note(context, call);
}

static struct lockstep lockstep;

static void note_failure(void) {
    shown->at = (unsigned)(lockstep.failed - lockstep.rig);
    shown->failure = lockstep.failed->failure;
}

/* An operation does not return: ends this process, which is the child. */
static void stuck(void) {
    note_failure();
    shown->finished = true;
    _exit(0);
}

/* Runs the program in this process and records the result. */
static void run(const struct subject *const *subjects, unsigned count,
                const uint8_t *bytes, size_t length) {
    static struct machine machines[LOCKSTEP_MAX];
    for (unsigned i = 0; i < count; i++)
        if (!machine_open(&machines[i]))
            _exit(2);
    lockstep_init(&lockstep, subjects, machines, count);
    for (unsigned i = 0; i < count; i++) {
        lockstep.rig[i].checks_fit = true;
        lockstep.rig[i].on_call = note_call;
        lockstep.rig[i].context = &shown->calls[i];
    }
    watch_begin(&lockstep, watch_limit(), stuck);
    lockstep_run(&lockstep, bytes, length);
    watch_end();
    if (lockstep.failed)
        note_failure();
    shown->checked = lockstep_checked(&lockstep);
    shown->finished = true;
}

/* Runs the program in a child. Returns the signal that ended it, or 0. */
static int run_apart(const struct subject *const *subjects, unsigned count,
                     const uint8_t *bytes, size_t length) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        run(subjects, count, bytes, length);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return SIGKILL;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static size_t failed_operation(void) {
    const struct c_program_calls *calls = &shown->calls[shown->at];
    if (shown->finished)
        return shown->failure.oracle ? shown->failure.operation : SIZE_MAX;
    return calls->count ? calls->call[calls->count - 1].operation : 0;
}

/* Prints the rig's verdict; true if the program failed. */
static bool print_result(const char *subject, int number) {
    const struct rig_failure *failure = &shown->failure;
    if (!shown->finished) {
        printf("%s: died of %s at operation %zu\n", subject, strsignal(number),
               failed_operation());
        return true;
    }
    if (!failure->oracle) {
        printf("passes: %zu operations checked\n", shown->checked);
        return false;
    }
    printf("%s: %s: operation %zu\n  expected: %s\n  found:    %s\n", subject,
           failure->oracle, failure->operation, failure->expected, failure->found);
    return true;
}

/* Compiles the C program, runs it, and prints it. */
static void show_c_program(const struct subject *subject, bool fails) {
    char source[PATH_MAX], program[PATH_MAX], command[5 * PATH_MAX];
    const char *include = getenv("SHOW_INCLUDE"), *folder = getenv("SHOW_FOLDER");
    const char *library =
        getenv(subject == &classic_subject ? "SHOW_CLASSIC" : "SHOW_OSMEM");
    if (subject == &libc_subject)
        return;
    if (!library || !include || !folder) {
        puts("no C program: show was not started by bazel run");
        return;
    }
    snprintf(source, sizeof source, "%s/program.c", folder);
    snprintf(program, sizeof program, "%s/program", folder);
    mkdir(folder, 0777); /* if this fails, so does what follows */
    FILE *to = fopen(source, "w");
    if (!to) {
        printf("no C program: %s: %s\n", source, strerror(errno));
        return;
    }
    c_program_write(to, fails ? "fails where the allocator is wrong" : "passes", subject,
                    &shown->calls[shown->at]);
    fclose(to);
    snprintf(command, sizeof command,
             "clang-19 -w -O1 -g -I'%s' '%s' -o '%s' '%s' -Wl,-rpath,'%.*s' -ldl",
             include, source, program, library, (int)(strrchr(library, '/') - library),
             library);
    if (system(command) != 0) {
        printf("the C program in %s does not compile\n", source);
        return;
    }
    snprintf(command, sizeof command, "ulimit -t %u; exec '%s'", watch_limit() / 1000,
             program);
    int status = system(command);
    bool failed = status != 0;
    printf("\nthe C program below %s alone%s:\n  %s\n  clang-19 -I. program.c %s\n\n",
           failed ? "FAILS" : "passes",
           fails && !failed ? "; the failure needs the rig's simulated kernel" : "",
           source, strrchr(library, '/') + 1);
    FILE *from = fopen(source, "r");
    for (int c; from && (c = getc(from)) != EOF;)
        putchar(c);
    if (from)
        fclose(from);
}

int main(int argc, char **argv) {
    static uint8_t bytes[READER_MAX];
    const struct subject *subjects[LOCKSTEP_MAX] = {&osmem_subject};
    size_t length;
    bool as_bytes = argc > 1 && strcmp(argv[1], READER_BYTES) == 0;
    argc -= as_bytes, argv += as_bytes;
    bool chosen = argc == 3 && strncmp(argv[1], "--on=", 5) == 0;
    unsigned count = chosen ? subjects_list(argv[1] + 5, subjects, LOCKSTEP_MAX) : 1;
    if (argc != 2 + chosen || count == 0) {
        fputs("show: expected [--bytes] [--on=SUBJECT,...] FILE, each SUBJECT once "
              "of " SUBJECTS_NAMES "\n",
              stderr);
        return 2;
    }
    if (!reader_read(argv[argc - 1], as_bytes, bytes, &length))
        return 2;
    shown = mmap(NULL, sizeof *shown, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                 -1, 0);
    if (shown == MAP_FAILED)
        return 2;
    int number = run_apart(subjects, count, bytes, length);
    text_print(stdout, bytes, length, failed_operation());
    putchar('\n');
    bool fails = print_result(subjects[shown->at]->name, number);
    show_c_program(subjects[shown->at], fails);
    return fails;
}
