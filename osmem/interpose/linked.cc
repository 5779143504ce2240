// The same in C++.
#include <cstdint>
#include <cstdio>
#include <map>
#include <new>
#include <string>

#include "osmem.h"

static volatile size_t huge = PTRDIFF_MAX;
static int calls;

static void handler() {
    if (++calls == 2)
        std::set_new_handler(nullptr);
}

int main() {
    struct os_stats before, after;
    os_stats(&before);
    std::map<int, std::string> map;
    for (int i = 0; i < 100; i++)
        map[i] = std::string(100, 'x');
    os_stats(&after);
    bool ours = after.blocks_in_use - before.blocks_in_use >= 200;
    std::set_new_handler(handler);
    try {
        ::operator delete(::operator new(huge));
        ours = false;
    } catch (const std::bad_alloc &) {
    }
    bool null = !::operator new[](huge, std::nothrow);
    puts(ours && calls == 2 && null ? "osmem" : "another");
    return os_check(nullptr) ? 0 : 1;
}
