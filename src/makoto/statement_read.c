/*
 * A statement comes from a topic that anybody may write to.  Reading one finds out
 * whether it is of this format and agrees with itself; whether to believe it is for
 * those who know the keys.
 */
#include "base/text.h"
#include "makoto/json_read.h"
#include "makoto/statement.h"
#include "makoto/tree.h"

enum { MAX_JSON = 16 * 1024 * 1024 };

/* Reads fields and remembers the first fault, so that the code below stays a list. */
struct in {
	int err;
	bool any_chain; /* its id may be another than what the statement is about makes */
};

static void
fail(struct in *in, int err)
{
	if (in->err == 0)
		in->err = err;
}

static json_t *
member(struct in *in, json_t *object, const char *name, json_type type)
{
	json_t *v = json_object_get(object, name);

	if (v == NULL || json_typeof(v) != type) {
		fail(in, ERR_MALFORMED);
		return NULL;
	}
	return v;
}

static struct slice
text_of(json_t *v)
{
	return slice_of(json_string_value(v), json_string_length(v));
}

static struct slice
text(struct in *in, json_t *object, const char *name)
{
	json_t *v = member(in, object, name, JSON_STRING);

	return v == NULL ? (struct slice){NULL, 0} : text_of(v);
}

static struct slice
text_opt(struct in *in, json_t *object, const char *name)
{
	return json_object_get(object, name) == NULL ? (struct slice){NULL, 0} : text(in, object, name);
}

/* No name of Kafka's has a NUL, and who prints one or matches it would see what is before that alone. */
static struct slice
name_of(struct in *in, struct slice s)
{
	if (s.n > 0 && memchr(s.p, '\0', s.n) != NULL)
		fail(in, ERR_MALFORMED);
	return s;
}

/* A UUID as Kafka's tools print it. */
static struct slice
uuid_opt(struct in *in, json_t *object, const char *name)
{
	enum { LEN = 22 };
	static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct slice s = text_opt(in, object, name);

	if (s.p == NULL)
		return s;
	if (s.n != LEN)
		fail(in, ERR_MALFORMED);
	for (size_t i = 0; i < s.n; i++)
		if (memchr(url, s.p[i], sizeof(url) - 1) == NULL)
			fail(in, ERR_MALFORMED);
	return s;
}

static void
text_is(struct in *in, json_t *object, const char *name, const char *expect)
{
	if (!slice_eq(text(in, object, name), slice_str(expect)))
		fail(in, ERR_MALFORMED);
}

static int64_t
integer_of(struct in *in, json_t *v, int64_t min)
{
	if (v == NULL || !json_is_integer(v) || json_integer_value(v) < min) {
		fail(in, ERR_MALFORMED);
		return 0;
	}
	return json_integer_value(v);
}

static int64_t
integer(struct in *in, json_t *object, const char *name, int64_t min)
{
	return integer_of(in, json_object_get(object, name), min);
}

static void
hex(struct in *in, json_t *object, const char *name, uint8_t *ret, size_t n)
{
	struct slice s = text(in, object, name);

	if (s.p == NULL || text_unhex(s, ret, n) != 0)
		fail(in, ERR_MALFORMED);
}

static int64_t
time_ms(struct in *in, json_t *object, const char *name)
{
	struct slice s = text(in, object, name);
	int64_t ms = 0;
	char again[25];

	/* Exactly the written form: RFC 3339 has others, with a small t, or second 60. */
	if (s.p == NULL || text_parse_time_ms(s, &ms) != 0 || text_time_ms(ms, again) != 0 || !slice_eq(s, slice_str(again)))
		fail(in, ERR_MALFORMED);
	return ms;
}

static void *
array(struct in *in, json_t *v, size_t size, size_t *ret_count)
{
	size_t n = json_array_size(v);
	void *p;

	if (v == NULL || in->err != 0)
		return NULL;
	p = calloc(n > 0 ? n : 1, size);
	if (p == NULL)
		fail(in, ERR_NOMEM);
	else
		*ret_count = n;
	return p;
}

/* [[first, count], …] ascending and apart. */
static struct run
run_of(struct in *in, json_t *v, size_t elements)
{
	struct run r = {0, 0};

	if (!json_is_array(v) || json_array_size(v) != elements) {
		fail(in, ERR_MALFORMED);
		return r;
	}
	r.first = integer_of(in, json_array_get(v, 0), 0);
	r.count = integer_of(in, json_array_get(v, 1), 1);
	if (r.count > INT64_MAX - r.first)
		fail(in, ERR_MALFORMED);
	return r;
}

