/* What stands against "all is well", the worst first: it gives the page its words, and each gives it a sentence. */
#include "admin/overview_internal.h"
#include "base/html.h"

static void
last_at(struct wr *w, int64_t ms)
{
	if (ms == 0)
		return;
	wr_text(w, " The last came at ");
	html_time(w, ms);
	wr_u8(w, '.');
}

/* --- violations --------------------------------------------------------------------------- */

static bool
is_violated(const struct overview *o)
{
	return overview_violations(o) > 0;
}

static void
tell_violated(const struct overview *o, struct wr *w)
{
	overview_some(w, overview_violations(o), "record that consumers asked for isn't", "records that consumers asked for are not");
	wr_text(w, " what was attested: ");
	overview_counts(w, o->verdicts, o->verdict_count, true);
	wr_text(w, o->verify == OVERVIEW_VERIFY_ENFORCE ? ". Nothing of that was given to consumers (<code>verify.mode: enforce</code>)."
							: ". Consumers were given it all the same (<code>verify.mode: observe</code>).");
	last_at(w, o->violation_ms);
	wr_text(w, " The log names each, and <code>makotoctl verify</code> shows the evidence.");
}

/* --- records without attestation ------------------------------------------------------------ */

static int64_t
unattested(const struct overview *o)
{
	int64_t n = 0;

	for (size_t i = 0; i < o->unattested_count; i++)
		n += o->unattested[i].n;
	return n;
}

static bool
is_unattested(const struct overview *o)
{
	return unattested(o) > 0;
}

static void
tell_unattested(const struct overview *o, struct wr *w)
{
	overview_some(w, unattested(o), "record", "records");
	wr_text(w, " passed without being attested since the start, by reason: ");
	overview_counts(w, o->unattested, o->unattested_count, false);
	wr_u8(w, '.');
	last_at(w, o->unattested_ms);
}

/* --- not at work ------------------------------------------------------------------------------- */

static bool
is_stopping(const struct overview *o)
{
	return o->stopping;
}

static void
tell_stopping(const struct overview *o, struct wr *w)
{
	wr_text(w, "The proxy was told to stop: connections end one port after the other, then open windows are stated. ");
	overview_some(w, o->connections, "connection is left.", "connections are left.");
}

static bool
is_unready(const struct overview *o)
{
	return !o->ready && !o->stopping;
}

static void
tell_unready(const struct overview *o, struct wr *w)
{
	wr_text(w, "Clients can't be served: ");
	html_text(w, o->unready);
	wr_u8(w, '.');
}

static bool
is_idle(const struct overview *o)
{
	return !o->attesting && o->verify == OVERVIEW_VERIFY_OFF;
}

static void
tell_idle(const struct overview *o UNUSED, struct wr *w)
{
	wr_text(w, "Records pass untouched (<code>attest.enabled: false</code>), and nobody verifies them (<code>verify.mode: off</code>).");
}

/* --- windows ------------------------------------------------------------------------------------- */

static bool
is_late(const struct overview *o)
{
	return o->waiting > 0 && o->oldest_ms >= OVERVIEW_LATE_MS;
}

static void
tell_late(const struct overview *o, struct wr *w)
{
	overview_some(w, (int64_t)o->waiting, "closed window waits for its", "closed windows wait for their");
	wr_text(w, o->waiting == 1 ? " statement, for " : " statements, the oldest for ");
	overview_span(w, o->oldest_ms);
	wr_text(w, ". Nothing is lost: they are published in their order as soon as that is possible, "
		   "and nobody can verify their records before.");
	if (o->publish_failures > 0) {
		wr_text(w, " Since the start publishing failed ");
		overview_some(w, o->publish_failures, "time.", "times.");
	}
	if (o->sign_failures > 0) {
		wr_text(w, " Since the start signing failed ");
		overview_some(w, o->sign_failures, "time.", "times.");
	}
}

static bool
is_earlier(const struct overview *o)
{
	return o->earlier > 0;
}

static void
tell_earlier(const struct overview *o, struct wr *w)
{
	overview_some(w, (int64_t)o->earlier, "window of an earlier run waits", "windows of an earlier run wait");
	wr_text(w, " in the journal until the cluster that it is of is reached.");
}

/* --- consumers, certificates ---------------------------------------------------------------------- */

static bool
is_blind(const struct overview *o)
{
	return o->verify != OVERVIEW_VERIFY_OFF && o->ready && (!o->statements_current || o->statements_why[0] != '\0');
}

