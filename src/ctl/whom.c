#include "ctl/whom.h"

#include "base/file.h"
#include "base/text.h"
#include "config/document.h"

int
whom_add_key(struct whom *w, const char *path)
{
	const char **keys = reallocarray(w->keys, w->key_count + 1, sizeof(*keys));

	if (keys == NULL)
		return ERR_NOMEM;
	w->keys = keys;
	w->keys[w->key_count++] = path;
	return 0;
}

bool
whom_is_empty(const struct whom *w)
{
	return w->policy == NULL && w->key_count == 0 && !w->accept_unsigned;
}

void
whom_free(struct whom *w)
{
	free(w->keys);
	*w = (struct whom){0};
}

/* Of the same bytes the digest, and what they say. */
static int
read_policy(struct whom *w, struct policy **ret, char *why, size_t why_len)
{
	struct wr text = wr_new(DOCUMENT_BYTES_MAX);
	uint8_t hash[SHA256_LEN];
	int err = file_read(w->policy, &text, why, why_len);

	if (err == 0)
		err = policy_load_text(w->policy, wr_slice(&text), ret, why, why_len);
	sha256_of(wr_slice(&text), hash);
	(void)text_hex(hash, sizeof(hash), w->policy_sha256);
	wr_free(&text);
	return err;
}

int
whom_policy(struct whom *w, const struct command *c, struct policy **ret)
{
	char why[2048];
	int err;

	if (w->policy != NULL && w->key_count > 0)
		return command_misused(c, "--policy and --public-key: the policy says which keys count");
	if (w->policy != NULL && w->accept_unsigned)
		return command_misused(c, "--policy and --accept-unsigned: the policy says where unsigned statements count");
	if (w->policy != NULL)
		err = read_policy(w, ret, why, sizeof(why));
	else
		err = policy_of_keys(w->keys, w->key_count, w->accept_unsigned, ret, why, sizeof(why));
	if (err == 0)
		return EXIT_OK;
	return err == ERR_NOMEM ? command_failed(c, "%s", why) : command_misused(c, "%s", why);
}
