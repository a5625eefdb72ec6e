#include "kafka/topics.h"

#include "kafka/api.h"
#include "kafka/schema.h"

struct learn {
	topics_learn_fn *fn;
	void *arg;
	struct slice name;
};

bool
topics_in(int16_t key, int16_t version)
{
	return (key == API_METADATA && version >= 10) || (key == API_CREATE_TOPICS && version >= 7) ||
	       key == API_DESCRIBE_TOPIC_PARTITIONS;
}

static int
see(void *arg, struct schema_value *v)
{
	static const uint8_t zero[16];
	struct learn *l = arg;

	if (v->mark == SCHEMA_TOPIC_NAME)
		l->name = v->bytes;
	if (v->mark != SCHEMA_TOPIC_ID || v->bytes.n != 16 || l->name.n == 0 || memcmp(v->bytes.p, zero, 16) == 0)
		return 0;
	return l->fn(l->arg, l->name, v->bytes.p);
}

int
topics_learn(int16_t key, int16_t version, struct slice body, topics_learn_fn *fn, void *arg)
{
	struct learn l = {.fn = fn, .arg = arg};

	return schema_walk(key, true, version, body, see, &l, NULL);
}
