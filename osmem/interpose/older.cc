// operator new where memory is refused: the new_handler is called, and its help counts; without one,
// std::bad_alloc is thrown.
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <new>

static int calls;

static void limit(rlim_t most) {
    struct rlimit both;
    getrlimit(RLIMIT_AS, &both);
    both.rlim_cur = most;
    setrlimit(RLIMIT_AS, &both);
}

static void help() {
    if (++calls == 2)
        limit(RLIM_INFINITY);
}

template <typename... Alignment> static bool is_thrown(Alignment... alignment) {
    try {
        ::operator new(SIZE_MAX / 2, alignment...);
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

int main() {
    bool thrown = is_thrown() && is_thrown(std::align_val_t{64});
    limit(256 << 20);
    std::set_new_handler(help);
    void *block = ::operator new(512 << 20);
    ::operator delete(block);
    std::puts(thrown && block && calls == 2 ? "as C++ says" : "not as C++ says");
}
