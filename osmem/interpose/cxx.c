/*
 * cxx: the twenty replaceable forms of operator new and delete, by their mangled names,
 * so that the C++ library is not needed.
 *
 * C++ lets a program replace some forms and defines which others then follow: an array
 * form calls the single one, a sized or nothrow delete the plain one. So each form that
 * is not basic first checks whether the basic one is still ours, and if so serves the
 * request itself.
 *
 *   w  new       a  new[]                    m  size_t
 *   dl delete    da delete[]    Pv void *    St11align_val_t  RKSt9nothrow_t
 */
#include <stdbool.h>
#include <stddef.h>

#include "osmem/interpose/cxx_refused.h"
#include "osmem/osmem.h"

/* Weak: a definition in the program takes precedence over the archive's. */
#define CXX_API       OS_API __attribute__((weak))
#define CXX_IS(basic) OS_API __attribute__((weak, alias(#basic)))

struct nothrow;

/* ---- the basic forms ---- */

__attribute__((used)) static void *cxx_new(size_t size) {
    void *block = os_malloc(size);
    return block ? block : cxx_refused(size, 0);
}

__attribute__((used)) static void *cxx_new_aligned(size_t size, size_t alignment) {
    void *block = os_aligned_alloc(alignment, size);
    return block ? block : cxx_refused(size, alignment);
}

__attribute__((used)) static void cxx_delete(void *block) {
    os_free(block);
}

__attribute__((used)) static void cxx_delete_aligned(void *block, size_t alignment) {
    (void)alignment;
    os_free(block);
}

CXX_IS(cxx_new) void *_Znwm(size_t size);
CXX_IS(cxx_new_aligned) void *_ZnwmSt11align_val_t(size_t size, size_t alignment);
CXX_IS(cxx_delete) void _ZdlPv(void *block);
CXX_IS(cxx_delete_aligned) void _ZdlPvSt11align_val_t(void *block, size_t alignment);

CXX_IS(cxx_new_array) void *_Znam(size_t size);
CXX_IS(cxx_new_array_aligned)
void *_ZnamSt11align_val_t(size_t size, size_t alignment);
CXX_IS(cxx_delete_array) void _ZdaPv(void *block);
CXX_IS(cxx_delete_array_aligned)
void _ZdaPvSt11align_val_t(void *block, size_t alignment);

/* ---- the forms of arrays ---- */

__attribute__((used)) static void *cxx_new_array(size_t size) {
    return _Znwm(size);
}

__attribute__((used)) static void *cxx_new_array_aligned(size_t size, size_t alignment) {
    return _ZnwmSt11align_val_t(size, alignment);
}

__attribute__((used)) static void cxx_delete_array(void *block) {
    _ZdlPv(block);
}

__attribute__((used)) static void cxx_delete_array_aligned(void *block,
                                                           size_t alignment) {
    _ZdlPvSt11align_val_t(block, alignment);
}

/* ---- whether the basic form is still ours ---- */

static bool cxx_new_is_ours(bool array) {
    return _Znwm == cxx_new && (!array || _Znam == cxx_new_array);
}

static bool cxx_new_aligned_is_ours(bool array) {
    return _ZnwmSt11align_val_t == cxx_new_aligned &&
           (!array || _ZnamSt11align_val_t == cxx_new_array_aligned);
}

static bool cxx_delete_is_ours(bool array) {
    return _ZdlPv == cxx_delete && (!array || _ZdaPv == cxx_delete_array);
}

static bool cxx_delete_aligned_is_ours(bool array) {
    return _ZdlPvSt11align_val_t == cxx_delete_aligned &&
           (!array || _ZdaPvSt11align_val_t == cxx_delete_array_aligned);
}

/* ---- nothrow new ---- */

static void *cxx_new_nothrow(size_t size, bool array) {
    void *block = cxx_new_is_ours(array) ? os_malloc(size) : NULL;
    return block ? block : cxx_refused_nothrow(size, 0, array);
}

static void *cxx_new_aligned_nothrow(size_t size, size_t alignment, bool array) {
    void *block =
        cxx_new_aligned_is_ours(array) ? os_aligned_alloc(alignment, size) : NULL;
    return block ? block : cxx_refused_nothrow(size, alignment, array);
}

CXX_API void *_ZnwmRKSt9nothrow_t(size_t size, const struct nothrow *tag) {
    (void)tag;
    return cxx_new_nothrow(size, false);
}

CXX_API void *_ZnamRKSt9nothrow_t(size_t size, const struct nothrow *tag) {
    (void)tag;
    return cxx_new_nothrow(size, true);
}

CXX_API void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment,
                                                 const struct nothrow *tag) {
    (void)tag;
    return cxx_new_aligned_nothrow(size, alignment, false);
}

CXX_API void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment,
                                                 const struct nothrow *tag) {
    (void)tag;
    return cxx_new_aligned_nothrow(size, alignment, true);
}

/* ---- sized delete ---- */

CXX_API void _ZdlPvm(void *block, size_t size) {
    if (cxx_delete_is_ours(false))
        os_free_sized(block, size);
    else
        _ZdlPv(block);
}

CXX_API void _ZdaPvm(void *block, size_t size) {
    if (cxx_delete_is_ours(true))
        os_free_sized(block, size);
    else
        _ZdaPv(block);
}

CXX_API void _ZdlPvmSt11align_val_t(void *block, size_t size, size_t alignment) {
    if (cxx_delete_aligned_is_ours(false))
        os_free_aligned_sized(block, alignment, size);
    else
        _ZdlPvSt11align_val_t(block, alignment);
}

CXX_API void _ZdaPvmSt11align_val_t(void *block, size_t size, size_t alignment) {
    if (cxx_delete_aligned_is_ours(true))
        os_free_aligned_sized(block, alignment, size);
    else
        _ZdaPvSt11align_val_t(block, alignment);
}

/* ---- nothrow delete, which a constructor that throws calls ---- */

CXX_API void _ZdlPvRKSt9nothrow_t(void *block, const struct nothrow *tag) {
    (void)tag;
    _ZdlPv(block);
}

CXX_API void _ZdaPvRKSt9nothrow_t(void *block, const struct nothrow *tag) {
    (void)tag;
    _ZdaPv(block);
}

CXX_API void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *block, size_t alignment,
                                                 const struct nothrow *tag) {
    (void)tag;
    _ZdlPvSt11align_val_t(block, alignment);
}

CXX_API void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *block, size_t alignment,
                                                 const struct nothrow *tag) {
    (void)tag;
    _ZdaPvSt11align_val_t(block, alignment);
}
