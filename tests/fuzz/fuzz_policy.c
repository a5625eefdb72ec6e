/* A trust policy: it loads, or it says where it is wrong; what was loaded has an opinion about whatever it is asked. */
#include "trust/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(const struct policy *p, struct slice topic)
{
	struct policy_facts f = {slice_str("cluster"), topic, 2, 1700000000000, NULL};
	struct policy_opinion o;

	policy_trust(p, &f, &o);
	INVARIANT(o.trust != TRUST_SIGNED);
	INVARIANT((o.why[0] == '\0') == (o.trust == TRUST_UNSIGNED));
	INVARIANT(!policy_mirrors(p, topic, slice_str("cluster"), slice_str("orders")) || policy_is_mirror(p, topic));
	(void)policy_allows_unattested(p, topic);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	struct policy *p = NULL;
	char why[8192] = "";
	int err;

	/* Files that it may name are to be none that never end. */
	if (size > 0 && (memmem(data, size, "/dev", 4) != NULL || memmem(data, size, "/proc", 5) != NULL))
		return 0;
	err = policy_load_text("/nowhere/fuzz", text, &p, why, sizeof(why));
	INVARIANT((err == 0) == (p != NULL));
	if (p == NULL) {
		INVARIANT(err == ERR_CONFIG && strncmp(why, "/nowhere/fuzz:", 14) == 0);
		return 0;
	}
	ask(p, text);
	ask(p, slice_str("orders"));
	ask(p, slice_str(""));
	policy_unref(p);
	return 0;
}
