/* A configuration file: an error with a place, or a snapshot whose dump loads to the same. */
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *c, *again;
	char why[1024] = "";
	struct wr one = wr_new(SIZE_MAX / 2), two = wr_new(SIZE_MAX / 2);

	if (config_load_text("fuzz", slice_of(data, size), NULL, 0, &c, why, sizeof(why)) != 0) {
		INVARIANT(why[0] != '\0');
		return 0;
	}
	config_dump(c, &one);
	INVARIANT(config_load_text("dump", wr_slice(&one), NULL, 0, &again, why, sizeof(why)) == 0);
	config_dump(again, &two);
	INVARIANT(slice_eq(wr_slice(&one), wr_slice(&two)));
	config_unref(again);
	config_unref(c);
	wr_free(&one);
	wr_free(&two);
	return 0;
}
