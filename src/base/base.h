/* What every file may use: attributes and two macros.  No types, no functions. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MUSTCHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define UNUSED __attribute__((unused))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The struct that has `member` at `ptr`. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/*
 * INVARIANT(x): what our own code guarantees; stays on in production.
 * Never on what a peer, a file or a user sent: those get an error.
 */
#define INVARIANT(x)                                                                               \
	do {                                                                                       \
		if (__builtin_expect(!(x), 0)) {                                                   \
			fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #x);  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
