#include "stages/attest_txn.h"

#include "attest/txns.h"
#include "base/log.h"
#include "kafka/txn.h"

enum { END_TXN_EPOCH_EACH = 5 };

/* Kafka's error codes of who isn't the coordinator, or wasn't a moment ago. */
enum { COORDINATOR_LOAD_IN_PROGRESS = 14, COORDINATOR_NOT_AVAILABLE = 15, NOT_COORDINATOR = 16 };

/* … and of whom nobody knows. */
enum { UNKNOWN_SERVER_ERROR = -1, REQUEST_TIMED_OUT = 7 };

/*
 * Producer ids are a cluster's own, and what an earlier run left open is known by them: an end that passes before the
 * cluster's id is known, right behind a start, would be nobody's, and where the log can't be asked it stays so.
 */
static enum stage_verdict
wait_for_cluster(const struct attest *a, struct exchange *x)
{
	enum { LOOK_AGAIN_MS = 5 };

	if (!chains_txn_waits(a->chains) || exchange_age_ms(x) >= TOPICS_WAIT_MS)
		return STAGE_PASS;
	return exchange_pause(x, LOOK_AGAIN_MS) == 0 ? STAGE_HOLD : STAGE_CLOSE;
}

/*
 * What is known to be in the log before the request goes out stands in front of its marker.  A batch that has no answer
 * by then may not: when its connection broke, its bytes may come to the broker behind the marker, and where the next
 * transaction has the same epoch they are taken for a part of that (attest/txns.c).
 */
enum stage_verdict
attest_txn_end_request(struct attest *a, struct exchange *x)
{
	enum stage_verdict verdict = wait_for_cluster(a, x);
	struct attest_state *s;
	struct end_txn e;

	if (verdict != STAGE_PASS)
		return verdict;
	if (end_txn_request_read(exchange_version(x), exchange_body(x), &e) != 0)
		return STAGE_PASS; /* the broker's to refuse */
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return STAGE_CLOSE;
	s->kind = EXCHANGE_END_TXN;
	s->producer_id = e.producer_id;
	s->epoch = e.epoch;
	s->committed = e.committed;
	s->mark = chains_txn_mark(a->chains);
	chains_txn_ending(a->chains, e.producer_id);
	if (exchange_version(x) < END_TXN_EPOCH_EACH) /* else it ends its own transaction, or none */
		chains_txn_out(a->chains, e.producer_id, e.epoch);
	exchange_set_state(x, &a->stage, s);
	return STAGE_PASS;
}

enum stage_verdict
attest_txn_init_request(struct attest *a, struct exchange *x)
{
	struct init_producer_id p;
	struct attest_state *s;

	if (init_producer_id_request_read(exchange_version(x), exchange_body(x), &p) != 0)
		return STAGE_PASS;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return STAGE_CLOSE;
	s->kind = EXCHANGE_INIT_PRODUCER;
	if (p.transactional_id.n > 0) {
		s->transactional_id = malloc(p.transactional_id.n);
		if (s->transactional_id == NULL) {
			free(s);
			return STAGE_CLOSE;
		}
		memcpy(s->transactional_id, p.transactional_id.p, p.transactional_id.n);
		s->transactional_id_len = p.transactional_id.n;
	}
	s->mark = chains_txn_mark(a->chains);
	exchange_set_state(x, &a->stage, s);
	return STAGE_PASS;
}

/* Where the coordinator moves the client has another connection, perhaps not through here, and may come back to this one. */
static void
note_error(const struct attest *a, struct exchange *x, int16_t error)
{
	struct attest_session *s = exchange_session_state(x, &a->stage);

	if (s != NULL && (error == COORDINATOR_LOAD_IN_PROGRESS || error == COORDINATOR_NOT_AVAILABLE || error == NOT_COORDINATOR))
		memset(s->ends, 0, sizeof(s->ends));
}

