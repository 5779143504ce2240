// A library in C++ for a program in C, whose search order has no C++ library.
#include <cstddef>
#include <new>

extern "C" __attribute__((visibility("default"))) const char *plugin_new(std::size_t size) {
    try {
        ::operator delete(::operator new(size));
        return "a block";
    } catch (const std::bad_alloc &) {
        return ::operator new(size, std::nothrow) ? "bad_alloc, then a block" : "bad_alloc and NULL";
    }
}