static void
read_runs(struct in *in, json_t *kafka, const char *name, struct runs *ret)
{
	json_t *v = member(in, kafka, name, JSON_ARRAY);

	ret->list = array(in, v, sizeof(*ret->list), &ret->count);
	for (size_t i = 0; i < ret->count && in->err == 0; i++) {
		ret->list[i] = run_of(in, json_array_get(v, i), 2);
		if (i > 0 && ret->list[i].first - ret->list[i - 1].first < ret->list[i - 1].count)
			fail(in, ERR_MALFORMED);
	}
}

static void
read_resolved(struct in *in, json_t *kafka, struct statement *s)
{
	json_t *v = member(in, kafka, "resolved", JSON_ARRAY);

	s->resolved = array(in, v, sizeof(*s->resolved), &s->resolved_count);
	for (size_t i = 0; i < s->resolved_count && in->err == 0; i++) {
		json_t *outcome = json_array_get(json_array_get(v, i), 2);

		s->resolved[i].run = run_of(in, json_array_get(v, i), 3);
		if (!json_is_string(outcome)) {
			fail(in, ERR_MALFORMED);
			return;
		}
		s->resolved[i].committed = slice_eq(text_of(outcome), slice_str("committed"));
		if (!s->resolved[i].committed && !slice_eq(text_of(outcome), slice_str("aborted")))
			fail(in, ERR_MALFORMED);
	}
}

static void
read_producers(struct in *in, json_t *kafka, struct statement *s)
{
	json_t *v = member(in, kafka, "producers", JSON_ARRAY);
	uint64_t sum = 0;

	s->producers = array(in, v, sizeof(*s->producers), &s->producer_count);
	if (s->producer_count > STATEMENT_PRODUCERS_MAX)
		fail(in, ERR_MALFORMED);
	for (size_t i = 0; i < s->producer_count && in->err == 0; i++) {
		struct statement_producer *p = &s->producers[i];
		json_t *o = json_array_get(v, i);

		p->client_id = text(in, o, "clientId");
		p->software_name = text_opt(in, o, "softwareName");
		p->software_version = text_opt(in, o, "softwareVersion");
		p->principal = text_opt(in, o, "principal");
		p->records = (uint64_t)integer(in, o, "records", 1);
		if (p->records > s->leaf_count - sum)
			fail(in, ERR_MALFORMED);
		else
			sum += p->records;
	}
	if (sum != s->leaf_count)
		fail(in, ERR_MALFORMED);
}

static void
read_claims(struct in *in, json_t *kafka, struct statement *s)
{
	json_t *v = json_object_get(kafka, "claims"), *value;
	const char *name;

	if (v == NULL)
		return;
	if (!json_is_object(v)) {
		fail(in, ERR_MALFORMED);
		return;
	}
	s->claims = calloc(json_object_size(v) > 0 ? json_object_size(v) : 1, sizeof(*s->claims));
	if (s->claims == NULL) {
		fail(in, ERR_NOMEM);
		return;
	}
	json_object_foreach (v, name, value) {
		if (!json_is_string(value)) {
			fail(in, ERR_MALFORMED);
			return;
		}
		s->claims[s->claim_count++] = (struct statement_claim){slice_str(name), text_of(value)};
	}
}

static int
choice(struct in *in, json_t *object, const char *name, const char *const *names, int count)
{
	struct slice s = text(in, object, name);

	for (int i = 0; i < count; i++)
		if (slice_eq(s, slice_str(names[i])))
			return i;
	fail(in, ERR_MALFORMED);
	return 0;
}

static void
read_choices(struct in *in, json_t *kafka, struct statement *s)
{
	static const char *const levels[] = {"L1", "L2", "L3"};
	static const char *const manifests[] = {"leaf", "leaf+key", "none"};
	static const char *const times[] = {"CreateTime", "LogAppendTime"};
	const char *reasons[CLOSE_REASONS];

	for (int i = 0; i < CLOSE_REASONS; i++)
		reasons[i] = close_reason_name((enum close_reason)i);
	s->level = choice(in, kafka, "makotoLevel", levels, 3) + 1;
	s->manifest = (enum manifest_kind)choice(in, kafka, "manifest", manifests, 3);
	s->log_append = choice(in, kafka, "timestampType", times, 2) == 1;
	s->reason = (enum close_reason)choice(in, kafka, "closeReason", reasons, CLOSE_REASONS);
}

