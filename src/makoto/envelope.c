#include "makoto/envelope.h"

#include "base/text.h"
#include "makoto/json_read.h"
#include "makoto/json_write.h"

enum { MAX_PART = 16 * 1024 * 1024 };

void
envelope_pae(struct slice type, struct slice body, struct wr *w)
{
	wr_printf(w, "DSSEv1 %zu ", type.n);
	wr_slice_put(w, type);
	wr_printf(w, " %zu ", body.n);
	wr_slice_put(w, body);
}

int
envelope_write(struct slice type, struct slice payload, const char *keyid, struct slice sig, struct wr *w)
{
	wr_text(w, "{\"payload\":\"");
	text_base64(w, payload);
	wr_text(w, "\",\"payloadType\":");
	json_write_text(w, type);
	wr_text(w, ",\"signatures\":[{\"keyid\":");
	json_write_text(w, slice_str(keyid));
	wr_text(w, ",\"sig\":\"");
	text_base64(w, sig);
	wr_text(w, "\"}]}");
	return wr_err(w);
}

static int
text(json_t *v, struct wr *to, bool base64)
{
	struct slice s;

	if (!json_is_string(v))
		return ERR_MALFORMED;
	s = slice_of(json_string_value(v), json_string_length(v));
	if (base64)
		return text_unbase64(s, to);
	wr_slice_put(to, s);
	return wr_err(to);
}

int
envelope_read(struct slice json, struct envelope *ret)
{
	struct envelope e = {wr_new(MAX_PART), wr_new(MAX_PART), wr_new(MAX_PART), wr_new(MAX_PART)};
	json_t *root, *list, *one, *keyid;
	int err;

	if (json.n > 2 * (size_t)MAX_PART)
		return ERR_LIMIT;
	if ((err = json_read(json, &root)) != 0)
		return err;
	list = json_object_get(root, "signatures");
	one = json_array_get(list, 0);
	keyid = json_object_get(one, "keyid");
	err = json_array_size(list) == 1 ? 0 : ERR_MALFORMED;
	if (err == 0)
		err = text(json_object_get(root, "payload"), &e.payload, true);
	if (err == 0)
		err = text(json_object_get(root, "payloadType"), &e.type, false);
	if (err == 0)
		err = text(json_object_get(one, "sig"), &e.sig, true);
	if (err == 0 && keyid != NULL)
		err = text(keyid, &e.keyid, false);
	json_decref(root);
	if (err != 0) {
		envelope_clear(&e);
		return err;
	}
	*ret = e;
	return 0;
}

void
envelope_clear(struct envelope *e)
{
	wr_free(&e->payload);
	wr_free(&e->type);
	wr_free(&e->keyid);
	wr_free(&e->sig);
}
