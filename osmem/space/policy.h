/*
 * policy: every threshold and step of space and arena, so that a measurement changes one line.
 *
 * All in bytes unless the name says otherwise.
 */
#ifndef OSMEM_SPACE_POLICY_H
#define OSMEM_SPACE_POLICY_H

#include <stddef.h>

/* What the first small request takes from the break. */
#define POLICY_PREALLOCATION ((size_t)128 << 10)
/* What each later growth takes at least. */
#define POLICY_GROWTH ((size_t)128 << 10)
/* Blocks from this size on get a mapping of their own. */
#define POLICY_LARGE ((size_t)128 << 10)
/* So many smaller blocks get one at a time, where the caller asks for it. */
#define POLICY_GUARDED 4096
/* In front of blocks that end at a guard page lie fewer inaccessible pages than this; how many is
 * random. */
#define POLICY_GAP_PAGES 16
/* So many live large blocks have guard pages, each of which splits a mapping in three: the system
 * allows 65,530 in a process (vm.max_map_count). Those beyond lie side by side in one. */
#define POLICY_GUARDED_LARGE 8192
/* Freed mappings are kept for reuse only in a program that has freed so many large blocks: in one that
 * frees few, each access to a freed one is stopped. The help of `reuse` and docs/PROMISES.md say it. */
#define POLICY_REUSE_AFTER 64
/* Each time that so many more were freed, the one that was kept longest is given back. */
#define POLICY_REUSE_DECAY 256
/* For so many frees of one size it is taken that its blocks touch the same pages. */
#define POLICY_RELEARN 64
/* In a program that has page faults all the time, up to so many frees of one size pass until they are
 * counted again. */
#define POLICY_FAULTS_PAUSE 63
/* A large block that grows has address space in reserve behind it: a half of its size, and of the address space that the
 * process may have no more than a share. */
#define POLICY_RESERVE_SHARE 16
/* An access so far behind the last block of a span is taken for one behind that block. */
#define POLICY_LOCATE ((size_t)64 << 10)
/* A free block of this size at the top of the break is given back ... */
#define POLICY_TRIM_AT ((size_t)1 << 20)
/* ... but for this much of it. */
#define POLICY_TRIM_KEEP ((size_t)256 << 10)
/* os_trim gives back the pages of free blocks from this size on. */
#define POLICY_DISCARD ((size_t)64 << 10)

/*
 * What is reserved for the heap's own tables, and for spans: so much, less where it is refused, and no
 * more than a share of the address space that the process may have (1 / so many).
 */
/* A tag plane, twice as much for each further span; the share has tags for all of the rest. */
#define POLICY_PLANE       ((size_t)64 << 20)
#define POLICY_PLANE_LEAST ((size_t)64 << 10)
#define POLICY_PLANE_SHARE 16
/* A span where the break cannot grow, twice as much for each further one. */
#define POLICY_SPAN       ((size_t)64 << 20)
#define POLICY_SPAN_LEAST ((size_t)256 << 10)
#define POLICY_SPAN_SHARE 8
/* The registry of large blocks, for 400,000 of them ... */
#define POLICY_REGISTRY       ((size_t)32 << 20)
#define POLICY_REGISTRY_LEAST ((size_t)64 << 10)
#define POLICY_REGISTRY_SHARE 64
/* ... and the page map, a page for each 4 MiB in which large blocks start. */
#define POLICY_PAGE_MAP       ((size_t)64 << 20)
#define POLICY_PAGE_MAP_LEAST ((size_t)64 << 10)
#define POLICY_PAGE_MAP_SHARE 64
/* Guarded regions are committed in steps of this. */
#define POLICY_COMMIT ((size_t)16 << 10)

#endif