static void
read_level_gaps(struct in *in, json_t *kafka, struct statement *s)
{
	json_t *v = json_object_get(kafka, "levelGaps");

	if (v == NULL)
		return;
	if (!json_is_array(v)) {
		fail(in, ERR_MALFORMED);
		return;
	}
	s->level_gaps = array(in, v, sizeof(*s->level_gaps), &s->level_gap_count);
	for (size_t i = 0; i < s->level_gap_count && in->err == 0; i++) {
		if (!json_is_string(json_array_get(v, i)))
			fail(in, ERR_MALFORMED);
		else
			s->level_gaps[i] = text_of(json_array_get(v, i));
	}
}

/* A chain's id is that of what the statement is about: nobody states windows in another's chain. */
static void
check_chain(struct in *in, const struct statement *s)
{
	struct chain_id id;

	if (in->err != 0 || in->any_chain)
		return;
	if (chain_id_make(s->collector_id, s->instance, s->cluster_id, s->topic, s->topic_id, s->partition, &id) != 0 ||
	    !chain_id_eq(&id, &s->chain))
		fail(in, ERR_MALFORMED);
}

static void
read_kafka(struct in *in, json_t *k, struct statement *s)
{
	json_t *boundary = member(in, k, "boundary", JSON_OBJECT), *v;
	json_t *first = member(in, boundary, "first", JSON_OBJECT), *last = member(in, boundary, "last", JSON_OBJECT);
	uint64_t listed = 0;

	s->cluster_id = name_of(in, text_opt(in, k, "clusterId"));
	s->topic = name_of(in, text(in, k, "topic"));
	s->topic_id = uuid_opt(in, k, "topicId");
	s->partition = (int32_t)integer(in, k, "partition", 0);
	if (integer(in, k, "partition", 0) > INT32_MAX)
		fail(in, ERR_MALFORMED);
	hex(in, k, "instance", s->instance, INSTANCE_LEN);
	hex(in, k, "chainId", s->chain.b, CHAIN_ID_LEN);
	check_chain(in, s);
	s->window_id = (uint64_t)integer(in, k, "windowId", 1);
	s->empty_before = (uint64_t)integer(in, k, "emptyBefore", 0);
	hex(in, first, "leaf", s->first_leaf, LEAF_LEN);
	hex(in, last, "leaf", s->last_leaf, LEAF_LEN);
	s->first_offset = integer(in, first, "offset", 0);
	s->last_offset = integer(in, last, "offset", 0);
	read_choices(in, k, s);
	read_level_gaps(in, k, s);
	read_runs(in, k, "ranges", &s->ranges);
	read_runs(in, k, "aborted", &s->aborted);
	read_runs(in, k, "open", &s->open);
	read_resolved(in, k, s);
	v = json_object_get(k, "recovered");
	if (!json_is_boolean(v))
		fail(in, ERR_MALFORMED);
	s->recovered = json_is_true(v);
	s->unresolved = (uint64_t)integer(in, k, "unresolved", 0);
	read_producers(in, k, s);
	read_claims(in, k, s);
	s->signing_key_id = text_opt(in, k, "signingKeyId");
	s->signing_key_uri = text_opt(in, k, "signingKeyUri");
	if (json_object_get(k, "previousStatement") != NULL)
		hex(in, k, "previousStatement", s->previous_statement, SHA256_LEN);
	v = json_object_get(k, "previousChain");
	if (v != NULL) {
		s->follows = true;
		hex(in, v, "chainId", s->follows_chain.b, CHAIN_ID_LEN);
		s->follows_window = (uint64_t)integer(in, v, "windowId", 1);
		hex(in, v, "statement", s->follows_statement, SHA256_LEN);
	}
	for (size_t i = 0; i < s->ranges.count && in->err == 0; i++) {
		if ((uint64_t)s->ranges.list[i].count > s->leaf_count - listed)
			fail(in, ERR_MALFORMED);
		else
			listed += (uint64_t)s->ranges.list[i].count;
	}
	if (in->err == 0) {
		const struct run *end = s->ranges.count > 0 ? &s->ranges.list[s->ranges.count - 1] : NULL;

		if (end == NULL || listed != s->leaf_count || s->first_offset != s->ranges.list[0].first ||
		    s->last_offset != end->first + end->count - 1)
			fail(in, ERR_MALFORMED);
	}
}

