#include "base/log.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/recent.h"
#include "base/text.h"
#include "base/wr.h"

enum { LINE_MAX_BYTES = 4096, SITE_LINES_A_SECOND = 10 };

static _Atomic int log_level = LOG_LEVEL_INFO;
static _Atomic int log_format = LOG_FORMAT_LOGFMT;
static _Thread_local unsigned suppressed; /* by the site that passes now */

static const char *const level_names[] = {"error", "warn", "info", "debug"};

void
log_setup(enum log_level level, enum log_format format)
{
	atomic_store(&log_level, (int)level);
	atomic_store(&log_format, (int)format);
}

bool
log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&log_level, memory_order_relaxed);
}

bool
log_site_pass(struct log_site *site)
{
	int64_t now = clock_now().ns / 1000000000 + 1; /* never 0, which a fresh site has */
	int64_t then = atomic_load(&site->second);
	unsigned n;

	if (then != now && atomic_compare_exchange_strong(&site->second, &then, now)) {
		n = atomic_exchange(&site->passed, 1);
		suppressed = n > SITE_LINES_A_SECOND ? n - SITE_LINES_A_SECOND : 0;
		return true;
	}
	if (atomic_fetch_add(&site->passed, 1) < SITE_LINES_A_SECOND)
		return true;
	metric_add(METRIC_LOG_SUPPRESSED, 1);
	return false;
}

static bool
is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == '\\')
			return false;
	return s.n > 0;
}

/* What a peer says can't move a terminal's cursor or begin a line of its own.  It is JSON's form, too. */
static void
put_quoted(struct wr *w, struct slice s)
{
	wr_u8(w, '"');
	text_escape(w, s, "\"\\");
	wr_u8(w, '"');
}

static void
put_logfmt(struct wr *w, const char *name, struct slice text)
{
	wr_printf(w, "%s%s=", w->len > 0 ? " " : "", name);
	if (is_plain(text))
		wr_slice_put(w, text);
	else
		put_quoted(w, text);
}

static void
put_json(struct wr *w, const char *name, struct slice text)
{
	wr_text(w, w->len > 0 ? "," : "{");
	put_quoted(w, slice_str(name));
	wr_u8(w, ':');
	put_quoted(w, text);
}

/* The fields as logfmt has them, those that fit whole. */
static void
keep(enum log_level level, int64_t now_ms, const char *where, const char *msg, const struct log_field *fields)
{
	uint8_t text[RECENT_FIELDS_MAX];
	struct wr w = {text, 0, sizeof(text) - 1, sizeof(text) - 1, 0}; /* never grows, so never frees */
	size_t whole = 0;

	for (; fields->name != NULL && w.err == 0; fields++) {
		char num[24];

		(void)snprintf(num, sizeof(num), "%lld", (long long)fields->num);
		put_logfmt(&w, fields->name, fields->type == LOG_FIELD_INT ? slice_str(num) : fields->text);
		whole = w.err == 0 ? w.len : whole;
	}
	recent_note(level, now_ms, where, msg, slice_of(text, whole));
}

void
log_event(enum log_level level, const char *where, const char *msg, const struct log_field *fields)
{
	bool json = atomic_load_explicit(&log_format, memory_order_relaxed) == LOG_FORMAT_JSON;
	void (*put)(struct wr *, const char *, struct slice) = json ? put_json : put_logfmt;
	uint8_t line[LINE_MAX_BYTES + 2];
	struct wr w = {line, 0, LINE_MAX_BYTES, LINE_MAX_BYTES, 0}; /* never grows, so never frees */
	int64_t now_ms = clock_wall_ms();
	char ts[25];
	size_t whole;

	if (level <= LOG_LEVEL_WARN)
		keep(level, now_ms, where, msg, fields);
	if (text_time_ms(now_ms, ts) != 0)
		(void)snprintf(ts, sizeof(ts), "-");
	put(&w, "ts", slice_str(ts));
	put(&w, "level", slice_str(level_names[level]));
	put(&w, "where", slice_str(where));
	put(&w, "msg", slice_str(msg));
	whole = w.len;
	for (; fields->name != NULL && w.err == 0; fields++) {
		if (fields->type == LOG_FIELD_INT) {
			char num[24];

			(void)snprintf(num, sizeof(num), "%lld", (long long)fields->num);
			if (json)
				wr_printf(&w, ",\"%s\":%s", fields->name, num);
			else
				put(&w, fields->name, slice_str(num));
		} else {
			put(&w, fields->name, fields->text);
		}
		if (w.err == 0)
			whole = w.len;
	}
	if (suppressed > 0 && w.err == 0) {
		wr_printf(&w, json ? ",\"suppressed\":%u" : " suppressed=%u", suppressed);
		suppressed = 0;
		if (w.err == 0)
			whole = w.len;
	}
	/* A field that didn't fit is left out whole, so that the line stays parsable. */
	if (json)
		line[whole++] = '}';
	line[whole++] = '\n';
	/* One write: lines of several threads don't mix. */
	if (write(STDERR_FILENO, line, whole) < 0)
		return; /* there is nobody to tell */
}
