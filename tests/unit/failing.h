/*
 * failing: memory that runs out at a call of the test's choice, and is counted.
 *
 * The Makefile links a test that includes this with --wrap, so that what our own objects ask
 * for comes through here; what the libraries below ask for doesn't, but for the codecs' states.
 */
#ifndef TESTS_UNIT_FAILING_H
#define TESTS_UNIT_FAILING_H

#include <libdeflate.h>
#include <lz4frame.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <zstd.h>

static struct {
	bool armed;    /* calls are counted, and fail */
	bool lasting;  /* from the call on, not that one alone */
	uint64_t at;   /* the call that fails, from 1 */
	uint64_t calls;
	uint64_t failed;
	_Atomic int64_t live; /* allocated and not freed, since the start */
} failing;

/* The n-th call fails from now on, counted over all that is armed. */
static inline void
failing_begin(uint64_t n, bool lasting)
{
	failing.armed = false;
	failing.lasting = lasting;
	failing.at = n;
	failing.calls = failing.failed = 0;
}

static inline bool
failing_now(void)
{
	if (!failing.armed)
		return false;
	failing.calls++;
	if (failing.lasting ? failing.calls < failing.at : failing.calls != failing.at)
		return false;
	failing.failed++;
	return true;
}

static inline void *
failing_given(void *p)
{
	failing.live += p != NULL;
	return p;
}

#define FAILING(type, name, params, args)                                                          \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return failing_now() ? NULL : failing_given(__real_##name args);                   \
	}

FAILING(void *, malloc, (size_t n), (n))
FAILING(void *, calloc, (size_t n, size_t size), (n, size))
FAILING(char *, strdup, (const char *s), (s))
FAILING(char *, strndup, (const char *s, size_t n), (s, n))

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *
__wrap_realloc(void *p, size_t n)
{
	void *q = failing_now() ? NULL : __real_realloc(p, n);

	return p == NULL ? failing_given(q) : q;
}

void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	void *q = failing_now() ? NULL : __real_reallocarray(p, n, size);

	return p == NULL ? failing_given(q) : q;
}

void __real_free(void *p);
void __wrap_free(void *p);
void
__wrap_free(void *p)
{
	failing.live -= p != NULL;
	__real_free(p);
}

/* The states of the codecs. */
#define FAILING_STATE(type, name, params, args)                                                    \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return failing_now() ? NULL : __real_##name args;                                  \
	}

FAILING_STATE(ZSTD_CCtx *, ZSTD_createCCtx, (void), ())
FAILING_STATE(ZSTD_DCtx *, ZSTD_createDCtx, (void), ())
FAILING_STATE(struct libdeflate_compressor *, libdeflate_alloc_compressor, (int level), (level))
FAILING_STATE(struct libdeflate_decompressor *, libdeflate_alloc_decompressor, (void), ())

#define FAILING_LZ4(type, name)                                                                    \
	LZ4F_errorCode_t __real_##name(type **ret, unsigned version);                              \
	LZ4F_errorCode_t __wrap_##name(type **ret, unsigned version);                              \
	LZ4F_errorCode_t __wrap_##name(type **ret, unsigned version)                               \
	{                                                                                          \
		return failing_now() ? (LZ4F_errorCode_t)-9 /* allocation failed */                \
				     : __real_##name(ret, version);                                \
	}

FAILING_LZ4(LZ4F_cctx, LZ4F_createCompressionContext)
FAILING_LZ4(LZ4F_dctx, LZ4F_createDecompressionContext)

#endif
