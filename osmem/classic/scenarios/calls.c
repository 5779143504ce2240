/*
 * calls: makes the calls of one scenario, each an argument, and prints each result.
 *
 *     calls "a = malloc 100" "free a" ...
 *
 * One line a call, by one write(2) after it: "= ", the result, errno, and what is wrong
 * with the contents. Uses no allocator but the four functions, so that every system call
 * between two lines is theirs.
 */
#define _DEFAULT_SOURCE /* sbrk */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void *os_malloc(size_t size);
void *os_calloc(size_t count, size_t size);
void *os_realloc(void *address, size_t size);
void os_free(void *address);

struct block {
    unsigned char *address;
    size_t size;
};

static struct block blocks[128]; /* by name; '-' is never set */

static const char *check_bytes(const unsigned char *at, size_t length, int expected,
                               const char *complaint) {
    for (size_t i = 0; i < length; i++)
        if (at[i] != expected)
            return complaint;
    return "";
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Makes one call; returns what is wrong with the contents, or "". */
static const char *make_call(const char *call, struct block *result) {
    char name, from;
    long a, b;
    const char *wrong = "";
    if (sscanf(call, "%c = malloc %ld", &name, &a) == 2) {
        *result = (struct block){os_malloc((size_t)a), (size_t)a};
    } else if (sscanf(call, "%c = calloc %lu %lu", &name, (unsigned long *)&a,
                      (unsigned long *)&b) == 3) {
        *result = (struct block){os_calloc((size_t)a, (size_t)b), (size_t)(a * b)};
        if (result->address)
            wrong = check_bytes(result->address, result->size, 0, " not zeroed");
    } else if (sscanf(call, "%c = realloc %c %ld", &name, &from, &a) == 3) {
        struct block old = blocks[(unsigned char)from];
        *result = (struct block){os_realloc(old.address, (size_t)a), (size_t)a};
        if (result->address)
            wrong = check_bytes(result->address, smaller(old.size, (size_t)a), from,
                                " contents lost");
        else if (a != 0 && old.address && errno == ENOMEM)
            wrong = check_bytes(old.address, old.size, from, " contents lost");
    } else if (sscanf(call, "free %c", &from) == 1) {
        os_free(blocks[(unsigned char)from].address);
        return wrong;
    } else if (sscanf(call, "sbrk %ld", &a) == 1) {
        result->address = sbrk(a);
        return wrong;
    } else {
        return " is no call";
    }
    if (result->address) {
        memset(result->address, name, result->size);
        blocks[(unsigned char)name] = *result;
    }
    return wrong;
}

int main(int argc, char **argv) {
    char line[64];
    if (write(STDOUT_FILENO, "start\n", 6) != 6) /* ends the system calls of the loader */
        return 1;
    for (int i = 1; i < argc; i++) {
        struct block result = {NULL, 0};
        errno = 0;
        const char *wrong = make_call(argv[i], &result);
        const char *error = errno == ENOMEM   ? " ENOMEM"
                            : errno == EINVAL ? " EINVAL"
                            : errno           ? " errno"
                                              : "";
        int length = snprintf(line, sizeof line, "= %p%s%s\n", (void *)result.address,
                              error, wrong);
        if (write(STDOUT_FILENO, line, (size_t)length) != length)
            return 1;
    }
    return 0;
}
