/*
 * EXPECT: a check of our own work, on in every build but `-c opt`.
 *
 * For what only a mistake in osmem can break. What a user's bug or an attacker can break
 * is a finding (fault.def) and is checked in every build. The condition has no side
 * effects.
 */
#ifndef OSMEM_PLATFORM_EXPECT_H
#define OSMEM_PLATFORM_EXPECT_H

/* Writes to standard error what was expected and where, and ends the process by SIGABRT, whatever
 * locks are held: nothing that osmem says can be relied on any more. */
_Noreturn void expect_failed(const char *file, int line, const char *condition);

#ifdef NDEBUG
#define EXPECT(condition) ((void)sizeof(condition))
#else
#define EXPECT(condition) \
    ((condition) ? (void)0 : expect_failed(__FILE__, __LINE__, #condition))
#endif

#endif
