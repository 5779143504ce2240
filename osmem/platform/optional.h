/*
 * optional: functions that not every C library has, for the shared libraries.
 *
 * The linker notes with each reference the version of glibc that it found the function in, and the loader
 * refuses a library of which one version is not there, also where all references to it are weak.
 * An empty version is that of no function: the reference is linked without any, and is NULL where
 * the C library lacks the function. LLVM's linker refuses such a reference, and a static one never
 * finds the function: what is linked into programs has none.
 */
#ifndef OSMEM_PLATFORM_OPTIONAL_H
#define OSMEM_PLATFORM_OPTIONAL_H

/* After the declaration of `own`, a weak function: it is the C library's `name`. */
#define OPTIONAL(own, name) __asm__(".symver " #own ", " #name "@")

#endif
