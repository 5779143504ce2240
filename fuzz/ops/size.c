#include "fuzz/ops/size.h"

#define KIB       ((size_t)1024)
#define PAGE_SIZE ((size_t)4096)
#define HALF_BASE ((size_t)PTRDIFF_MAX - (size_t)56)
#define ANY_BITS  20

/* From 2^6 on, so far apart that the sizes around them do not overlap. */
static const size_t size_powers[16] = {
    64,       128,      256,      512,       KIB, 2 * KIB, 4 * KIB, 8 * KIB,
    16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB, 768, 3 * KIB, 5 * KIB, 12 * KIB,
};

bool size_is_any(struct op_size size) {
    uint32_t n = size.number & 1023;
    return size.class == SIZE_RARE && n >= RARE_ANY && n < RARE_MIDDLE;
}

/* base + number - reach, but not below 0: sizes on both sides of a base. */
static size_t size_around(size_t base, size_t number, size_t reach) {
    return base + number < reach ? 0 : base + number - reach;
}

static size_t size_rare(uint32_t number) {
    uint32_t n = number & 1023;
    if (n < RARE_HALF)
        return SIZE_MAX - n;
    if (n < RARE_HUGE)
        return HALF_BASE + (n - RARE_HALF);
    if (n < RARE_ANY)
        return 128 * KIB + 64 * KIB * (n - RARE_HUGE);
    if (n < RARE_MIDDLE)
        return (n - RARE_ANY) | (size_t)(number >> 10) << 4;
    return 9 * KIB + 8 * (n - RARE_MIDDLE);
}

size_t size_bytes(struct op_size size, const size_t *sizes, unsigned slot) {
    size_t n = size.number;
    switch (size.class) {
    case SIZE_BYTE:
        return n;
    case SIZE_EIGHT:
        return KIB + 8 * n;
    case SIZE_SIXTEEN:
        return 16 * n;
    case SIZE_PAGE:
        return size_around(PAGE_SIZE * (1 + (n >> 5)), n & 31, 16);
    case SIZE_POWER:
        return size_around(size_powers[n >> 6], n & 63, 32);
    case SIZE_SAME:
        return size_around(sizes ? sizes[slot] : 0, n, 512);
    case SIZE_LIKE:
        return size_around(sizes ? sizes[n >> 5] : 0, n & 31, 16);
    default:
        return size_rare(size.number);
    }
}

bool size_any(size_t bytes, struct op_size *size) {
    uint32_t low = (uint32_t)bytes & 15, high = (uint32_t)(bytes >> 4);
    *size = (struct op_size){SIZE_RARE, (RARE_ANY + low) | high << 10};
    return bytes >> ANY_BITS == 0;
}

/* The number in a class of steps from a base; above 1023 if there is none. */
static size_t size_step(size_t bytes, size_t base, size_t step) {
    return bytes < base || (bytes - base) % step ? SIZE_MAX : (bytes - base) / step;
}

static size_t size_power_number(size_t bytes) {
    for (size_t i = 0; i < 16; i++)
        if (bytes + 32 >= size_powers[i] && bytes + 32 - size_powers[i] < 64)
            return i << 6 | (bytes + 32 - size_powers[i]);
    return SIZE_MAX;
}

static size_t size_rare_number(size_t bytes) {
    if (bytes > SIZE_MAX - RARE_HALF)
        return SIZE_MAX - bytes;
    if (bytes >= HALF_BASE)
        return bytes - HALF_BASE < RARE_HUGE - RARE_HALF ? RARE_HALF + bytes - HALF_BASE
                                                         : SIZE_MAX;
    size_t huge = size_step(bytes, 128 * KIB, 64 * KIB);
    size_t middle = size_step(bytes, 9 * KIB, 8);
    if (huge < RARE_ANY - RARE_HUGE)
        return RARE_HUGE + huge;
    return middle < 1024 - RARE_MIDDLE ? RARE_MIDDLE + middle : SIZE_MAX;
}

static size_t size_number(enum size_class class, size_t bytes) {
    switch (class) {
    case SIZE_BYTE:
        return bytes;
    case SIZE_EIGHT:
        return size_step(bytes, KIB, 8);
    case SIZE_SIXTEEN:
        return size_step(bytes, 0, 16);
    case SIZE_PAGE: {
        size_t shifted = bytes - PAGE_SIZE + 16;
        return bytes < PAGE_SIZE - 16 || shifted % PAGE_SIZE >= 32
                   ? SIZE_MAX
                   : shifted / PAGE_SIZE << 5 | shifted % PAGE_SIZE;
    }
    case SIZE_POWER:
        return size_power_number(bytes);
    default:
        return size_rare_number(bytes);
    }
}

bool size_in_class(enum size_class class, size_t bytes, struct op_size *size) {
    if (class == SIZE_SAME || class == SIZE_LIKE)
        return false;
    size_t number = size_number(class, bytes);
    *size = (struct op_size){(uint8_t)class, (uint32_t)number};
    return number < 1024 || (class == SIZE_RARE && size_any(bytes, size));
}

bool size_from_bytes(size_t bytes, struct op_size *size) {
    for (int class = 0; class < SIZE_CLASSES; class ++)
        if (size_in_class((enum size_class) class, bytes, size))
            return true;
    return false;
}
