/* What stages/topics.c knows of the cluster's topics, and how it comes to know it. */
#include "attesting.h"
#include "suite.h"

static const uint8_t id_new[16] = {0xee, 5};

static void
setup(void)
{
	attesting_open(&(struct attesting){.no_cluster = true});
}

static void
teardown(void)
{
	attesting_close();
}

static const struct slice no_name = {NULL, 0};

static int
find(struct slice name, const uint8_t id[16], struct topic_facts *ret)
{
	return topics_find(topics, &(struct topic_ref){name, id}, 0, ret);
}

static struct topic_facts
known(struct slice name, const uint8_t id[16])
{
	struct topic_facts f;

	ck_assert_int_eq(find(name, id, &f), 0);
	return f;
}

static struct exchange *
waiting(struct slice name, const uint8_t id[16])
{
	struct exchange *x = stages_exchange(API_PRODUCE, 9, slice_str(""));
	struct topic_facts f;

	ck_assert_int_eq(find(name, id, &f), ERR_NOTFOUND);
	topics_wait(topics, &(struct topic_ref){name, id}, 1, exchange_hold(x, 1000));
	return x;
}

static void
ck_resumed(struct exchange *x)
{
	ck_assert_uint_eq(x->resumes, 1);
	stages_free(x);
}

START_TEST(compacted)
{
	static const char *const policies[] = {"delete", "compact", "compact,delete"};
	struct exchange *x = waiting(slice_str("a"), NULL);

	cluster.topics[0].cleanup = policies[_i];
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_int_eq(known(slice_str("a"), NULL).compacted, _i > 0);
}
END_TEST

START_TEST(by_name)
{
	struct exchange *x = waiting(slice_str("a"), NULL), *y = waiting(slice_str("a"), NULL);
	struct topic_facts f;
	char id[64];

	ck_assert_uint_eq(cluster.asked, 1);
	cluster.topics[0].max_bytes = "5000";
	cluster.topics[0].time = "LogAppendTime";
	cluster_answer_all();
	ck_assert_uint_eq(cluster.asked, 2);
	ck_resumed(x);
	ck_resumed(y);
	f = known(slice_str("a"), NULL);
	ck_assert_str_eq(f.name, "a");
	ck_assert_uint_eq(f.name_len, 1);
	ck_assert(f.has_id);
	ck_assert_mem_eq(f.id, id_a, 16);
	ck_assert_uint_eq(f.max_bytes, 5000);
	ck_assert_int_eq(f.time, CHAINS_TIME_APPEND);
	ck_assert(!f.compacted);
	/* The id leads to it as well, and the cluster's own id is known from the same answer. */
	ck_assert_str_eq(known(no_name, id_a).name, "a");
	chains_cluster(chains, id, sizeof(id));
	ck_assert_str_eq(id, CLUSTER_ID);
}
END_TEST

START_TEST(by_id)
{
	struct exchange *x = waiting(no_name, id_b);

	cluster_answer_all();
	ck_resumed(x);
	ck_assert_str_eq(known(no_name, id_b).name, "b");
	ck_assert_int_eq(known(slice_str("b"), NULL).time, CHAINS_TIME_CREATE);
	ck_assert_uint_eq(known(no_name, id_b).max_bytes, TOPICS_DEFAULT_MAX_BYTES);
}
END_TEST