/* The window id behind "stream:<topic>:<partition>:window_", or a fault. */
static uint64_t
subject_window(struct in *in, struct slice name, const struct statement *s)
{
	char head[400];
	int n = snprintf(head, sizeof(head), "stream:%.*s:%d:window_", (int)(s->topic.n < 300 ? s->topic.n : 300),
			 s->topic.p == NULL ? "" : (const char *)s->topic.p, s->partition);
	int64_t id = 0;

	if (n < 0 || (size_t)n >= sizeof(head) || name.n <= (size_t)n || memcmp(name.p, head, (size_t)n) != 0 ||
	    text_parse_i64(slice_of(name.p + n, name.n - (size_t)n), &id) != 0 || id < 1)
		fail(in, ERR_MALFORMED);
	return (uint64_t)id;
}

static void
read_integrity(struct in *in, json_t *predicate, struct statement *s)
{
	json_t *integrity = member(in, predicate, "integrity", JSON_OBJECT);
	json_t *tree = member(in, integrity, "merkleTree", JSON_OBJECT);

	text_is(in, tree, "algorithm", "sha256");
	text_is(in, tree, "leafHashAlgorithm", "sha256");
	s->leaf_count = (uint64_t)integer(in, tree, "leafCount", 1);
	hex(in, tree, "root", s->root, SHA256_LEN);
	if (in->err == 0 && (s->leaf_count > STATEMENT_MEMBERS_MAX ||
			     integer(in, tree, "treeHeight", 1) != (int64_t)tree_height(s->leaf_count)))
		fail(in, ERR_MALFORMED);
}

static void
read_chain(struct in *in, json_t *predicate, struct statement *s)
{
	json_t *integrity = member(in, predicate, "integrity", JSON_OBJECT);
	json_t *chain = member(in, integrity, "chain", JSON_OBJECT);
	bool previous = json_object_get(chain, "previousWindowId") != NULL;

	s->chain_length = (uint64_t)integer(in, chain, "chainLength", 1);
	s->genesis_window = subject_window(in, text(in, chain, "genesisWindowId"), s);
	if (previous != (json_object_get(chain, "previousMerkleRoot") != NULL))
		fail(in, ERR_MALFORMED);
	if (previous) {
		s->previous_window = subject_window(in, text(in, chain, "previousWindowId"), s);
		hex(in, chain, "previousMerkleRoot", s->previous_root, SHA256_LEN);
	}
}

static void
read_subject(struct in *in, json_t *root, struct statement *s)
{
	json_t *list = member(in, root, "subject", JSON_ARRAY);
	json_t *subject = json_array_get(list, 0);
	json_t *digest = member(in, subject, "digest", JSON_OBJECT);
	uint8_t again[SHA256_LEN] = {0};
	int64_t count = 0;

	if (json_array_size(list) != 1)
		fail(in, ERR_MALFORMED);
	if (subject_window(in, text(in, subject, "name"), s) != s->window_id)
		fail(in, ERR_MALFORMED);
	hex(in, digest, "sha256", s->manifest_sha256, SHA256_LEN);
	hex(in, digest, "merkleRoot", again, SHA256_LEN);
	if (in->err == 0 && (text_parse_i64(text(in, digest, "recordCount"), &count) != 0 ||
			     (uint64_t)count != s->leaf_count || memcmp(again, s->root, SHA256_LEN) != 0))
		fail(in, ERR_MALFORMED);
	s->opened_ms = time_ms(in, digest, "windowStart");
	s->closed_ms = time_ms(in, digest, "windowEnd");
}

static void
read_duration(struct in *in, json_t *predicate, struct statement *s)
{
	struct slice d = text(in, member(in, predicate, "window", JSON_OBJECT), "duration");
	size_t i = 2;
	int scale = 1000;

	if (d.n < 4 || d.p[0] != 'P' || d.p[1] != 'T' || d.p[d.n - 1] != 'S') {
		fail(in, ERR_MALFORMED);
		return;
	}
	for (; i < d.n - 1 && d.p[i] >= '0' && d.p[i] <= '9' && s->max_age_ms < INT64_MAX / 100000; i++)
		s->max_age_ms = s->max_age_ms * 10 + (d.p[i] - '0');
	s->max_age_ms *= 1000;
	if (i < d.n - 1 && d.p[i] == '.')
		for (i++; i < d.n - 1 && d.p[i] >= '0' && d.p[i] <= '9' && scale > 1; i++)
			s->max_age_ms += (d.p[i] - '0') * (scale /= 10);
	if (i != d.n - 1)
		fail(in, ERR_MALFORMED);
}

