#include "verify/dbom_row.h"

#include "base/text.h"

int
dbom_row_place(const char *topics, int32_t number, char ret_topic[DBOM_ROW_NAME], int32_t *ret_partition)
{
	struct slice left = slice_str(topics), name;

	if (number < 0)
		return ERR_NOTFOUND;
	for (int32_t n = number / DBOM_ROW_PARTITIONS; text_next(&left, &name); n--) {
		if (n > 0)
			continue;
		if (name.n >= DBOM_ROW_NAME)
			return ERR_NOTFOUND;
		memcpy(ret_topic, name.p, name.n);
		ret_topic[name.n] = '\0';
		*ret_partition = number % DBOM_ROW_PARTITIONS;
		return 0;
	}
	return ERR_NOTFOUND;
}

bool
dbom_row_is_good(const char *topics)
{
	struct slice left = slice_str(topics), name;
	int32_t count = 0;

	while (text_next(&left, &name))
		if (name.n == 0 || name.n >= DBOM_ROW_NAME || ++count > DBOM_ROW_TOPICS || text_listed(left, name))
			return false;
	return true;
}
