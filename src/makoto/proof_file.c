#include "makoto/proof_file.h"

#include "base/json_out.h"
#include "base/text.h"
#include "makoto/json_read.h"

/* What a file that was read owns. */
struct owned {
	json_t *root;
	struct wr statement, value;
};

static void
put_hash(struct json_out *j, const char *name, const uint8_t hash[SHA256_LEN])
{
	char hex[2 * SHA256_LEN + 1];

	json_out_str(j, name, text_hex(hash, SHA256_LEN, hex));
}

/* Through memory of its own: it is the largest part. */
static void
put_base64(struct json_out *j, const char *name, struct slice s)
{
	struct wr text = wr_new(PROOF_FILE_MAX);

	text_base64(&text, s);
	json_out_text(j, name, wr_slice(&text));
	if (wr_err(&text) != 0 && j->w->err == 0)
		j->w->err = wr_err(&text);
	wr_free(&text);
}

int
proof_file_write(const struct proof_file *f, struct wr *w)
{
	struct json_out j = json_out_of(w);
	char key[CHAIN_KEY_MAX + 1];

	json_out_open(&j, NULL, '{');
	json_out_str(&j, "format", PROOF_FILE_FORMAT);
	json_out_text(&j, "topic", f->topic);
	json_out_int(&j, "partition", f->partition);
	json_out_int(&j, "offset", f->offset);
	json_out_open(&j, "leaf", '{');
	json_out_int(&j, "flags", f->leaf.flags);
	json_out_int(&j, "timestamp", f->leaf.timestamp);
	put_hash(&j, "keyHash", f->leaf.key_hash);
	put_hash(&j, "valueHash", f->leaf.value_hash);
	put_hash(&j, "headersHash", f->leaf.headers_hash);
	json_out_close(&j);
	json_out_open(&j, "inclusion", '{');
	json_out_int(&j, "index", (int64_t)f->inclusion.index);
	json_out_int(&j, "size", (int64_t)f->inclusion.size);
	json_out_open(&j, "path", '[');
	for (size_t i = 0; i < f->inclusion.count; i++)
		put_hash(&j, NULL, f->inclusion.path[i]);
	json_out_close(&j);
	json_out_close(&j);
	json_out_open(&j, "statement", '{');
	(void)chain_key(&f->chain, f->window_id, key);
	json_out_str(&j, "key", key);
	put_base64(&j, "value", f->statement);
	json_out_close(&j);
	if (f->value.p != NULL)
		put_base64(&j, "value", f->value);
	json_out_close(&j);
	wr_text(w, "\n");
	return wr_err(w);
}

/* --- reading ---------------------------------------------------------------------- */

/* Remembers the first fault, so that the code below stays a list. */
struct in {
	int err;
	const char *why;
};

static void
fail(struct in *in, int err, const char *why)
{
	if (in->err != 0)
		return;
	in->err = err;
	in->why = why;
}

static struct slice
text(struct in *in, json_t *object, const char *name, const char *why)
{
	json_t *v = json_object_get(object, name);

	if (!json_is_string(v)) {
		fail(in, ERR_MALFORMED, why);
		return slice_of("", 0);
	}
	return slice_of(json_string_value(v), json_string_length(v));
}

static int64_t
integer(struct in *in, json_t *object, const char *name, int64_t min, int64_t max, const char *why)
{
	json_t *v = json_object_get(object, name);

	if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max) {
		fail(in, ERR_MALFORMED, why);
		return min;
	}
	return json_integer_value(v);
}

static void
hash(struct in *in, struct slice hex, uint8_t ret[SHA256_LEN], const char *why)
{
	if (text_unhex(hex, ret, SHA256_LEN) != 0)
		fail(in, ERR_MALFORMED, why);
}

static void
base64(struct in *in, json_t *object, const char *name, struct wr *to, const char *why)
{
	struct slice s = text(in, object, name, why);
	int err = in->err == 0 ? text_unbase64(s, to) : 0;

	if (err != 0)
		fail(in, err, why);
}

static bool
is_zero(const uint8_t h[SHA256_LEN])
{
	static const uint8_t zero[SHA256_LEN];

	return memcmp(h, zero, SHA256_LEN) == 0;
}

