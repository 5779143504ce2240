// A program that replaces only the basic forms; the others must call them.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

static int taken, given;

// A block of this pool is no block of malloc.
void *operator new(size_t size) {
    taken++;
    char *block = static_cast<char *>(malloc(size + 64));
    if (!block)
        throw std::bad_alloc();
    return block + 64;
}

void operator delete(void *block) noexcept {
    given++;
    if (block)
        free(static_cast<char *>(block) - 64);
}

void *operator new(size_t size, std::align_val_t) {
    return operator new(size);
}

void operator delete(void *block, std::align_val_t) noexcept {
    operator delete(block);
}

int main() {
    const std::align_val_t aligned{32};
    operator delete(operator new(10), size_t(10));
    operator delete[](operator new[](10));
    operator delete[](operator new[](10), size_t(10));
    operator delete(operator new(10, std::nothrow), std::nothrow);
    operator delete[](operator new[](10, std::nothrow), std::nothrow);
    operator delete(operator new(10, aligned), size_t(10), aligned);
    operator delete[](operator new[](10, aligned), size_t(10), aligned);
    operator delete[](operator new[](10, aligned, std::nothrow), aligned, std::nothrow);
    bool null = !operator new[](size_t(-1) / 2 - 100, std::nothrow);
    printf("%d taken, %d given, %s", taken, given, null ? "NULL" : "a block");
}
