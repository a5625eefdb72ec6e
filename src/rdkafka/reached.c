#include "rdkafka/reached.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

int64_t
reached_offset(struct slice json, const char *topic, int32_t partition)
{
	json_t *root = json_loadb((const char *)json.p, json.n, 0, NULL), *next;
	char number[16];
	int64_t at = -1;

	(void)snprintf(number, sizeof(number), "%" PRId32, partition);
	next = json_object_get(json_object_get(root, "topics"), topic);
	next = json_object_get(json_object_get(json_object_get(next, "partitions"), number), "next_offset");
	if (json_is_integer(next) && json_integer_value(next) >= 0) /* below: it hasn't begun */
		at = json_integer_value(next);
	json_decref(root);
	return at;
}
