/*
 * A just-in-time compiler: generated code without frame information calls into C,
 * which releases that code and then allocates (the frame never returns). Recording
 * call sites (paranoid) and reports must not read the unmapped code.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
static jmp_buf back;
static void *kept;
static void __attribute__((noinline)) release_and_allocate(void *code) {
    munmap(code, 4096);
    kept = malloc(40);
    longjmp(back, 1);
}
int main(void) {
    for (int i = 0; i < 100; i++) {
        unsigned char *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        /* sub rsp, 8; mov rdi, code; mov rax, function; call rax */
        unsigned char text[] = {0x48, 0x83, 0xec, 8, 0x48, 0xbf, 0,    0,    0,
                                0,    0,    0,    0, 0,    0x48, 0xb8, 0,    0,
                                0,    0,    0,    0, 0,    0,    0xff, 0xd0, 0xcc};
        void *target = (void *)release_and_allocate;
        memcpy(text + 6, &code, 8);
        memcpy(text + 16, &target, 8);
        memcpy(code, text, sizeof text);
        if (!setjmp(back))
            ((void (*)(void))code)();
        free(kept);
    }
    return 0;
}