/* Brokers without topic ids; settings that we may not see, or that make no sense. */
START_TEST(little_is_told)
{
	struct topic_facts f;
	struct exchange *x;

	cluster.metadata_version = 9;
	cluster.topics[2].settings_error = 29;
	x = waiting(slice_str("c"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	f = known(slice_str("c"), NULL);
	ck_assert(!f.has_id);
	ck_assert_uint_eq(f.max_bytes, TOPICS_DEFAULT_MAX_BYTES);
	ck_assert_int_eq(f.time, CHAINS_TIME_UNKNOWN);
	cluster.topics[0].max_bytes = "-7";
	x = waiting(slice_str("a"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, TOPICS_DEFAULT_MAX_BYTES);
}
END_TEST

/* The second question fails in each way; the topic is known all the same. */
START_TEST(settings_fail)
{
	for (int how = 0; how < 3; how++) {
		struct exchange *x;

		attesting_close();
		setup();
		x = waiting(slice_str("a"), NULL);
		if (how == 2)
			cluster.unreachable = true;
		cluster_answer();
		if (how == 0)
			cluster_end(ERR_UNSUPPORTED, no_name);
		else if (how == 1)
			cluster_end(0, slice_str("?"));
		ck_resumed(x);
		ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, TOPICS_DEFAULT_MAX_BYTES);
	}
}
END_TEST

/* LEADER_NOT_AVAILABLE: the topic is there. Errors that say nothing of its existence: no answer. */
START_TEST(errors_of_topics)
{
	struct topic_facts f;
	struct exchange *x;

	cluster.topics[0].error = 5;
	x = waiting(slice_str("a"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_str_eq(known(slice_str("a"), NULL).name, "a");
	cluster.topics[1].error = 29;
	x = waiting(slice_str("b"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_int_ne(find(slice_str("b"), NULL, &f), 0);
}
END_TEST

/* A question under way is shared, what is left is asked in one; who waits for several goes on when the last is there. */
START_TEST(several_at_once)
{
	const struct topic_ref ab[] = {{slice_str("a"), NULL}, {slice_str("b"), NULL}, {slice_str("a"), NULL}},
			       bc[] = {{slice_str("b"), NULL}, {slice_str("c"), NULL}, {slice_str("gone"), NULL}};
	struct exchange *x = stages_exchange(API_PRODUCE, 9, slice_str("")), *y = stages_exchange(API_PRODUCE, 9, slice_str(""));
	struct topic_facts f;

	cluster.topics[1].max_bytes = "77";
	cluster.topics[2].max_bytes = "88";
	topics_wait(topics, ab, 3, exchange_hold(x, 1000));
	topics_wait(topics, bc, 3, exchange_hold(y, 1000));
	ck_assert_uint_eq(cluster.asked, 2);
	ck_assert_uint_eq(cluster.asks[0].count, 2);
	ck_assert_uint_eq(cluster.asks[1].count, 2);
	cluster_answer(); /* a and b are there */
	cluster_answer(); /* c is, gone isn't */
	ck_assert_uint_eq(cluster.asks[2].count, 2);
	ck_assert_uint_eq(cluster.asks[3].count, 1);
	ck_assert_uint_eq(x->resumes + y->resumes, 0);
	cluster_answer();
	ck_resumed(x);
	ck_assert_uint_eq(y->resumes, 0);
	cluster_answer();
	ck_resumed(y);
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, TOPICS_DEFAULT_MAX_BYTES);
	ck_assert_uint_eq(known(slice_str("b"), NULL).max_bytes, 77);
	ck_assert_uint_eq(known(slice_str("c"), NULL).max_bytes, 88);
	ck_assert_int_eq(find(slice_str("gone"), NULL, &f), ERR_REMOTE);
	ck_assert_uint_eq(cluster.asked, 4);
}
END_TEST

/* So many topics that aren't there. */
struct flood {
	struct topic_ref refs[1200];
	char names[1200][16];
};

static struct flood *
flood_of(const char *prefix)
{
	struct flood *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	for (size_t i = 0; i < ARRAY_LEN(f->refs); i++) {
		(void)snprintf(f->names[i], sizeof(f->names[i]), "%s-%zu", prefix, i);
		f->refs[i] = (struct topic_ref){slice_str(f->names[i]), NULL};
	}
	return f;
}

static struct exchange *
held(void)
{
	return stages_exchange(API_PRODUCE, 9, slice_str(""));
}

/* One question is about no more than so many; names and ids beside each other are two. */
START_TEST(very_many_at_once)
{
	struct flood *many = flood_of("gone");
	struct exchange *x = held();
	struct topic_facts f;

	many->refs[TOPICS_AT_ONCE - 1] = (struct topic_ref){no_name, id_a};
	topics_wait(topics, many->refs, ARRAY_LEN(many->refs), exchange_hold(x, 1000));
	ck_assert_uint_eq(cluster.asked, 1);
	ck_assert_uint_eq(cluster.asks[0].count, TOPICS_AT_ONCE - 1);
	cluster_answer();
	ck_assert_uint_eq(cluster.asked, 2);
	ck_assert_uint_eq(cluster.asks[1].count, 1);
	ck_assert_uint_eq(x->resumes, 0);
	cluster_answer_all();
	ck_resumed(x);
	for (size_t i = 0; i < TOPICS_AT_ONCE - 1; i++)
		ck_assert_int_eq(topics_find(topics, &many->refs[i], 0, &f), ERR_REMOTE);
	ck_assert_int_eq(topics_find(topics, &many->refs[TOPICS_AT_ONCE], 0, &f), ERR_NOTFOUND);
	ck_assert_str_eq(known(no_name, id_a).name, "a");
	free(many);
}
END_TEST

/* Who asks for many waits for others who do; who asks for few, and the refresh, for neither. */
START_TEST(few_do_not_wait_for_many)
{
	struct flood *one = flood_of("one"), *two = flood_of("two");
	struct exchange *x = held(), *y = held(), *z;

	attesting_know("b"); /* is in use */
	cluster.asked = cluster.answered = 0;
	topics_wait(topics, one->refs, ARRAY_LEN(one->refs), exchange_hold(x, 1000));
	topics_wait(topics, two->refs, ARRAY_LEN(two->refs), exchange_hold(y, 1000));
	ck_assert_uint_eq(cluster.asked, 1);
	z = waiting(slice_str("a"), NULL);
	ck_assert_uint_eq(cluster.asked, 2);
	ck_assert_uint_eq(cluster.asks[1].count, 1);
	topics_refresh(topics);
	ck_assert_uint_eq(cluster.asked, 3);
	ck_assert_uint_eq(cluster.asks[2].count, 1);
	cluster_answer(); /* one is through, two is asked for */
	ck_resumed(x);
	ck_assert_uint_eq(cluster.asked, 4);
	ck_assert_uint_eq(cluster.asks[3].count, TOPICS_AT_ONCE);
	ck_assert_uint_eq(y->resumes, 0);
	cluster_answer_all();
	ck_resumed(y);
	ck_resumed(z);
	free(one);
	free(two);
}
END_TEST

/* What comes while there are questions enough is asked in one. */
START_TEST(few_gather)
{
	static const char *const names[] = {"q1", "q2", "q3", "q4", "q5", "q6", "q7"};
	struct exchange *x[ARRAY_LEN(names)], *by;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		x[i] = waiting(slice_str(names[i]), NULL);
	by = waiting(no_name, id_a);
	ck_assert_uint_eq(cluster.asked, 4);
	cluster_answer();
	ck_assert_uint_eq(cluster.asked, 5);
	ck_assert_uint_eq(cluster.asks[4].count, 3);
	cluster_answer();
	ck_assert_uint_eq(cluster.asked, 6);
	ck_assert_mem_eq(cluster.asks[5].what[0].id, id_a, 16);
	cluster_answer_all();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_resumed(x[i]);
	ck_resumed(by);
}
END_TEST

/* Nobody can be asked: whoever stands in the line is through at once, too. */
START_TEST(the_line_ends)
{
	struct flood *one = flood_of("one"), *two = flood_of("two");
	struct exchange *x = held(), *y = held();

	topics_wait(topics, one->refs, ARRAY_LEN(one->refs), exchange_hold(x, 1000));
	topics_wait(topics, two->refs, ARRAY_LEN(two->refs), exchange_hold(y, 1000));
	cluster.unreachable = true;
	cluster_end(ERR_CLOSED, no_name);
	ck_resumed(x);
	ck_resumed(y);
	free(one);
	free(two);
}
END_TEST

START_TEST(impossible_names)
{
	char longest[TOPICS_NAME_MAX + 2];
	struct topic_facts f;
	struct exchange *x = stages_exchange(API_PRODUCE, 9, slice_str(""));

	memset(longest, 'n', sizeof(longest));
	ck_assert_int_eq(find(slice_str(""), NULL, &f), ERR_REMOTE);
	ck_assert_int_eq(find(slice_of(longest, TOPICS_NAME_MAX + 1), NULL, &f), ERR_REMOTE);
	ck_assert_int_eq(find(slice_of(longest, TOPICS_NAME_MAX), NULL, &f), ERR_NOTFOUND);
	/* Nothing to wait for. */
	topics_wait(topics, &(struct topic_ref){slice_of(longest, TOPICS_NAME_MAX + 1), NULL}, 1, exchange_hold(x, 1000));
	ck_resumed(x);
	ck_assert_uint_eq(cluster.asked, 0);
}
END_TEST

/* What passes by gives names for ids; settings still have to be asked for. */
START_TEST(learns_as_answers_pass)
{
	static const struct {
		int16_t key, version;
	} from[] = {{API_METADATA, 10}, {API_METADATA, 12}, {API_METADATA, 13}, {API_CREATE_TOPICS, 7}};

	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		struct exchange *x;

		attesting_close();
		setup();
		passes_by(from[i].key, from[i].version, "a", id_a);
		x = waiting(no_name, id_a);
		cluster_answer_all();
		ck_resumed(x);
		ck_assert_str_eq(known(no_name, id_a).name, "a");
	}
	ck_assert(!topics_stage(topics)->wants_response(topics, API_METADATA, 9));
	ck_assert(!topics_stage(topics)->wants_response(topics, API_PRODUCE, 13));
}
END_TEST

/* An answer on its way to a client doesn't take an id from one topic to another: the cluster is asked of both. */
START_TEST(an_id_of_two_topics)
{
	struct topic_facts f;
	struct exchange *x;

	attesting_know("a");
	attesting_know("b");
	for (int round = 0; round < 2; round++) {
		/* Of a name that nothing else is known of, or that has another id. */
		passes_by(API_METADATA, 12, round == 0 ? "c" : "b", id_a);
		ck_assert_int_eq(find(no_name, id_a, &f), ERR_NOTFOUND);
		ck_assert_int_eq(find(slice_str("a"), NULL, &f), ERR_NOTFOUND);
		x = waiting(no_name, id_a);
		cluster_answer_all();
		ck_resumed(x);
		ck_assert_str_eq(known(no_name, id_a).name, "a");
		ck_assert_mem_eq(known(slice_str("a"), NULL).id, id_a, 16);
	}
	x = waiting(slice_str("b"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_str_eq(known(no_name, id_b).name, "b");
	x = waiting(slice_str("c"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_mem_ne(known(slice_str("c"), NULL).id, id_a, 16);
}
END_TEST

/* Nor is it given to one that the cluster told without one. */
START_TEST(an_id_that_the_cluster_did_not_tell)
{
	struct topic_facts f;
	struct exchange *x;

	cluster.metadata_version = 9;
	x = waiting(slice_str("c"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert(!known(slice_str("c"), NULL).has_id);
	passes_by(API_METADATA, 12, "c", id_new);
	ck_assert_int_ne(find(no_name, id_new, &f), 0);
	ck_assert_int_eq(find(slice_str("c"), NULL, &f), ERR_NOTFOUND);
	x = waiting(slice_str("c"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert(!known(slice_str("c"), NULL).has_id);
	ck_assert_uint_eq(drained(false).count, 0);
}
END_TEST

/* What a look of ours finds corrects what passed by. */
START_TEST(an_id_that_was_told_wrongly)
{
	char name[TOPICS_NAME_MAX + 1];
	struct topic_facts f;
	struct exchange *x;

	passes_by(API_METADATA, 12, "c", id_a);
	ck_assert(topics_name(topics, id_a, name));
	x = waiting(no_name, id_a);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_str_eq(known(no_name, id_a).name, "a");
	passes_by(API_METADATA, 12, "a", id_a); /* no news */
	ck_assert_str_eq(known(no_name, id_a).name, "a");
	/* The other has none now, and loses nothing as it is found. */
	ck_assert_int_eq(find(slice_str("c"), NULL, &f), ERR_NOTFOUND);
	x = waiting(slice_str("c"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_str_eq(known(no_name, id_a).name, "a");
	ck_assert_str_eq(known(slice_str("c"), NULL).name, "c");
}
END_TEST

/* An answer that can't be read is not the stage's to stop. */
START_TEST(unreadable_answer)
{
	struct exchange *x = stages_exchange(API_CREATE_TOPICS, 7, slice_str("?"));

	ck_assert_int_eq(topics_stage(topics)->response(topics, x), STAGE_PASS);
	stages_free(x);
}
END_TEST

static void
one_record(const uint8_t id[16])
{
	struct wr batch = BATCH(.count = 2);
	struct stages_part p = {NULL, id, 0, wr_slice(&batch)};
	struct exchange *x = produce_of(13, 1, &p, 1);

	ck_assert_int_eq(request(x), STAGE_REPLACE);
	answer_stored(x, NULL, id, 0, 0);
	stages_free(x);
	wr_free(&batch);
}

/* Deleted and made again under the same name: another id, another chain; the old chain's window closes. */
START_TEST(made_again)
{
	struct exchange *x;
	struct drained d;

	attesting_know("a");
	one_record(id_a);
	passes_by(API_METADATA, 12, "a", id_new);
	memcpy(cluster.topics[0].id, id_new, 16);
	x = waiting(slice_str("a"), NULL); /* what passed by raised a doubt, and the cluster decides */
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_mem_eq(known(slice_str("a"), NULL).id, id_new, 16);
	ck_assert_str_eq(known(no_name, id_new).name, "a");
	d = drained(false);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.w[0].reason, CLOSE_TOPIC_DELETED);
	/* Its id leads nowhere any more. */
	x = waiting(no_name, id_a);
	cluster_answer_all();
	ck_resumed(x);
	one_record(id_new);
	d = drained(true);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_uint_eq(d.w[0].id, 1);
}
END_TEST

/* The same, met by its new id. */
START_TEST(made_again_by_id)
{
	struct exchange *x;
	struct drained d;

	attesting_know("a");
	one_record(id_a);
	memcpy(cluster.topics[0].id, id_new, 16);
	x = waiting(no_name, id_new);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_mem_eq(known(slice_str("a"), NULL).id, id_new, 16);
	d = drained(false);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.w[0].reason, CLOSE_TOPIC_DELETED);
}
END_TEST

/* A broker that lags tells an old id: the cluster's answer stands. */
START_TEST(a_broker_lags)
{
	struct exchange *x;

	attesting_know("a");
	one_record(id_a);
	passes_by(API_METADATA, 12, "a", id_new);
	x = waiting(slice_str("a"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_mem_eq(known(slice_str("a"), NULL).id, id_a, 16);
	ck_assert_uint_eq(drained(false).count, 0); /* its window is still open */
}
END_TEST

START_TEST(deleted)
{
	struct topic_facts f;
	struct exchange *x;
	struct drained d;

	attesting_know("a");
	one_record(id_a);
	passes_by(API_METADATA, 12, "a", id_new);
	cluster.topics[0].name = "gone";
	/* Whoever told the client of it may know more than the broker that we ask. */
	for (int ms = 0; ms < TOPICS_YOUNG_MS; ms += TOPICS_LAG_MS) {
		x = waiting(slice_str("a"), NULL);
		cluster_answer_all();
		ck_resumed(x);
		ck_assert_int_eq(find(slice_str("a"), NULL, &f), ERR_AGAIN);
		ck_assert_uint_eq(drained(false).count, 0);
		attesting_pass(TOPICS_LAG_MS);
	}
	x = waiting(slice_str("a"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_int_eq(find(slice_str("a"), NULL, &f), ERR_REMOTE);
	d = drained(false);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.w[0].reason, CLOSE_TOPIC_DELETED);
}
END_TEST

/* One broker that doesn't know it, while another one did, ends nothing. */
START_TEST(denied_once)
{
	struct topic_facts f;

	attesting_know("a");
	one_record(id_a);
	cluster.topics[0].name = "gone";
	topics_refresh(topics);
	cluster_answer_all();
	(void)known(slice_str("a"), NULL);
	cluster.topics[0].name = "a";
	topics_refresh(topics);
	cluster_answer_all();
	attesting_pass(TOPICS_LAG_MS);
	cluster.topics[0].name = "gone";
	topics_refresh(topics);
	cluster_answer_all();
	(void)known(slice_str("a"), NULL);
	ck_assert_uint_eq(drained(false).count, 0);
	attesting_pass(TOPICS_LAG_MS);
	topics_refresh(topics);
	cluster_answer_all();
	ck_assert_int_eq(find(slice_str("a"), NULL, &f), ERR_REMOTE);
	ck_assert_uint_eq(drained(false).count, 1);
}
END_TEST

START_TEST(too_large)
{
	cluster.topics[0].max_bytes = "1000";
	attesting_know("a");
	topics_too_large(topics, slice_str("a"), 2000, 500); /* we knew that */
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_whole, SIZE_MAX);
	/* Small bytes that become large where they are compressed anew: that is no limit for small ones. */
	topics_too_large(topics, slice_str("a"), 10, 50000);
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_whole, 1000);
	/* The limit is lower by now. */
	topics_too_large(topics, slice_str("a"), 1000, 900);
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_whole, 899);
	topics_too_large(topics, slice_str("a"), 800, 950);
	topics_too_large(topics, slice_str("a"), 0, 0);
	topics_too_large(topics, slice_str("nobody"), 5, 5);
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_whole, 899);
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, 1000);
}
END_TEST

/* What a broker's refusal showed holds until the cluster tells another limit than before, not until it tells none. */
START_TEST(a_limit_that_was_learnt)
{
	cluster.topics[0].settings_error = 29;
	attesting_know("a");
	topics_too_large(topics, slice_str("a"), 500000, 500000);
	attesting_know("a");
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_whole, 499999);
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, TOPICS_DEFAULT_MAX_BYTES);
	cluster.topics[0].settings_error = 0;
	cluster.topics[0].max_bytes = "700000";
	attesting_know("a");
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_whole, SIZE_MAX);
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, 700000);
	topics_too_large(topics, slice_str("a"), 600000, 600000);
	attesting_know("a");
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_whole, 599999);
	/* What was told isn't forgotten either. */
	cluster.topics[0].max_bytes = "800000";
	attesting_know("a");
	cluster.topics[0].settings_error = 29;
	attesting_know("a");
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, 800000);
	topics_too_large(topics, slice_str("a"), 600000, 600000);
	/* Another topic of that name is another matter. */
	memcpy(cluster.topics[0].id, id_new, 16);
	attesting_know("a");
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, TOPICS_DEFAULT_MAX_BYTES);
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_whole, SIZE_MAX);
}
END_TEST

/* Whatever the answer is, who waited must not wait for the same once more: the next question is none. */
static void
ck_no_second_question(struct slice name, const uint8_t id[16])
{
	struct topic_facts f;

	ck_assert_int_eq(find(name, id, &f), ERR_NOT_NOW);
}

/* "There is no such topic" is believed for a second, then asked anew. */
START_TEST(misses_are_forgotten)
{
	struct exchange *x = waiting(no_name, id_none);
	struct topic_facts f;

	cluster_answer_all();
	ck_resumed(x);
	attesting_pass(999);
	ck_assert_int_eq(find(no_name, id_none, &f), ERR_REMOTE);
	ck_assert_uint_eq(cluster.asked, 1);
	attesting_pass(1);
	cluster.topics[0].name = "a";
	memcpy(cluster.topics[0].id, id_none, 16);
	x = waiting(no_name, id_none);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_str_eq(known(no_name, id_none).name, "a");
}
END_TEST

static int
look_for(const char *name)
{
	struct topic_facts f;

	return find(slice_str(name), NULL, &f);
}

/* Who waited in vain tells others: for a while nobody waits, and one question at a time finds out when that ends. */
START_TEST(silence)
{
	struct exchange *x = waiting(slice_str("a"), NULL);

	attesting_pass(TOPICS_WAIT_MS - 1);
	ck_assert_int_eq(look_for("a"), ERR_NOTFOUND);
	ck_assert_int_eq(look_for("b"), ERR_NOTFOUND);
	attesting_pass(1);
	stages_time_out(x);
	stages_free(x);
	ck_assert_int_eq(look_for("a"), ERR_NOT_NOW); /* while it is still being asked for */
	ck_assert_int_eq(look_for("b"), ERR_NOT_NOW);
	ck_assert_uint_eq(cluster.asked, 1);
	cluster_end(ERR_TIMEOUT, no_name);
	for (int turn = 0; turn < 3; turn++) {
		attesting_pass(29999);
		ck_assert_int_eq(look_for("b"), ERR_NOT_NOW);
		ck_assert_int_eq(look_for("c"), ERR_NOT_NOW);
		ck_assert_uint_eq(cluster.asked, (size_t)turn + 2);
		cluster_end(turn == 0 ? ERR_CLOSED : ERR_TIMEOUT, no_name);
	}
	/* Nobody asked for long: the next one waits again. */
	attesting_pass(30000);
	ck_assert_int_eq(look_for("b"), ERR_NOTFOUND);
	x = waiting(slice_str("b"), NULL);
	cluster_end(ERR_TIMEOUT, no_name);
	ck_resumed(x);
	/* A question that is answered ends it. */
	ck_assert_int_eq(look_for("c"), ERR_NOT_NOW);
	ck_assert_int_eq(look_for("a"), ERR_NOT_NOW);
	cluster_answer_all();
	ck_assert_int_eq(look_for("c"), 0);
	x = waiting(slice_str("a"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_int_eq(look_for("a"), 0);
}
END_TEST

/* A cluster that answers one question after the other isn't silent, however long they take together. */
START_TEST(slow_is_not_silent)
{
	struct exchange *x[6];
	char name[32];

	for (int i = 0; i < 6; i++) {
		(void)snprintf(name, sizeof(name), "slow-%d", i);
		x[i] = waiting(slice_str(name), NULL);
	}
	for (int i = 0; i < 4; i++) {
		attesting_pass(TOPICS_WAIT_MS - 1);
		ck_assert_int_eq(look_for("b"), ERR_NOTFOUND);
		cluster_answer();
	}
	attesting_pass(TOPICS_WAIT_MS);
	ck_assert_int_eq(look_for("b"), ERR_NOT_NOW);
	cluster_answer_all();
	for (int i = 0; i < 6; i++)
		ck_resumed(x[i]);
}
END_TEST

/* Nobody could be asked at all. */
START_TEST(silence_at_once)
{
	struct exchange *x;

	cluster.unreachable = true;
	x = waiting(slice_str("a"), NULL);
	ck_resumed(x);
	ck_assert_int_eq(look_for("b"), ERR_NOT_NOW);
	cluster.unreachable = false;
	ck_assert_int_eq(look_for("b"), ERR_NOT_NOW); /* from a second ago on it is asked for */
	attesting_pass(1000);
	ck_assert_int_eq(look_for("b"), ERR_NOT_NOW);
	cluster_answer_all();
	ck_assert_int_eq(look_for("b"), 0);
}
END_TEST

/* A topic that passes by on its way to a client shows that the cluster is there. */
START_TEST(silence_ends_in_passing)
{
	struct exchange *x = waiting(slice_str("a"), NULL);

	cluster_end(ERR_TIMEOUT, no_name);
	ck_resumed(x);
	ck_assert_int_eq(look_for("a"), ERR_NOT_NOW);
	passes_by(API_METADATA, 12, "a", id_a);
	x = waiting(slice_str("a"), NULL);
	cluster_end(ERR_TIMEOUT, no_name);
	ck_resumed(x);
	passes_by(API_METADATA, 12, "a", id_a); /* but no news */
	ck_assert_int_eq(look_for("a"), ERR_NOT_NOW);
	attesting_pass(1000);
	ck_assert_int_eq(look_for("a"), ERR_NOT_NOW);
}
END_TEST

/* A broker that is too old to be asked by id does answer. */
START_TEST(no_silence)
{
	struct exchange *x;

	cluster.metadata_version = 11;
	x = waiting(no_name, id_a);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_int_eq(look_for("b"), ERR_NOTFOUND);
}
END_TEST

/* A broker that doesn't know the topic any more: looked at again, but not for each answer. */
START_TEST(doubts)
{
	struct exchange *x;

	attesting_know("a");
	topics_doubt(topics, &(struct topic_ref){slice_str("a"), NULL});
	(void)known(slice_str("a"), NULL);
	attesting_pass(1000);
	topics_doubt(topics, &(struct topic_ref){slice_str("nobody"), NULL});
	topics_doubt(topics, &(struct topic_ref){no_name, id_a});
	x = waiting(slice_str("a"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	(void)known(slice_str("a"), NULL);
}
END_TEST

static int
look_for_partition(int32_t partition)
{
	struct topic_facts f;

	return topics_find(topics, &(struct topic_ref){slice_str("a"), NULL}, partition, &f);
}

/* Asks for it, and hears the answer. */
static void
ask_for_partition(int32_t partition)
{
	struct exchange *x = stages_exchange(API_PRODUCE, 9, slice_str(""));

	ck_assert_int_eq(look_for_partition(partition), ERR_NOTFOUND);
	topics_wait(topics, &(struct topic_ref){slice_str("a"), NULL}, 1, exchange_hold(x, 1000));
	cluster_answer_all();
	ck_resumed(x);
}

/* One beyond those that are known: they may have been added, so it is asked for; when that found none twice, not again for a second. */
START_TEST(partitions)
{
	cluster.topics[0].partitions = 3;
	attesting_know("a");
	ck_assert_int_eq(known(slice_str("a"), NULL).partitions, 3);
	ck_assert_int_eq(look_for_partition(2), 0);
	ck_assert_int_eq(look_for_partition(-1), ERR_REMOTE);
	attesting_pass(1000);
	ck_assert_int_eq(look_for_partition(-1), ERR_REMOTE);
	ask_for_partition(3);
	ck_assert_int_eq(look_for_partition(3), ERR_AGAIN); /* who answered may lag behind */
	attesting_pass(TOPICS_LAG_MS);
	ask_for_partition(3);
	ck_assert_int_eq(look_for_partition(3), ERR_REMOTE); /* as was found just now */
	attesting_pass(1000);
	ask_for_partition(3);
	ck_assert_int_eq(look_for_partition(3), ERR_REMOTE); /* so soon after, once is enough */
	ck_assert_int_eq(look_for_partition(2), 0); /* the others don't wait */
	attesting_pass(3000);
	ask_for_partition(3);
	ck_assert_int_eq(look_for_partition(3), ERR_AGAIN);
	attesting_pass(TOPICS_LAG_MS);
	cluster.topics[0].partitions = 4;
	ask_for_partition(3);
	ck_assert_int_eq(look_for_partition(3), 0);
	/* Nobody answers: that is no reason to say that it isn't there. */
	ck_assert_int_eq(look_for_partition(4), ERR_NOTFOUND);
	topics_wait(topics, &(struct topic_ref){slice_str("a"), NULL}, 1, NULL);
	cluster_end(ERR_TIMEOUT, no_name);
	ck_assert_int_eq(look_for_partition(4), ERR_NOT_NOW);
	ck_assert_int_eq(look_for_partition(3), 0);
}
END_TEST

/* Added and used at once, however short ago the last look was: each look is believed only about what it looked for. */
START_TEST(partitions_added_and_used_at_once)
{
	cluster.topics[0].partitions = 3;
	attesting_know("a");
	for (int32_t n = 3; n < 6; n++) {
		cluster.topics[0].partitions = n + 1;
		ask_for_partition(n);
		ck_assert_int_eq(look_for_partition(n), 0);
	}
	/* A question that was under way may be older than the partition. */
	topics_refresh(topics);
	ask_for_partition(6);
	ck_assert_int_eq(look_for_partition(6), ERR_NOTFOUND);
	ask_for_partition(7);
	ck_assert_int_eq(look_for_partition(6), ERR_AGAIN);
	/* And one that finds more ends what was believed. */
	cluster.topics[0].partitions = 7;
	topics_refresh(topics);
	cluster_answer_all();
	ck_assert_int_eq(look_for_partition(6), 0);
	ck_assert_int_eq(look_for_partition(7), ERR_NOTFOUND);
}
END_TEST

/* All topics in use are asked about at once; who writes doesn't wait for the news. */
START_TEST(refreshes)
{
	attesting_know("a");
	attesting_know("b");
	attesting_know("c");
	ck_assert_uint_eq(cluster.asked, 6);
	topics_refresh(topics);
	topics_refresh(topics); /* the first is under way */
	ck_assert_uint_eq(cluster.asked, 7);
	ck_assert_uint_eq(cluster.asks[6].count, 3);
	cluster.topics[0].max_bytes = "77";
	cluster.topics[1].partitions = 5;
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, TOPICS_DEFAULT_MAX_BYTES);
	cluster_answer_all();
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, 77);
	ck_assert_uint_eq(known(no_name, id_a).max_bytes, 77);
	ck_assert_int_eq(known(slice_str("b"), NULL).partitions, 5);
	ck_assert_uint_eq(cluster.asked, 8);
	/* Nobody answers: what was known stands. */
	topics_refresh(topics);
	cluster_end(ERR_TIMEOUT, no_name);
	ck_assert_uint_eq(known(slice_str("a"), NULL).max_bytes, 77);
}
END_TEST

/* Topics with many partitions: no question's answer is very long, and one alone is asked about whatever it has. */
START_TEST(refreshes_a_few_at_a_time)
{
	static const int32_t so_many[] = {6000, 6000, 4000};
	static const char *const names[] = {"a", "b", "c"};

	for (size_t i = 0; i < 3; i++) {
		cluster.topics[i].partitions = so_many[i];
		attesting_know(names[i]);
	}
	topics_refresh(topics);
	ck_assert_uint_eq(cluster.asks[cluster.answered].count, 2); /* c and b */
	cluster_answer();
	cluster_answer();
	ck_assert_uint_eq(cluster.asks[cluster.answered].count, 1);
	cluster.topics[0].partitions = 60000;
	cluster_answer_all();
	ck_assert_int_eq(known(slice_str("a"), NULL).partitions, 60000);
	topics_refresh(topics); /* a is the last that was used */
	ck_assert_uint_eq(cluster.asks[cluster.answered].count, 1);
	cluster_answer();
	cluster_answer();
	ck_assert_uint_eq(cluster.asks[cluster.answered].count, 2);
	cluster_answer_all();
}
END_TEST

/* A topic that nobody writes to is asked about for ten rounds; then it is when somebody does. */
START_TEST(refreshes_what_is_in_use)
{
	struct exchange *x;

	attesting_know("a");
	attesting_know("b");
	passes_by(API_METADATA, 12, "heard", id_new);
	for (int round = 0; round < 10; round++) {
		(void)known(no_name, id_b);
		topics_refresh(topics);
		ck_assert_uint_eq(cluster.asks[cluster.answered].count, 2);
		cluster_answer_all();
	}
	for (int round = 0; round < 2; round++) {
		(void)known(no_name, id_b);
		topics_refresh(topics);
		ck_assert_uint_eq(cluster.asks[cluster.answered].count, 1);
		cluster_answer_all();
	}
	x = waiting(slice_str("a"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	topics_refresh(topics);
	ck_assert_uint_eq(cluster.asks[cluster.answered].count, 2);
}
END_TEST

/* Nobody was told: no error, and no answer with another id passed by. */
START_TEST(refreshed_to_another)
{
	struct drained d;

	attesting_know("a");
	one_record(id_a);
	memcpy(cluster.topics[0].id, id_new, 16);
	topics_refresh(topics);
	cluster_answer_all();
	ck_assert_mem_eq(known(slice_str("a"), NULL).id, id_new, 16);
	d = drained(false);
	ck_assert_uint_eq(d.count, 1);
	ck_assert_int_eq(d.w[0].reason, CLOSE_TOPIC_DELETED);
	/* And gone for good. */
	cluster.topics[0].name = "gone";
	topics_refresh(topics);
	cluster_answer_all();
	attesting_pass(TOPICS_LAG_MS);
	topics_refresh(topics);
	cluster_answer_all();
	ck_assert_int_eq(look_for("a"), ERR_REMOTE);
}
END_TEST

/* The answer is about another topic than was asked about. */
START_TEST(another_one_is_told)
{
	struct exchange *x = waiting(no_name, id_none);

	memcpy(cluster.asks[0].what[0].id, id_a, 16); /* answered as if that had been asked */
	cluster_answer_all();
	ck_resumed(x);
	ck_no_second_question(no_name, id_none);
}
END_TEST

enum { MANY = 100000 };

/* An answer with so many topics passes by. */
static void
many_pass_by(uint32_t first, uint32_t count)
{
	const struct stage *s = topics_stage(topics);
	struct wr w = wr_new(1 << 26);
	struct exchange *x;

	wr_i32(&w, 0);
	wr_uvarint(&w, 1);
	wr_compact(&w, no_name);
	wr_i32(&w, 1);
	wr_uvarint(&w, count + 1);
	for (uint32_t i = first; i < first + count; i++) {
		uint8_t id[16] = {1};
		char name[16];

		memcpy(id + 4, &i, 4);
		(void)snprintf(name, sizeof(name), "many-%u", i);
		wr_i16(&w, 0);
		wr_compact(&w, slice_str(name));
		wr_bytes(&w, id, 16);
		wr_u8(&w, 0);
		wr_uvarint(&w, 1);
		wr_i32(&w, 0);
		wr_u8(&w, 0);
	}
	wr_u8(&w, 0);
	x = stages_exchange(API_METADATA, 12, wr_slice(&w));
	ck_assert_int_eq(s->response(s->self, x), STAGE_PASS);
	stages_free(x);
	wr_free(&w);
}

START_TEST(an_answer_with_many)
{
	char name[TOPICS_NAME_MAX + 1], want[16];

	many_pass_by(0, 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		uint8_t id[16] = {1};

		memcpy(id + 4, &i, 4);
		(void)snprintf(want, sizeof(want), "many-%u", i);
		ck_assert(topics_name(topics, id, name));
		ck_assert_str_eq(name, want);
	}
	ck_assert(!topics_name(topics, id_a, name));
}
END_TEST

/* The table is full: what wasn't used for longest makes room. */
START_TEST(too_many)
{
	struct topic_facts f;
	struct exchange *x;

	attesting_know("a");
	attesting_know("b");
	many_pass_by(0, MANY - 2);
	(void)known(slice_str("a"), NULL);
	x = waiting(slice_str("c"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	(void)known(slice_str("c"), NULL);
	(void)known(slice_str("a"), NULL);
	/* b was, and is forgotten by name and by id; it can be asked for again. */
	ck_assert_int_eq(find(no_name, id_b, &f), ERR_NOTFOUND);
	many_pass_by(MANY, MANY - 2);
	(void)known(slice_str("a"), NULL);
	(void)known(no_name, id_a);
	x = waiting(slice_str("b"), NULL);
	cluster_answer_all();
	ck_resumed(x);
	ck_assert_str_eq(known(no_name, id_b).name, "b");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("stage_topics");
	TCase *t = tcase_create("stage_topics");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, by_name);
	tcase_add_loop_test(t, compacted, 0, 3);
	tcase_add_test(t, by_id);
	tcase_add_test(t, little_is_told);
	tcase_add_test(t, settings_fail);
	tcase_add_test(t, errors_of_topics);
	tcase_add_test(t, several_at_once);
	tcase_add_test(t, very_many_at_once);
	tcase_add_test(t, few_do_not_wait_for_many);
	tcase_add_test(t, few_gather);
	tcase_add_test(t, the_line_ends);
	tcase_add_test(t, impossible_names);
	tcase_add_test(t, learns_as_answers_pass);
	tcase_add_test(t, an_id_of_two_topics);
	tcase_add_test(t, an_id_that_the_cluster_did_not_tell);
	tcase_add_test(t, an_id_that_was_told_wrongly);
	tcase_add_test(t, unreadable_answer);
	tcase_add_test(t, made_again);
	tcase_add_test(t, made_again_by_id);
	tcase_add_test(t, a_broker_lags);
	tcase_add_test(t, deleted);
	tcase_add_test(t, denied_once);
	tcase_add_test(t, too_large);
	tcase_add_test(t, a_limit_that_was_learnt);
	tcase_add_test(t, misses_are_forgotten);
	tcase_add_test(t, silence);
	tcase_add_test(t, slow_is_not_silent);
	tcase_add_test(t, silence_at_once);
	tcase_add_test(t, silence_ends_in_passing);
	tcase_add_test(t, no_silence);
	tcase_add_test(t, doubts);
	tcase_add_test(t, partitions);
	tcase_add_test(t, partitions_added_and_used_at_once);
	tcase_add_test(t, refreshes);
	tcase_add_test(t, refreshes_a_few_at_a_time);
	tcase_add_test(t, refreshes_what_is_in_use);
	tcase_add_test(t, refreshed_to_another);
	tcase_add_test(t, another_one_is_told);
	tcase_add_test(t, an_answer_with_many);
	tcase_add_test(t, too_many);
	suite_add_tcase(s, t);
	return suite_run(s);
}