void
attest_txn_added(const struct attest *a, struct exchange *x)
{
	int16_t error;

	if (txn_add_response_read(exchange_key(x), exchange_version(x), exchange_body(x), &error) != 0)
		error = NOT_COORDINATOR; /* who knows */
	note_error(a, x, error);
}

/* Whatever its producer's transactions were before the mark, they have ended. */
static void
note_end(struct attest *a, struct exchange *x, int64_t producer_id, uint64_t mark)
{
	struct attest_session *s = attest_session(a, x);
	size_t at = 0;

	if (s == NULL)
		return; /* the log is asked about the next one */
	while (at + 1 < ATTEST_ENDS_MAX && (s->ends[at].since == 0 || s->ends[at].producer_id != producer_id))
		at++;
	memmove(&s->ends[1], &s->ends[0], at * sizeof(s->ends[0]));
	s->ends[0] = (struct attest_ends){producer_id, mark};
}

/*
 * From where on is it this end that ends what the producer wrote?  A client has one connection to its coordinator, so
 * that since an earlier end on this one none can have passed elsewhere, as long as nothing said that the coordinator is
 * another.  The first here may be of another transaction than what was written before.  From version 5 on (KIP-890)
 * each has an epoch of its own.
 */
static uint64_t
since_of(const struct attest *a, struct exchange *x, const struct attest_state *s)
{
	const struct attest_session *session = exchange_session_state(x, &a->stage);

	if (exchange_version(x) >= END_TXN_EPOCH_EACH)
		return 0;
	for (size_t i = 0; session != NULL && i < ATTEST_ENDS_MAX; i++)
		if (session->ends[i].since > 0 && session->ends[i].producer_id == s->producer_id)
			return session->ends[i].since;
	return s->mark;
}

void
attest_txn_over(struct attest *a, const struct exchange *x, const struct attest_state *s, bool lost)
{
	if (exchange_version(x) < END_TXN_EPOCH_EACH)
		chains_txn_in(a->chains, s->producer_id, s->epoch, lost);
}

/* The coordinator doesn't know itself whether another one, or itself later, takes it from the log. */
static bool
is_open(int16_t error)
{
	return error == UNKNOWN_SERVER_ERROR || error == REQUEST_TIMED_OUT || error == COORDINATOR_NOT_AVAILABLE ||
	       error == NOT_COORDINATOR;
}

enum stage_verdict
attest_txn_answer(struct attest *a, struct exchange *x, const struct attest_state *s)
{
	struct txns_end end;
	int64_t producer_id;
	int16_t error = NOT_COORDINATOR, epoch; /* who knows */

	if (s->kind == EXCHANGE_END_TXN) {
		if (end_txn_response_read(exchange_version(x), exchange_body(x), &error) != 0) {
			attest_txn_over(a, x, s, true);
			return STAGE_CLOSE; /* who hears of an end that we can't read goes on, and the next is taken for it */
		}
		note_error(a, x, error);
		if (error != 0) {
			attest_txn_over(a, x, s, is_open(error));
			return STAGE_PASS; /* it didn't end, or another try will tell */
		}
		metric_add(s->committed ? METRIC_TRANSACTIONS_COMMITTED : METRIC_TRANSACTIONS_ABORTED, 1);
		end = (struct txns_end){s->epoch, since_of(a, x, s), s->mark};
		chains_txn_ended(a->chains, s->producer_id, &end, s->committed);
		attest_txn_over(a, x, s, false);
		note_end(a, x, s->producer_id, s->mark);
	} else if (init_producer_id_response_read(exchange_version(x), exchange_body(x), &error, &producer_id, &epoch) != 0 ||
		   error != 0) {
		note_error(a, x, s->transactional_id_len > 0 ? error : 0);
	} else {
		chains_issued(a->chains, producer_id, epoch);
		if (s->transactional_id_len > 0) {
			chains_txn_fenced(a->chains, slice_of(s->transactional_id, s->transactional_id_len), s->mark);
			note_end(a, x, producer_id, s->mark);
		}
	}
	return STAGE_PASS;
}
