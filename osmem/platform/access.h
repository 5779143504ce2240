/* access: what the processor was doing when it was stopped; as far as its signal frame shows. */
#ifndef OSMEM_PLATFORM_ACCESS_H
#define OSMEM_PLATFORM_ACCESS_H

/* "a write", "a read" or "an access"; `context` is a signal handler's third argument. */
const char *access_kind(const void *context);

/* The instruction, or NULL. */
const void *access_instruction(const void *context);

#endif
