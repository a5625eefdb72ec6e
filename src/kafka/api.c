#include "kafka/api.h"

#include "kafka/schema_internal.h"

static const struct schema_api *
find(int16_t key)
{
	if (key < 0 || key >= schema_api_count || schema_apis[key].name == NULL)
		return NULL;
	return &schema_apis[key];
}

bool
api_known(int16_t key)
{
	const struct schema_api *a = find(key);

	return a != NULL && a->broker;
}

const char *
api_name(int16_t key)
{
	const struct schema_api *a = find(key);

	return a == NULL ? NULL : a->name;
}

bool
api_range(int16_t key, int16_t *ret_min, int16_t *ret_max)
{
	const struct schema_api *a = find(key);

	if (a == NULL)
		return false;
	*ret_min = a->first;
	*ret_max = a->last;
	return true;
}

bool
api_flexible(int16_t key, int16_t version)
{
	const struct schema_api *a = find(key);

	/* Kafka 3 and older brokers' own APIs (LeaderAndIsr and kin) are not in the table; no client sends them. */
	return a == NULL || version >= a->flexible;
}