static void
read_leaf(struct in *in, json_t *root, struct leaf_input *ret)
{
	json_t *leaf = json_object_get(root, "leaf");

	ret->flags = (uint8_t)integer(in, leaf, "flags", 0, LEAF_KEY_NULL | LEAF_VALUE_NULL | LEAF_TIME_BOUND,
				      "leaf.flags is not a number from 0 to 7");
	ret->timestamp = integer(in, leaf, "timestamp", INT64_MIN, INT64_MAX, "leaf.timestamp is not a number");
	hash(in, text(in, leaf, "keyHash", "leaf.keyHash is not text"), ret->key_hash, "leaf.keyHash is no hash");
	hash(in, text(in, leaf, "valueHash", "leaf.valueHash is not text"), ret->value_hash, "leaf.valueHash is no hash");
	hash(in, text(in, leaf, "headersHash", "leaf.headersHash is not text"), ret->headers_hash,
	     "leaf.headersHash is no hash");
	if (in->err != 0)
		return;
	if (!(ret->flags & LEAF_TIME_BOUND) && ret->timestamp != 0)
		fail(in, ERR_MALFORMED, "leaf.timestamp is not 0, and leaf.flags says that no timestamp is bound");
	if ((ret->flags & LEAF_KEY_NULL && !is_zero(ret->key_hash)) ||
	    (ret->flags & LEAF_VALUE_NULL && !is_zero(ret->value_hash)))
		fail(in, ERR_MALFORMED, "leaf has the hash of a key or value that leaf.flags says is null");
}

static void
read_inclusion(struct in *in, json_t *root, struct proof *ret)
{
	json_t *inclusion = json_object_get(root, "inclusion"), *path = json_object_get(inclusion, "path");

	ret->index = (uint64_t)integer(in, inclusion, "index", 0, INT64_MAX - 1, "inclusion.index is not a number from 0 on");
	ret->size = (uint64_t)integer(in, inclusion, "size", 1, INT64_MAX, "inclusion.size is not a number from 1 on");
	if (!json_is_array(path) || json_array_size(path) > PROOF_MAX) {
		fail(in, ERR_MALFORMED, "inclusion.path is not a list of at most 63 hashes");
		return;
	}
	ret->count = json_array_size(path);
	for (size_t i = 0; i < ret->count; i++) {
		json_t *v = json_array_get(path, i);

		hash(in, slice_of(json_string_value(v), json_string_length(v)), ret->path[i],
		     "inclusion.path has something that is no hash");
	}
}

static void
read_all(struct in *in, struct owned *o, struct proof_file *f)
{
	json_t *statement;

	if (!json_is_object(o->root))
		fail(in, ERR_MALFORMED, "it is not a JSON object");
	if (!slice_eq(text(in, o->root, "format", "it has no format"), slice_str(PROOF_FILE_FORMAT)))
		fail(in, ERR_UNSUPPORTED, "its format is not " PROOF_FILE_FORMAT);
	f->topic = text(in, o->root, "topic", "topic is not text");
	if (f->topic.n > 0 && memchr(f->topic.p, '\0', f->topic.n) != NULL)
		fail(in, ERR_MALFORMED, "topic has a NUL, and no topic's name has one");
	f->partition = (int32_t)integer(in, o->root, "partition", 0, INT32_MAX, "partition is not a number from 0 on");
	f->offset = integer(in, o->root, "offset", 0, INT64_MAX, "offset is not a number from 0 on");
	read_leaf(in, o->root, &f->leaf);
	read_inclusion(in, o->root, &f->inclusion);
	statement = json_object_get(o->root, "statement");
	if (chain_key_parse(text(in, statement, "key", "statement.key is not text"), &f->chain, &f->window_id) != 0)
		fail(in, ERR_MALFORMED, "statement.key is not <chain id>/<window id>");
	base64(in, statement, "value", &o->statement, "statement.value is not base64, or too large");
	if (json_object_get(o->root, "value") != NULL) {
		base64(in, o->root, "value", &o->value, "value is not base64, or too large");
		if (f->leaf.flags & LEAF_VALUE_NULL)
			fail(in, ERR_MALFORMED, "it has a value, and leaf.flags says that it is null");
		f->value = o->value.len == 0 ? slice_of("", 0) : wr_slice(&o->value);
	}
	f->statement = wr_slice(&o->statement);
}

int
proof_file_read(struct slice json, struct proof_file *ret, const char **ret_why)
{
	struct proof_file f = {.partition = 0};
	struct in in = {0, ""};
	struct owned *o;
	int err;

	if (json.n > PROOF_FILE_MAX) {
		*ret_why = "it is larger than 192 MiB";
		return ERR_LIMIT;
	}
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return ERR_NOMEM;
	o->statement = wr_new(PROOF_FILE_STATEMENT_MAX);
	o->value = wr_new(PROOF_FILE_VALUE_MAX);
	f.owned = o;
	if ((err = json_read(json, &o->root)) != 0)
		fail(&in, err, "it is not JSON, or has a member twice");
	else
		read_all(&in, o, &f);
	if (in.err != 0) {
		proof_file_clear(&f);
		if (in.err != ERR_NOMEM)
			*ret_why = in.why;
		return in.err;
	}
	*ret = f;
	return 0;
}

void
proof_file_clear(struct proof_file *f)
{
	struct owned *o = f->owned;

	if (o != NULL) {
		json_decref(o->root);
		wr_free(&o->statement);
		wr_free(&o->value);
		free(o);
	}
	*f = (struct proof_file){.partition = 0};
}
