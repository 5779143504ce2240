/*
 *     mistakes NAME SIZE     commits one on blocks of SIZE bytes
 *     mistakes               lists them
 *
 * Prints "step: NAME" before each step, so that the last one printed is where the program
 * ended, and "harm: TEXT" for what the mistake led to. Exits 0 if it survives.
 */
#include "props/conformance/promises/mistakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const void *volatile seen;

char *hide(const void *pointer) {
    seen = pointer;
    return (char *)seen;
}

static void say(const char *what, const char *text) {
    char line[128];
    int length = snprintf(line, sizeof line, "%s: %s\n", what, text);
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        _exit(3);
}

void step(const char *name) {
    say("step", name);
}

void harm(const char *what) {
    say("harm", what);
}

void put(char *at) {
    for (int i = 0; i < 8; i++)
        ((volatile char *)at)[i] = 0x41;
}

char *left, *block, *right;

char *filled(size_t size) {
    char *fresh = hide(malloc(size));
    memset(fresh, FILL, size);
    return fresh;
}

void three(size_t size) {
    left = filled(size);
    block = filled(size);
    right = filled(size);
}

static int is_whole(const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != FILL)
            return 0;
    return 1;
}

void neighbours(size_t size) {
    if (!is_whole(left, size) || !is_whole(right, size))
        harm("a neighbour changed");
}

void others(size_t count, size_t size) {
    for (size_t i = 0; i < count; i++)
        free(hide(malloc(size)));
}

void twice(size_t size) {
    char *a = hide(malloc(size)), *b = hide(malloc(size));
    if (a == b)
        harm("the same memory was handed out twice");
}

/* No mistake. */
static void none(size_t size) {
    three(size);
    block = hide(realloc(block, size * 2));
    block = hide(realloc(block, size / 2));
    free(block);
    free(left);
    free(right);
    others(MANY, size);
    others(10, 0);
}

static const struct {
    const char *name;
    void (*commit)(size_t size);
} mistakes[] = {
    {"overflow-one", overflow_one},
    {"overflow-nul", overflow_nul},
    {"overflow-eight", overflow_eight},
    {"overflow-shrunk", overflow_shrunk},
    {"overflow-kept", overflow_kept},
    {"overflow-no-free", overflow_no_free},
    {"overflow-jump", overflow_jump},
    {"overflow-jump-often", overflow_jump_often},
    {"overread", overread},
    {"overread-often", overread_often},
    {"underflow-one", underflow_one},
    {"underflow-eight", underflow_eight},
    {"underflow-jump", underflow_jump},
    {"zero-written", zero_written},
    {"double-free-now", double_free_now},
    {"double-free-other-between", double_free_other_between},
    {"double-free-late", double_free_late},
    {"double-free-reused", double_free_reused},
    {"realloc-dead", realloc_dead},
    {"usable-size-dead", usable_size_dead},
    {"free-interior", free_interior},
    {"free-misaligned", free_misaligned},
    {"free-stack", free_stack},
    {"free-static", free_static},
    {"free-forged", free_forged},
    {"free-replayed", free_replayed},
    {"written-freed-few", written_freed_few},
    {"written-freed-many", written_freed_many},
    {"written-freed-then-exit", written_freed_then_exit},
    {"written-freed-first", written_freed_first},
    {"poisoned-link", poisoned_link},
    {"read-freed-often", read_freed_often},
    {"secret-freed", secret_freed},
    {"secret-reused", secret_reused},
    {"secret-shrunk", secret_shrunk},
    {"none", none},
};

int main(int argc, char **argv) {
    char *end = NULL;
    size_t size = argc == 3 ? strtoul(argv[2], &end, 10) : 0;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        if (argc == 1)
            puts(mistakes[i].name);
        else if (argc == 3 && size >= 24 && *end == '\0' &&
                 strcmp(argv[1], mistakes[i].name) == 0) {
            mistakes[i].commit(size);
            step("the exit");
            return 0;
        }
    }
    if (argc == 1)
        return 0;
    fputs("mistakes: expected NAME SIZE, of 24 bytes at least; without arguments it "
          "lists the "
          "names\n",
          stderr);
    return 2;
}
