/*
 * recorded: the four functions over a classic heap whose kernel calls are printed as
 * strace prints them, in place of libosmem.so.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "osmem/classic/classic.h"

void *os_malloc(size_t size);
void *os_calloc(size_t count, size_t size);
void *os_realloc(void *address, size_t size);
void os_free(void *address);

static struct os_kernel real, recording;
static struct classic heap;

__attribute__((format(printf, 1, 2))) static void print_call(const char *format, ...) {
    char line[160];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        _exit(1);
}

static void *recording_sbrk(struct os_kernel *kernel, intptr_t increment) {
    (void)kernel;
    char *old = real.sbrk(&real, increment);
    if (increment)
        print_call("brk(%p) = %p\n", (void *)(old + increment),
                   (void *)(old + increment));
    else
        print_call("brk(NULL) = %p\n", (void *)old);
    return old;
}

static void *recording_mmap(struct os_kernel *kernel, size_t length, int protection) {
    (void)kernel;
    void *address = real.mmap(&real, length, protection);
    const char *requested = protection == (PROT_READ | PROT_WRITE)
                                ? "PROT_READ|PROT_WRITE"
                                : "other protection";
    print_call("mmap(NULL, %zu, %s, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ", length,
               requested);
    if (address == MAP_FAILED)
        print_call("-1\n");
    else
        print_call("%p\n", address);
    return address;
}

static int recording_munmap(struct os_kernel *kernel, void *address, size_t length) {
    (void)kernel;
    int result = real.munmap(&real, address, length);
    print_call("munmap(%p, %zu) = %d\n", address, length, result);
    return result;
}

static struct classic *start(void) {
    if (!heap.kernel) {
        sys_real_kernel(&real);
        recording = (struct os_kernel){.sbrk = recording_sbrk,
                                       .mmap = recording_mmap,
                                       .munmap = recording_munmap,
                                       .page = real.page};
        classic_init(&heap, &recording, false);
    }
    return &heap;
}

void *os_malloc(size_t size) {
    return classic_malloc(start(), size);
}

void *os_calloc(size_t count, size_t size) {
    return classic_calloc(start(), count, size);
}

void *os_realloc(void *address, size_t size) {
    return classic_realloc(start(), address, size);
}

void os_free(void *address) {
    classic_free(start(), address);
}
