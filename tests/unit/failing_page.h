/* A page that is made while memory fails: it is the same, or an error, and nothing is left of it. */
#ifndef TESTS_UNIT_FAILING_PAGE_H
#define TESTS_UNIT_FAILING_PAGE_H

#include <check.h>

#include "base/err.h"
#include "base/wr.h"
#include "failing.h"

/* The n-th call fails, for n = 1, 2, 3 … until all goes well without.  make: 0 with the page in w, or an error. */
static void
failing_page(int (*make)(struct wr *w), size_t bytes_max, bool lasting, uint64_t calls_min)
{
	struct wr want = wr_new(bytes_max), got = wr_new(bytes_max);
	uint64_t n = 0;

	ck_assert_int_eq(make(&want), 0);
	do {
		int64_t alive = failing.live;
		int err;

		failing_begin(++n, lasting);
		failing.armed = true;
		err = make(&got);
		failing.armed = false;
		if (err == 0) {
			ck_assert_uint_eq(got.len, want.len);
			ck_assert_mem_eq(got.buf, want.buf, want.len);
		} else {
			ck_assert_int_eq(err, ERR_NOMEM);
		}
		wr_free(&got);
		ck_assert_msg(failing.live == alive, "call %d: %d things are left", (int)n, (int)(failing.live - alive));
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, calls_min);
	wr_free(&want);
}

#endif
