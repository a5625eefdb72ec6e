#include "admin/admin.h"

#include "admin/overview.h"
#include "admin/process.h"
#include "base/clock.h"
#include "base/metrics.h"

enum { PAGE_KEPT_MS = 1000 };

struct admin {
	struct http *http;
	struct admin_doors doors;
	char policy[OVERVIEW_POLICY_MAX];
	struct wr page;
	struct monotime page_at; /* 0: never */
};

/* Who reads it in a loop costs no more than the bytes. */
static void
put_page(struct admin *a, struct wr *body)
{
	struct monotime now = clock_now();

	if (a->page_at.ns == 0 || monotime_since_ms(now, a->page_at) >= PAGE_KEPT_MS || wr_err(&a->page) != 0) {
		wr_reset(&a->page);
		a->doors.overview(a->doors.arg, &a->page);
		a->page_at = now;
	}
	wr_slice_put(body, wr_slice(&a->page));
	if (wr_err(&a->page) != 0)
		body->err = wr_err(&a->page);
}

static int
answer(void *arg, const char *path, struct wr *body, struct http_meta *meta)
{
	struct admin *a = arg;
	char why[256] = "";

	if (strcmp(path, "/metrics") == 0) {
		meta->type = "text/plain; version=0.0.4; charset=utf-8";
		metrics_render(body, a->doors.api_name);
		process_render(body);
		return 200;
	}
	if (strcmp(path, "/healthz") == 0) {
		wr_text(body, "ok\n");
		return 200;
	}
	if (strcmp(path, "/readyz") == 0) {
		bool ready = a->doors.ready(a->doors.arg, why, sizeof(why));

		wr_printf(body, "%s\n", ready ? "ready" : why);
		return ready ? 200 : 503;
	}
	if (strcmp(path, "/status") == 0) {
		meta->type = "application/json";
		a->doors.status(a->doors.arg, body);
		return 200;
	}
	if (strcmp(path, "/") == 0) {
		meta->type = "text/html; charset=utf-8";
		meta->policy = a->policy;
		put_page(a, body);
		return 200;
	}
	wr_text(body, "not here; / lists what is\n");
	return 404;
}

int
admin_start(struct loop *l, const char *address, const struct admin_doors *doors, struct admin **ret, char *why,
	    size_t why_len)
{
	struct admin *a = calloc(1, sizeof(*a));
	int err;

	if (a == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	a->doors = *doors;
	a->page = wr_new(OVERVIEW_BYTES_MAX);
	overview_policy(a->policy);
	err = http_listen(l, address, answer, a, &a->http, why, why_len);
	if (err != 0) {
		free(a);
		return err;
	}
	http_set_hosts(a->http, doors->hosts, doors->host_count);
	*ret = a;
	return 0;
}

uint16_t
admin_port(const struct admin *a)
{
	return http_port(a->http);
}

void
admin_stop(struct admin *a)
{
	if (a == NULL)
		return;
	http_close(a->http);
	wr_free(&a->page);
	free(a);
}
