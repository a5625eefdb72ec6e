/* A configuration file: it loads, or it says where it is wrong; what loads is dumped to text that loads to the same. */
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config *
load(const char *name, struct slice text, char *why, size_t why_len)
{
	struct config *c = NULL;
	int err = config_load_text(name, text, NULL, 0, &c, why, why_len);

	INVARIANT((err == 0) == (c != NULL));
	return c;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wr first = wr_new(1 << 26), second = wr_new(1 << 26);
	struct config *c, *back;
	char why[1024] = "";

	c = load("fuzz", slice_of(data, size), why, sizeof(why));
	if (c == NULL) {
		INVARIANT(strncmp(why, "fuzz:", 5) == 0);
		return 0;
	}
	config_dump(c, &first);
	back = load("dump", wr_slice(&first), why, sizeof(why));
	INVARIANT(back != NULL && wr_err(&first) == 0);
	config_dump(back, &second);
	INVARIANT(slice_eq(wr_slice(&first), wr_slice(&second)));
	config_unref(c);
	config_unref(back);
	wr_free(&first);
	wr_free(&second);
	return 0;
}
