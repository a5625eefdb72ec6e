/*
 *        ┌──────────── pause ◄───────────┐
 *        ▼                               │
 *   metadata ── missing, refused ──► create ── it can't be ──► problem
 *        │
 *        └─ there ──► max.message.bytes ──► found
 */
#include "rdkafka/scout_internal.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/slice.h"
#include "base/text.h"

enum {
	ASK_MS = 1000, /* how long one question may hold up scout_stop() */
	CREATE_MS = 5000,
	PAUSE_SHORT_MS = 100,
	PAUSE_MIN_MS = 250,
	PAUSE_MAX_MS = 5000,
};

struct scout {
	rd_kafka_t *rk;
	rd_kafka_topic_t *rkt;
	const char *topic;
	int create_partitions;
	int create_replication;
	int event_fd;
	pthread_t thread;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t stopped;
	bool stop;
	bool told; /* `why` was taken */
	char why[SCOUT_WHY];
	bool found;
	int32_t partitions;
	size_t limit;
};

static void
news(const struct scout *s)
{
	/* Fails only when the counter is full, and then it is readable anyway. */
	(void)eventfd_write(s->event_fd, 1);
}

static bool
must_stop(struct scout *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

static void
tell(struct scout *s, const char *what, const char *cause)
{
	char why[SCOUT_WHY];
	bool fresh;

	snprintf(why, sizeof(why), "topic %s: %s: %s", s->topic, what, cause);
	pthread_mutex_lock(&s->lock);
	fresh = strcmp(why, s->why) != 0;
	if (fresh) {
		memcpy(s->why, why, sizeof(why));
		s->told = false;
	}
	pthread_mutex_unlock(&s->lock);
	if (fresh)
		news(s);
}

static void
pause_for(struct scout *s, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&s->lock);
	while (!s->stop && pthread_cond_timedwait(&s->stopped, &s->lock, &until) == 0)
		;
	pthread_mutex_unlock(&s->lock);
}

/* The topic's partitions; 0 and the reason when it isn't usable. */
static int32_t
ask(struct scout *s, rd_kafka_resp_err_t *ret_err)
{
	const struct rd_kafka_metadata *md;
	int32_t n = 0;

	*ret_err = rd_kafka_metadata(s->rk, 0, s->rkt, &md, ASK_MS);
	if (*ret_err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	*ret_err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	for (int i = 0; i < md->topic_cnt; i++) {
		if (strcmp(md->topics[i].topic, s->topic) != 0)
			continue;
		*ret_err = md->topics[i].err;
		n = md->topics[i].partition_cnt;
	}
	rd_kafka_metadata_destroy(md);
	return *ret_err == RD_KAFKA_RESP_ERR_NO_ERROR ? n : 0;
}

static rd_kafka_NewTopic_t *
wanted(const struct scout *s, char *why, size_t why_len)
{
	rd_kafka_NewTopic_t *t =
		rd_kafka_NewTopic_new(s->topic, s->create_partitions, s->create_replication, why, why_len);

	/* It outlives the data that it speaks of, and compaction would eat windows. */
	if (t != NULL && (rd_kafka_NewTopic_set_config(t, "cleanup.policy", "delete") != RD_KAFKA_RESP_ERR_NO_ERROR ||
			  rd_kafka_NewTopic_set_config(t, "retention.ms", "-1") != RD_KAFKA_RESP_ERR_NO_ERROR)) {
		rd_kafka_NewTopic_destroy(t);
		t = NULL;
	}
	return t;
}

/* What the one topic of a CreateTopics answer got. */
static rd_kafka_resp_err_t
created(rd_kafka_event_t *ev, char *why, size_t why_len)
{
	const rd_kafka_CreateTopics_result_t *res = rd_kafka_event_CreateTopics_result(ev);
	const rd_kafka_topic_result_t **topics;
	rd_kafka_resp_err_t err = rd_kafka_event_error(ev);
	const char *text = NULL;
	size_t n = 0;

	if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
		text = rd_kafka_event_error_string(ev);
	} else {
		topics = rd_kafka_CreateTopics_result_topics(res, &n);
		if (n == 1) {
			err = rd_kafka_topic_result_error(topics[0]);
			text = rd_kafka_topic_result_error_string(topics[0]);
		}
	}
	snprintf(why, why_len, "%s", text != NULL ? text : rd_kafka_err2str(err));
	return err;
}

/* A number among the controller's settings, or `otherwise`. */
static int
broker_setting(struct scout *s, const char *name, int otherwise)
{
	char text[32];
	int64_t n;

	if (handle_broker_config(s->rk, name, ASK_MS, text, sizeof(text)) != 0 ||
	    text_parse_i64(slice_str(text), &n) != 0 || n < 1 || n > INT16_MAX)
		return otherwise;
	return (int)n;
}

/* Before Kafka 2.4 (KIP-464) "the brokers' default" can't be asked for, only looked up.  Is there something new to ask for? */
static bool
look_up_defaults(struct scout *s)
{
	bool missing = s->create_partitions < 0 || s->create_replication < 0;

	if (s->create_partitions < 0)
		s->create_partitions = broker_setting(s, "num.partitions", -1);
	if (s->create_replication < 0)
		s->create_replication = broker_setting(s, "default.replication.factor", -1);
	return missing && s->create_partitions > 0 && s->create_replication > 0;
}

