#include "survey/principal.h"

#include <stdio.h>
#include <stdlib.h>

#include "sasl/peek.h"

enum { NAME_MAX_BYTES = 1024 };

struct principal {
	const struct login_door *real;
	struct login_door door;
	char name[NAME_MAX_BYTES + sizeof("User:")];
};

/* A login that is listened to. */
struct talk {
	struct principal *principal;
	void *real;
	bool heard;
};

static void
note(struct principal *p, struct slice name)
{
	(void)snprintf(p->name, sizeof(p->name), "User:%.*s", (int)name.n, (const char *)name.p);
}

static int
begin(void *arg, const char *host, void **ret_talk, char *why, size_t why_len)
{
	struct principal *p = arg;
	struct talk *t = calloc(1, sizeof(*t));
	int err;

	if (t == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	t->principal = p;
	err = p->real->begin(p->real->arg, host, &t->real, why, why_len);
	if (err != 0) {
		free(t);
		return err;
	}
	*ret_talk = t;
	return 0;
}

static int
step(void *talk, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len)
{
	struct talk *t = talk;
	struct principal *p = t->principal;
	size_t from = out->len;
	int err = p->real->step(t->real, in, out, ret_done, why, why_len);
	struct wr name = wr_new(NAME_MAX_BYTES);

	if (err == 0 && !t->heard && peek_name(p->real->mechanism, slice_of(out->buf + from, out->len - from), &name) == 0)
		note(p, wr_slice(&name));
	t->heard = true;
	wr_free(&name);
	return err;
}

static void
end(void *talk)
{
	struct talk *t = talk;

	t->principal->real->end(t->real);
	free(t);
}

struct principal *
principal_new(const struct login_door *door, const struct tls_context *tls)
{
	struct principal *p = calloc(1, sizeof(*p));
	struct wr subject = wr_new(NAME_MAX_BYTES);

	if (p == NULL)
		return NULL;
	p->real = door;
	if (door != NULL) {
		p->door = (struct login_door){door->mechanism, p, begin, step, end};
		(void)snprintf(p->name, sizeof(p->name), PRINCIPAL_UNKNOWN);
		return p;
	}
	if (tls != NULL)
		tls_subject(tls, &subject);
	note(p, wr_err(&subject) == 0 && subject.len > 0 ? wr_slice(&subject) : slice_str("ANONYMOUS"));
	wr_free(&subject);
	return p;
}

void
principal_free(struct principal *p)
{
	free(p);
}

const struct login_door *
principal_door(const struct principal *p)
{
	return p->real != NULL ? &p->door : NULL;
}

const char *
principal_name(const struct principal *p)
{
	return p->name;
}
