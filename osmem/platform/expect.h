/*
 * EXPECT: a check of our own work, on in every build but `-c opt`.
 *
 * For what only a mistake in osmem can break. What a user's bug or an attacker can break
 * is a fault (fault.def) and is checked in every build. The condition has no side
 * effects.
 */
#ifndef OSMEM_PLATFORM_EXPECT_H
#define OSMEM_PLATFORM_EXPECT_H

#include "osmem/platform/fault.h"

#ifdef NDEBUG
#define EXPECT(condition) ((void)sizeof(condition))
#else
#define EXPECT(condition) \
    ((condition) ? (void)0 : fault_expectation(__FILE__, __LINE__, #condition))
#endif

#endif