/* Asks for the topic to be made. */
static rd_kafka_resp_err_t
ask_to_create(struct scout *s, char *why, size_t why_len)
{
	rd_kafka_NewTopic_t *topic = wanted(s, why, why_len);
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(s->rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(s->rk);
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__INVALID_ARG;
	rd_kafka_event_t *ev = NULL;
	char ignored[128];

	if (topic == NULL || options == NULL || queue == NULL)
		goto out;
	(void)rd_kafka_AdminOptions_set_request_timeout(options, CREATE_MS, ignored, sizeof(ignored));
	rd_kafka_CreateTopics(s->rk, &topic, 1, options, queue);
	for (int waited = 0; ev == NULL && waited < CREATE_MS + ASK_MS && !must_stop(s); waited += PAUSE_MIN_MS)
		ev = handle_admin_answer(queue, RD_KAFKA_EVENT_CREATETOPICS_RESULT, PAUSE_MIN_MS);
	if (ev == NULL) {
		err = RD_KAFKA_RESP_ERR__TIMED_OUT;
		snprintf(why, why_len, "nobody answers");
	} else {
		err = created(ev, why, why_len);
	}
out:
	if (ev != NULL)
		rd_kafka_event_destroy(ev);
	if (queue != NULL)
		rd_kafka_queue_destroy(queue);
	if (options != NULL)
		rd_kafka_AdminOptions_destroy(options);
	if (topic != NULL)
		rd_kafka_NewTopic_destroy(topic);
	return err;
}

/* Has the topic made; false when it can't be, which was told. */
static bool
create(struct scout *s)
{
	char why[256] = "out of memory";
	rd_kafka_resp_err_t err = ask_to_create(s, why, sizeof(why));

	if (err == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE && look_up_defaults(s))
		err = ask_to_create(s, why, sizeof(why));
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR || err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
		return true;
	if (!must_stop(s))
		tell(s, "it can't be created, so we wait for it", why);
	return false;
}

/* 0: nobody tells. */
static size_t
ask_limit(struct scout *s)
{
	char text[32];
	int64_t n;

	if (handle_topic_config(s->rk, s->topic, "max.message.bytes", ASK_MS, text, sizeof(text)) != 0 ||
	    text_parse_i64(slice_str(text), &n) != 0 || n < 1)
		return 0;
	return (size_t)n;
}

static void *
run(void *arg)
{
	struct scout *s = arg;
	int pause_ms = PAUSE_MIN_MS;

	while (!must_stop(s)) {
		rd_kafka_resp_err_t err;
		int32_t n = ask(s, &err);
		size_t limit;

		if (n > 0) {
			limit = ask_limit(s);
			pthread_mutex_lock(&s->lock);
			s->found = true;
			s->partitions = n;
			s->limit = limit;
			pthread_mutex_unlock(&s->lock);
			news(s);
			break;
		}
		/*
		 * Who may write but not describe is told that a missing topic is
		 * forbidden, so a refusal is no reason not to try.
		 */
		if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
		    err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
			if (create(s)) {
				pause_for(s, PAUSE_SHORT_MS);
				continue;
			}
		} else if (err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
			pause_for(s, PAUSE_SHORT_MS);
			continue;
		} else {
			tell(s, "not to be seen", rd_kafka_err2str(err));
		}
		pause_for(s, pause_ms);
		pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
	}
	return NULL;
}

int
scout_start(rd_kafka_t *rk, rd_kafka_topic_t *rkt, const char *topic, int create_partitions, int create_replication,
	    int event_fd, struct scout **ret)
{
	struct scout *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;
	sigset_t all, before;
	int failed;

	if (s == NULL)
		return ERR_NOMEM;
	s->rk = rk;
	s->rkt = rkt;
	s->topic = topic;
	s->create_partitions = create_partitions;
	s->create_replication = create_replication;
	s->event_fd = event_fd;
	s->told = true;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->stopped, &attr);
	pthread_condattr_destroy(&attr);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&s->thread, NULL, run, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0) {
		pthread_cond_destroy(&s->stopped);
		pthread_mutex_destroy(&s->lock);
		free(s);
		return ERR_IO;
	}
	*ret = s;
	return 0;
}

void
scout_stop(struct scout *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->stopped);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->stopped);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

bool
scout_problem(struct scout *s, char why[SCOUT_WHY])
{
	bool fresh;

	pthread_mutex_lock(&s->lock);
	fresh = !s->told;
	s->told = true;
	memcpy(why, s->why, SCOUT_WHY);
	pthread_mutex_unlock(&s->lock);
	return fresh;
}

bool
scout_found(struct scout *s, int32_t *ret_partitions, size_t *ret_limit)
{
	bool found;

	pthread_mutex_lock(&s->lock);
	if ((found = s->found)) {
		*ret_partitions = s->partitions;
		*ret_limit = s->limit;
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}
