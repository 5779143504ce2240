// The contract of C++ for operator new and delete: cxx QUESTION. Prints the answer.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

static volatile size_t huge = PTRDIFF_MAX;
static const std::align_val_t aligned{128};

template <class Call> static bool throws(Call call) {
    try {
        call();
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

static void refused() {
    int count = throws([] { ::operator new(huge); }) + throws([] { ::operator new[](huge); }) +
                throws([] { ::operator new(huge, aligned); }) +
                throws([] { ::operator new[](huge, aligned); });
    printf("%d of 4 throw", count);
}

static void refused_nothrow() {
    int count = !::operator new(huge, std::nothrow) + !::operator new[](huge, std::nothrow) +
                !::operator new(huge, aligned, std::nothrow) +
                !::operator new[](huge, aligned, std::nothrow);
    printf("%d of 4 give NULL", count);
}

static int calls;

static void clear_handler_at_third() {
    if (++calls == 3)
        std::set_new_handler(nullptr);
}

static void handler() {
    std::set_new_handler(clear_handler_at_third);
    bool thrown = throws([] { ::operator new(huge); });
    int first = calls;
    calls = 0;
    std::set_new_handler(clear_handler_at_third);
    bool null = !::operator new[](huge, std::nothrow);
    printf("%d calls and %s, %d calls and %s", first, thrown ? "bad_alloc" : "none", calls,
           null ? "NULL" : "a block");
}

static void throw_something() {
    throw std::bad_alloc();
}

static void throwing_handler() {
    std::set_new_handler(throw_something);
    bool thrown = throws([] { ::operator new(huge); });
    bool null = !::operator new(huge, std::nothrow) && !::operator new[](huge, aligned, std::nothrow);
    printf("%s, %s", thrown ? "bad_alloc" : "none", null ? "NULL" : "a block");
}

static void *reserve;

static void give_reserve() {
    ::operator delete(reserve);
    reserve = nullptr;
    std::set_new_handler(nullptr);
}

static void helpful_handler() {
    struct rlimit limits = {512 << 20, 512 << 20};
    setrlimit(RLIMIT_AS, &limits);
    reserve = ::operator new(300 << 20);
    std::set_new_handler(give_reserve);
    void *p = ::operator new(250 << 20);
    printf("%s, the reserve is %s", p ? "a block" : "NULL", reserve ? "kept" : "given");
}

struct alignas(64) wide {
    char bytes[192];
};

struct cookie {
    std::string text = "a text that is too long to be kept within";
    ~cookie() { text.clear(); }
};

struct polymorphic {
    virtual ~polymorphic() {}
    char bytes[40];
};

struct derived : polymorphic {
    char more[1000];
};

static void sized() {
    for (int i = 1; i < 200; i++) {
        delete[] new char[i];
        delete[] new cookie[i];
        delete[] new wide[i];
        delete new wide;
        delete new cookie;
        std::unique_ptr<polymorphic> p(new derived);
        std::vector<int> v(i * 100);
        v.push_back(1);
        v.shrink_to_fit();
        std::map<int, std::string> m;
        for (int k = 0; k < i; k++)
            m[k] = std::string(k, 'x');
    }
    auto shared = std::make_shared<derived>();
    ::operator delete(::operator new(77), std::nothrow);
    ::operator delete[](::operator new[](77, aligned), aligned, std::nothrow);
    printf("all freed");
}

static void mismatch() {
    void *volatile p = ::operator new(100);
    ::operator delete(p, size_t(1000));
    printf("not seen");
}

static void null() {
    void *volatile nothing = nullptr;
    ::operator delete(nothing);
    ::operator delete[](nothing, size_t(8));
    ::operator delete(nothing, size_t(8), aligned);
    printf("nothing");
}

static void zero() {
    void *volatile a = ::operator new(0), *volatile b = ::operator new(0);
    printf("%s", a && b && a != b ? "unique" : "not unique");
}

struct failing {
    char bytes[500];
    failing() { throw std::runtime_error("no"); }
};

static void constructor_throws() {
    int caught = 0;
    for (int i = 0; i < 1000; i++)
        try {
            delete (i % 2 ? new failing : new (std::nothrow) failing);
        } catch (const std::runtime_error &) {
            caught++;
        }
    printf("%d caught", caught);
}

static void alignments() {
    int wrong = 0;
    for (size_t alignment = 1; alignment <= 1 << 16; alignment *= 2) {
        void *p = ::operator new(100, std::align_val_t{alignment});
        wrong += uintptr_t(p) % alignment != 0;
        ::operator delete(p, size_t(100), std::align_val_t{alignment});
    }
    printf("%d wrong", wrong);
}

static void threads() {
    std::vector<std::thread> all;
    std::vector<int> seen(4);
    for (int t = 0; t < 4; t++)
        all.emplace_back([t, &seen] {
            std::map<int, std::string> m;
            for (int i = 0; i < 20000; i++)
                m[i % 500] = std::to_string(i) + std::string(i % 70, 'y');
            for (auto &entry : m)
                seen[t] += int(entry.second.find('y') != std::string::npos);
        });
    for (auto &thread : all)
        thread.join();
    printf("%d %d %d %d", seen[0], seen[1], seen[2], seen[3]);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*ask)();
    } questions[] = {{"refused", refused},
                     {"refused_nothrow", refused_nothrow},
                     {"handler", handler},
                     {"throwing_handler", throwing_handler},
                     {"helpful_handler", helpful_handler},
                     {"sized", sized},
                     {"mismatch", mismatch},
                     {"null", null},
                     {"zero", zero},
                     {"constructor_throws", constructor_throws},
                     {"alignments", alignments},
                     {"threads", threads}};
    for (auto &question : questions)
        if (argc > 1 && strcmp(argv[1], question.name) == 0) {
            question.ask();
            return 0;
        }
    fputs("usage: cxx QUESTION\n", stderr);
    return 2;
}