static void
read_predicate(struct in *in, json_t *p, struct statement *s)
{
	json_t *collector = member(in, p, "collector", JSON_OBJECT);
	json_t *metadata = member(in, p, "metadata", JSON_OBJECT);
	json_t *statistics = member(in, member(in, p, "aggregates", JSON_OBJECT), "statistics", JSON_OBJECT);
	json_t *stream = member(in, p, "stream", JSON_OBJECT);
	struct slice source = text(in, stream, "source");

	s->collector_id = text(in, collector, "id");
	s->location = text_opt(in, collector, "location");
	s->collector_version = text(in, member(in, collector, "version", JSON_OBJECT), "makoto-proxy");
	if (source.n > 8 && memcmp(source.p, "kafka://", 8) == 0)
		s->source = slice_of(source.p + 8, source.n - 8);
	else
		fail(in, ERR_MALFORMED);
	read_integrity(in, p, s);
	read_kafka(in, member(in, metadata, "kafka", JSON_OBJECT), s);
	read_chain(in, p, s);
	s->settled_ms = time_ms(in, metadata, "finishedOn");
	s->value_bytes = (uint64_t)integer(in, statistics, "valueBytes", 0);
	s->min_timestamp = s->max_timestamp = -1;
	if (json_object_get(statistics, "minTimestamp") != NULL) {
		s->min_timestamp = time_ms(in, statistics, "minTimestamp");
		s->max_timestamp = time_ms(in, statistics, "maxTimestamp");
	}
	read_duration(in, p, s);
	/* What a first statement has and what a later one has. */
	if ((s->previous_window > 0) != (json_object_get(json_object_get(metadata, "kafka"), "previousStatement") != NULL) ||
	    (s->previous_window > 0 && (s->follows || s->previous_window >= s->window_id || s->chain_length < 2)) ||
	    (s->previous_window == 0 && (s->chain_length != 1 || s->genesis_window != s->window_id)))
		fail(in, ERR_MALFORMED);
}

static int
read_statement(struct slice json, bool any_chain, struct statement **ret)
{
	struct in in = {.any_chain = any_chain};
	struct statement *s;
	json_t *root, *kafka;
	int err;

	if (json.n > MAX_JSON)
		return ERR_LIMIT;
	if ((err = json_read(json, &root)) != 0)
		return err;
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		json_decref(root);
		return ERR_NOMEM;
	}
	s->owned = root;
	kafka = json_object_get(json_object_get(json_object_get(root, "predicate"), "metadata"), "kafka");
	if (!slice_eq(text(&in, kafka, "format"), slice_str("makoto-kafka/1")))
		in.err = ERR_UNSUPPORTED;
	text_is(&in, root, "_type", "https://in-toto.io/Statement/v1");
	text_is(&in, root, "predicateType", "https://makoto.dev/stream-window/v1");
	if (in.err == 0)
		read_predicate(&in, member(&in, root, "predicate", JSON_OBJECT), s);
	if (in.err == 0)
		read_subject(&in, root, s);
	if (in.err != 0) {
		statement_free(s);
		return in.err;
	}
	*ret = s;
	return 0;
}

int
statement_read(struct slice json, struct statement **ret)
{
	return read_statement(json, false, ret);
}

int
statement_read_own(struct slice json, struct statement **ret)
{
	return read_statement(json, true, ret);
}

void
statement_free(struct statement *s)
{
	if (s == NULL)
		return;
	free(s->level_gaps);
	free(s->ranges.list);
	free(s->aborted.list);
	free(s->open.list);
	free(s->resolved);
	free(s->producers);
	free(s->claims);
	json_decref(s->owned);
	free(s);
}

bool
runs_find(const struct runs *r, int64_t offset, uint64_t *ret_index)
{
	uint64_t before = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct run *run = &r->list[i];

		if (offset < run->first)
			return false;
		if (offset - run->first < run->count) {
			*ret_index = before + (uint64_t)(offset - run->first);
			return true;
		}
		before += (uint64_t)run->count;
	}
	return false;
}

int64_t
runs_behind(const struct runs *r, int64_t offset)
{
	const struct run *run;
	size_t lo = 0, hi = r->count;
	int64_t behind;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->list[mid].first <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return offset;
	run = &r->list[lo - 1];
	if (offset - run->first >= run->count)
		return offset;
	return __builtin_add_overflow(run->first, run->count, &behind) ? INT64_MAX : behind;
}
