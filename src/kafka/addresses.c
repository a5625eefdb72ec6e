#include "kafka/addresses.h"

#include "kafka/api.h"
#include "kafka/schema.h"

struct address {
	struct slice host;
	int32_t port;
	bool ours; /* replaced */
};

/* First walk: finds and maps.  Second walk: copies with what the first found. */
struct rewrite {
	addresses_map_fn *map;
	void *arg;
	struct address *list;
	size_t count, cap, next;
	size_t longer; /* bytes that the new hosts may add */
	int32_t node_id;
	struct slice host;
	bool controllers; /* DescribeCluster was about them */
	bool hints;       /* inside NodeEndpoints, without which a client asks for Metadata */
	bool withhold;    /* one of the hints can't be mapped */
	bool changes;
};

bool
addresses_in(int16_t key, int16_t version)
{
	switch (key) {
	case API_METADATA:
	case API_FIND_COORDINATOR:
	case API_DESCRIBE_CLUSTER:
	case API_SHARE_FETCH:
	case API_SHARE_ACKNOWLEDGE: return true;
	case API_PRODUCE: return version >= 10;
	case API_FETCH: return version >= 16;
	case API_DESCRIBE_QUORUM: return version >= 2;
	default: return false;
	}
}

bool
addresses_at_end(int16_t key, int16_t version)
{
	return (key == API_FETCH || key == API_SHARE_FETCH) && addresses_in(key, version);
}

static int
remember(struct rewrite *r, struct address a)
{
	if (r->count == r->cap) {
		size_t cap = r->cap == 0 ? 16 : r->cap * 2;
		struct address *list = realloc(r->list, cap * sizeof(*list));

		if (list == NULL)
			return ERR_NOMEM;
		r->list = list;
		r->cap = cap;
	}
	r->list[r->count++] = a;
	return 0;
}

static int
found(struct rewrite *r, int32_t port)
{
	struct address a = {0};
	int err;

	if (r->host.n == 0 || r->controllers)
		return remember(r, a); /* an error's place holder: nothing to dial; or it goes with its list */
	a.ours = r->changes = true;
	if (r->node_id < 0 || port <= 0) {
		/* Names no broker, so no port of ours stands for it; its host may still not be told. */
		a.host = slice_of("", 0);
		a.port = -1;
		return remember(r, a);
	}
	err = r->map(r->arg, r->node_id, r->host, port, &a.host, &a.port);
	if (err != 0 && r->hints)
		r->withhold = true; /* whatever the reason, a client can do without */
	else if (err != 0)
		return err;
	r->longer += a.host.n + 8;
	return remember(r, a);
}

static int
see_first(void *arg, struct schema_value *v)
{
	struct rewrite *r = arg;

	switch (v->mark) {
	case SCHEMA_NODE_ID: r->node_id = (int32_t)v->num; return 0;
	case SCHEMA_HOST: r->host = v->bytes; return 0;
	case SCHEMA_PORT: return found(r, (int32_t)v->num);
	case SCHEMA_ENDPOINTS: r->hints = true; return 0;
	case SCHEMA_ENDPOINT_TYPE: r->controllers = v->num != 1; return 0;
	case SCHEMA_CLUSTER_BROKERS: r->changes |= r->controllers && v->num > 0; return 0;
	case SCHEMA_LISTENERS: r->changes |= v->num > 0; return 0;
	case SCHEMA_NONE:
	case SCHEMA_TOPIC_NAME:
	case SCHEMA_TOPIC_ID: return 0;
	}
	return 0;
}

static int
see_second(void *arg, struct schema_value *v)
{
	struct rewrite *r = arg;

	switch (v->mark) {
	case SCHEMA_HOST:
		INVARIANT(r->next < r->count);
		if (r->list[r->next].ours) {
			v->bytes = r->list[r->next].host;
			v->replaced = true;
		}
		return 0;
	case SCHEMA_PORT:
		if (r->list[r->next].ours) {
			v->num = r->list[r->next].port;
			v->replaced = true;
		}
		r->next++;
		return 0;
	case SCHEMA_ENDPOINTS: v->replaced = r->withhold; return 0;
	case SCHEMA_CLUSTER_BROKERS: v->replaced = r->controllers; return 0;
	case SCHEMA_LISTENERS: v->replaced = true; return 0;
	case SCHEMA_NONE:
	case SCHEMA_NODE_ID:
	case SCHEMA_ENDPOINT_TYPE:
	case SCHEMA_TOPIC_NAME:
	case SCHEMA_TOPIC_ID: return 0;
	}
	return 0;
}

int
addresses_rewrite(int16_t key, int16_t version, struct slice body, addresses_map_fn *map, void *arg, struct wr *out,
		  bool *ret_changed)
{
	struct rewrite r = {.map = map, .arg = arg, .node_id = -1};
	int err = schema_walk(key, true, version, body, see_first, &r, NULL);

	if (err == 0 && r.changes) {
		/* One allocation, so that megabytes of records are copied once. */
		if (out->len <= out->max && body.n + r.longer <= out->max - out->len)
			(void)wr_room(out, body.n + r.longer);
		err = schema_walk(key, true, version, body, see_second, &r, out);
	}
	free(r.list);
	if (err == 0)
		*ret_changed = r.changes;
	return err;
}
