// Linked only into programs that have a C++ library, so that it may be C++.
#include "osmem/interpose/cxx_refused.h"

#include <new>

#include "osmem/osmem.h"

extern "C" void *cxx_refused(size_t size, size_t alignment) {
    for (;;) {
        std::new_handler handler = std::get_new_handler();
        if (!handler)
            throw std::bad_alloc();
        handler();
        void *block = alignment ? os_aligned_alloc(alignment, size) : os_malloc(size);
        if (block)
            return block;
    }
}

extern "C" void *cxx_refused_nothrow(size_t size, size_t alignment, bool array) {
    std::align_val_t aligned{alignment};
    try {
        if (alignment)
            return array ? ::operator new[](size, aligned)
                         : ::operator new(size, aligned);
        return array ? ::operator new[](size) : ::operator new(size);
    } catch (...) {
        return nullptr;
    }
}