static void
tell_blind(const struct overview *o, struct wr *w)
{
	wr_text(w, "The statement topics are not read up to their end");
	if (o->statements_why[0] != '\0') {
		wr_text(w, ": ");
		html_text(w, o->statements_why);
	}
	wr_text(w, ". Until they are, new records count as not stated yet.");
}

static bool
is_held(const struct overview *o)
{
	return o->stops + o->skipped > 0;
}

static void
tell_held(const struct overview *o, struct wr *w)
{
	wr_text(w, "Since the start partitions stopped ");
	overview_some(w, o->stops, "time", "times");
	wr_text(w, " in front of a record that may not be seen, and ");
	overview_some(w, o->skipped, "record was", "records were");
	wr_text(w, " left out.");
}

static bool
ends_soon(const struct overview *o, int64_t ends_s)
{
	return ends_s > 0 && ends_s - o->now_ms / 1000 < (int64_t)OVERVIEW_CERTIFICATE_DAYS * 86400;
}

static bool
is_ending(const struct overview *o)
{
	return ends_soon(o, o->client_certificate_ends_s) || ends_soon(o, o->broker_certificate_ends_s);
}

static void
tell_end(const struct overview *o, struct wr *w, const char *whose, int64_t ends_s)
{
	int64_t left_ms = (ends_s - o->now_ms / 1000) * 1000;

	if (!ends_soon(o, ends_s))
		return;
	wr_printf(w, "The certificate that %s are shown ", whose);
	if (left_ms <= 0) {
		wr_text(w, "has ended. ");
	} else {
		wr_text(w, "ends in ");
		overview_span(w, left_ms);
		wr_text(w, ". ");
	}
}

static void
tell_ending(const struct overview *o, struct wr *w)
{
	tell_end(o, w, "clients", o->client_certificate_ends_s);
	tell_end(o, w, "brokers", o->broker_certificate_ends_s);
	wr_text(w, "A new file in its place is read within ten seconds.");
}

/* ------------------------------------------------------------------------------------------------------ */

static const struct check {
	enum overview_state state;
	const char *words;
	bool (*is)(const struct overview *o);
	void (*tell)(const struct overview *o, struct wr *w);
} checks[] = {
	{OVERVIEW_BAD, "Violations found", is_violated, tell_violated},
	{OVERVIEW_BAD, "Not everything is attested", is_unattested, tell_unattested},
	{OVERVIEW_OPEN, "Stopping", is_stopping, tell_stopping},
	{OVERVIEW_OPEN, "Not ready", is_unready, tell_unready},
	{OVERVIEW_OPEN, "Windows are waiting", is_late, tell_late},
	{OVERVIEW_OPEN, "Windows are waiting", is_earlier, tell_earlier},
	{OVERVIEW_OPEN, "Consumers are held back", is_held, tell_held},
	{OVERVIEW_OPEN, "Statements can't be read", is_blind, tell_blind},
	{OVERVIEW_OPEN, "A certificate ends soon", is_ending, tell_ending},
	{OVERVIEW_OPEN, "Nothing is attested", is_idle, tell_idle},
};

enum overview_state
overview_state(const struct overview *o, const char **ret_words)
{
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		if (!checks[i].is(o))
			continue;
		*ret_words = checks[i].words;
		return checks[i].state;
	}
	*ret_words = "All is well";
	return OVERVIEW_GOOD;
}

static void
tell_well(const struct overview *o, struct wr *w)
{
	if (!o->attesting)
		wr_text(w, "Records that consumers read here are verified, and no violation was found. Records that are produced here are not attested "
			   "(<code>attest.enabled: false</code>).");
	else if (o->attested == 0)
		wr_text(w, "Clients can connect; nothing was produced here yet.");
	else
		wr_text(w, "Every record that was to be attested has its window, and no window waits for its statement for long.");
	if (o->attesting && o->verify != OVERVIEW_VERIFY_OFF)
		wr_text(w, " Records that consumers read here are verified, and no violation was found.");
}

void
overview_state_reasons(const struct overview *o, struct wr *w)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		if (!checks[i].is(o))
			continue;
		wr_text(w, n++ == 0 ? "" : "</p>\n");
		wr_text(w, "<p>");
		checks[i].tell(o, w);
	}
	if (n == 0) {
		wr_text(w, "<p>");
		tell_well(o, w);
	}
	wr_text(w, "</p>\n");
}
