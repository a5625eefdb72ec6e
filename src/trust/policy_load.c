/* A policy out of YAML: first every name and kind, then what they mean. */
#include "base/file.h"
#include "base/text.h"
#include "config/document.h"
#include "keys/certificate.h"
#include "trust/policy_internal.h"

enum { PEM_MAX = 1024 * 1024, NAME_MAX_BYTES = 128, PATH_LEN = 4096 };

struct load {
	const struct document *d;
	struct slice dir; /* with its slash; empty: the current one */
	struct policy *p;
	char *why;
	size_t why_len;
};

#define COMPLAIN(l, place, ...) document_complain((l)->d, place, (l)->why, (l)->why_len, __VA_ARGS__)

/* --- names and kinds ---------------------------------------------------------------- */

struct field {
	const char *name;
	unsigned kinds; /* a bit for each that it may be */
};

#define TEXT (1u << DOCUMENT_TEXT)
#define LIST (1u << DOCUMENT_LIST)
#define MAP (1u << DOCUMENT_MAP)

static const struct field top_fields[] = {{"issuers", MAP}, {"mirrors", LIST}, {"unattested", TEXT | MAP}, {"unsigned", LIST}};
static const struct field issuer_fields[] = {{"keys", LIST},     {"authorities", LIST}, {"certificates", LIST},
					     {"topics", LIST},   {"clusters", LIST},    {"level", TEXT},
					     {"not.before", TEXT}, {"not.after", TEXT}};
static const struct field mirror_fields[] = {{"topic", TEXT}, {"of", TEXT}, {"cluster", TEXT}};

static const char *
kind_name(unsigned kinds)
{
	return kinds == TEXT ? "plain text" : kinds == LIST ? "a list such as [a, b]" : kinds == MAP ? "names and values" : "text, or names and values";
}

static const char *
nearest(const struct field *fields, size_t count, const char *name)
{
	const char *best = fields[0].name;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < count; i++) {
		size_t d = text_distance(slice_str(name), slice_str(fields[i].name));

		if (d < least) {
			least = d;
			best = fields[i].name;
		}
	}
	return best;
}

/* Every entry of the map is one of the fields, of a right kind.  `where`: the map's path, with a dot; or "". */
static int
check_map(struct load *l, const struct document_node *map, const char *where, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct document_node *n = &map->items[i];
		size_t k = 0;

		while (k < count && strcmp(fields[k].name, n->name) != 0)
			k++;
		if (k == count)
			return COMPLAIN(l, n->name_at, "unknown key \"%s%s\"; the nearest key is \"%s\"", where, n->name,
					nearest(fields, count, n->name));
		if (n->kind != DOCUMENT_NONE && (fields[k].kinds & 1u << n->kind) == 0)
			return COMPLAIN(l, n->at, "%s%s: want %s here", where, n->name, kind_name(fields[k].kinds));
	}
	return 0;
}

/* NULL: it isn't there, or nothing is behind its colon. */
static const struct document_node *
get(const struct document_node *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->items[i].name, name) == 0)
			return map->items[i].kind == DOCUMENT_NONE ? NULL : &map->items[i];
	return NULL;
}

/* A list that has something in it, and nothing but text. */
static int
check_list(struct load *l, const struct document_node *n, const char *where)
{
	if (n->count == 0)
		return COMPLAIN(l, n->at, "%s%s: the list is empty", where, n->name);
	for (size_t i = 0; i < n->count; i++)
		if (n->items[i].kind != DOCUMENT_TEXT || n->items[i].text[0] == '\0')
			return COMPLAIN(l, n->items[i].at, "%s%s: want plain words in this list", where, n->name);
	return 0;
}

/* The list's words; `def` where there is no list (NULL: none). */
static int
take_texts(struct load *l, const struct document_node *map, const char *name, const char *where, const char *def,
	   struct policy_texts *ret)
{
	const struct document_node *n = get(map, name);
	int err = 0;

	if (n == NULL)
		return def == NULL ? 0 : policy_add_text(ret, def);
	if ((err = check_list(l, n, where)) != 0)
		return err;
	for (size_t i = 0; err == 0 && i < n->count; i++)
		err = policy_add_text(ret, n->items[i].text);
	return err;
}

/* --- keys --------------------------------------------------------------------------- */

/* A file's path, as it is from here. */
static int
path_of(struct load *l, const struct document_node *n, char path[PATH_LEN])
{
	int len = snprintf(path, PATH_LEN, "%.*s%s", n->text[0] == '/' ? 0 : (int)l->dir.n, (const char *)l->dir.p, n->text);

	return len < 0 || len >= PATH_LEN ? COMPLAIN(l, n->at, "a path of more than %d bytes", PATH_LEN) : 0;
}

static bool
is_pem(const struct document_node *n)
{
	return strstr(n->text, "-----BEGIN ") != NULL;
}

/* `err` of something about this node, whose reason is in `why`: where, which key, and the reason. */
static int
refuse(struct load *l, const struct document_node *n, const char *where, const char *key, int err, const char *why)
{
	return err == ERR_NOMEM ? err : COMPLAIN(l, n->at, "%s%s: %s", where, key, why);
}

static int
grant(struct load *l, const struct document_node *n, size_t before, size_t issuer, int64_t from_ms, int64_t until_ms)
{
	int err = policy_grant(l->p, before, issuer, from_ms, until_ms);

	return err != ERR_LIMIT ? err : COMPLAIN(l, n->at, "more than %d keys", POLICY_KEYS_MAX);
}

/* A PEM text: the node's own, or its file's.  `name` is what stands in front of what is wrong with it. */
static int
pem_of(struct load *l, const struct document_node *n, const char *where, const char *key, struct wr *ret, char name[PATH_LEN])
{
	char why[PATH_LEN + 256];
	int err;

	if (is_pem(n)) {
		(void)snprintf(name, PATH_LEN, "the text here");
		wr_text(ret, n->text);
		return wr_err(ret);
	}
	if ((err = path_of(l, n, name)) != 0)
		return err;
	err = file_read(name, ret, why, sizeof(why));
	return err != 0 ? refuse(l, n, where, key, err, why) : 0;
}

static int
take_key(struct load *l, const struct document_node *n, const char *where, size_t issuer)
{
	struct wr pem = wr_new(PEM_MAX);
	char name[PATH_LEN], why[PATH_LEN + 256];
	size_t before = trust_count(l->p->keys);
	int err = pem_of(l, n, where, "keys", &pem, name);

	if (err == 0 && (err = trust_load_pem(l->p->keys, name, wr_slice(&pem), why, sizeof(why))) != 0)
		err = refuse(l, n, where, "keys", err, why);
	else if (err == 0)
		err = grant(l, n, before, issuer, INT64_MIN, INT64_MAX);
	wr_free(&pem);
	return err;
}

static int
take_authorities(struct load *l, const struct document_node *list, const char *where, struct authorities *to)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < list->count; i++) {
		struct wr pem = wr_new(PEM_MAX);
		char name[PATH_LEN], why[256], text[PATH_LEN + 512];

		err = pem_of(l, &list->items[i], where, "authorities", &pem, name);
		if (err == 0 && (err = certificate_authorities_add(to, wr_slice(&pem), why, sizeof(why))) != 0) {
			(void)snprintf(text, sizeof(text), "%s: %s", name, why);
			err = refuse(l, &list->items[i], where, "authorities", err, text);
		}
		wr_free(&pem);
	}
	return err;
}

static int
take_certificate(struct load *l, const struct document_node *n, const char *where, const struct authorities *by, size_t issuer)
{
	struct wr pem = wr_new(PEM_MAX);
	char name[PATH_LEN], why[512], text[PATH_LEN + 1024];
	size_t before = trust_count(l->p->keys);
	struct certified c;
	int err = pem_of(l, n, where, "certificates", &pem, name);

	if (err != 0)
		goto out;
	if ((err = certificate_check(by, wr_slice(&pem), &c, why, sizeof(why))) != 0) {
		(void)snprintf(text, sizeof(text), "%s: %s", name, why);
		err = refuse(l, n, where, "certificates", err, text);
		goto out;
	}
	if ((err = trust_add(l->p->keys, c.key)) == 0)
		err = grant(l, n, before, issuer, c.from_ms, c.until_ms);
out:
	wr_free(&pem);
	return err;
}

static int
take_certificates(struct load *l, const struct document_node *map, const char *where, size_t issuer)
{
	const struct document_node *list = get(map, "certificates"), *by = get(map, "authorities");
	struct authorities *authorities;
	int err;

	if (list == NULL && by == NULL)
		return 0;
	if (list == NULL)
		return COMPLAIN(l, by->name_at, "%sauthorities: there are no certificates for them to vouch for", where);
	if (by == NULL)
		return COMPLAIN(l, list->name_at, "%scertificates: want authorities, too, that vouch for them", where);
	if ((err = check_list(l, list, where)) != 0 || (err = check_list(l, by, where)) != 0)
		return err;
	if ((authorities = certificate_authorities_new()) == NULL)
		return ERR_NOMEM;
	err = take_authorities(l, by, where, authorities);
	for (size_t i = 0; err == 0 && i < list->count; i++)
		err = take_certificate(l, &list->items[i], where, authorities, issuer);
	certificate_authorities_free(authorities);
	return err;
}

/* --- issuers ------------------------------------------------------------------------ */

static int
take_time(struct load *l, const struct document_node *map, const char *name, const char *where, int64_t *ret)
{
	const struct document_node *n = get(map, name);

	if (n == NULL || text_parse_time_ms(slice_str(n->text), ret) == 0)
		return 0;
	return COMPLAIN(l, n->at, "%s%s: \"%s\" is not right; want a time such as 2026-01-31T00:00:00Z", where, name, n->text);
}

static int
take_level(struct load *l, const struct document_node *map, const char *where, int *ret)
{
	const struct document_node *n = get(map, "level");
	int64_t level = 2;

	if (n != NULL && (text_parse_i64(slice_str(n->text), &level) != 0 || level < 1 || level > 3))
		return COMPLAIN(l, n->at, "%slevel: \"%s\" is not right; want 1, 2 or 3", where, n->text);
	*ret = (int)level;
	return 0;
}

static int
take_issuer(struct load *l, const struct document_node *n)
{
	const struct document_node *keys;
	struct policy_issuer *i;
	char where[NAME_MAX_BYTES + 16];
	size_t before = trust_count(l->p->keys);
	int err;

	if (strlen(n->name) > NAME_MAX_BYTES)
		return COMPLAIN(l, n->name_at, "an issuer's name of more than %d bytes", NAME_MAX_BYTES);
	(void)snprintf(where, sizeof(where), "issuers.%s.", n->name);
	if (n->kind != DOCUMENT_MAP)
		return COMPLAIN(l, n->kind == DOCUMENT_NONE ? n->name_at : n->at, "issuers.%s: want names and values: its keys, and what it may attest", n->name);
	if ((err = check_map(l, n, where, issuer_fields, ARRAY_LEN(issuer_fields))) != 0)
		return err;
	if ((i = policy_room(&l->p->issuers, l->p->issuer_count, sizeof(*i))) == NULL)
		return ERR_NOMEM;
	l->p->issuer_count++;
	*i = (struct policy_issuer){.name = strdup(n->name), .from_ms = INT64_MIN, .until_ms = INT64_MAX};
	if (i->name == NULL)
		return ERR_NOMEM;
	if ((err = take_texts(l, n, "topics", where, "*", &i->topics)) != 0 ||
	    (err = take_texts(l, n, "clusters", where, "*", &i->clusters)) != 0 ||
	    (err = take_level(l, n, where, &i->level)) != 0 ||
	    (err = take_time(l, n, "not.before", where, &i->from_ms)) != 0 ||
	    (err = take_time(l, n, "not.after", where, &i->until_ms)) != 0)
		return err;
	if (i->from_ms > i->until_ms)
		return COMPLAIN(l, get(n, "not.after")->at, "%snot.after: it is before not.before", where);
	if ((keys = get(n, "keys")) != NULL)
		err = check_list(l, keys, where);
	for (size_t k = 0; err == 0 && keys != NULL && k < keys->count; k++)
		err = take_key(l, &keys->items[k], where, l->p->issuer_count - 1);
	if (err != 0 || (err = take_certificates(l, n, where, l->p->issuer_count - 1)) != 0)
		return err;
	if (trust_count(l->p->keys) == before)
		return COMPLAIN(l, n->name_at, "issuers.%s: it has neither keys nor certificates", n->name);
	return 0;
}

static int
take_issuers(struct load *l, const struct document_node *root)
{
	const struct document_node *n = get(root, "issuers");
	int err = 0;

	if (n == NULL || n->count == 0) /* whoever leaves them out by accident would see everything refused */
		return COMPLAIN(l, n == NULL ? root->at : n->at, "issuers: want one at least; whose statements count?");
	if (n->count > POLICY_ISSUERS_MAX)
		return COMPLAIN(l, n->at, "issuers: more than %d", POLICY_ISSUERS_MAX);
	for (size_t i = 0; err == 0 && i < n->count; i++)
		err = take_issuer(l, &n->items[i]);
	return err;
}

/* --- mirrors, and what has no statement --------------------------------------------- */

static int
take_word(struct load *l, const struct document_node *map, const char *name, char **ret)
{
	const struct document_node *n = get(map, name);

	if (n == NULL || n->text[0] == '\0')
		return COMPLAIN(l, map->at, "mirrors: %s is missing; want {topic: , of: , cluster: }", name);
	return (*ret = strdup(n->text)) != NULL ? 0 : ERR_NOMEM;
}

static int
take_mirrors(struct load *l, const struct document_node *root)
{
	const struct document_node *list = get(root, "mirrors");
	int err = 0;

	for (size_t i = 0; list != NULL && err == 0 && i < list->count; i++) {
		const struct document_node *n = &list->items[i];
		struct policy_mirror *m;
		const char *fault;

		if (n->kind != DOCUMENT_MAP)
			return COMPLAIN(l, n->at, "mirrors: want {topic: , of: , cluster: } here");
		if ((err = check_map(l, n, "mirrors.", mirror_fields, ARRAY_LEN(mirror_fields))) != 0)
			return err;
		if ((m = policy_room(&l->p->mirrors, l->p->mirror_count, sizeof(*m))) == NULL)
			return ERR_NOMEM;
		l->p->mirror_count++;
		if ((err = take_word(l, n, "topic", &m->topic)) != 0 || (err = take_word(l, n, "of", &m->of)) != 0 ||
		    (err = take_word(l, n, "cluster", &m->cluster)) != 0)
			return err;
		if ((fault = policy_mirror_fault(m->topic, m->of)) != NULL)
			return COMPLAIN(l, n->at, "mirrors: %s", fault);
	}
	return err;
}

static int
take_exception(struct load *l, const struct document_node *n, const char *glob)
{
	struct policy_exception *e;
	bool allow = n->kind == DOCUMENT_TEXT && strcmp(n->text, "allow") == 0;

	if (!allow && (n->kind != DOCUMENT_TEXT || strcmp(n->text, "deny") != 0))
		return COMPLAIN(l, n->at, "unattested: want deny or allow");
	if ((e = policy_room(&l->p->unattested, l->p->unattested_count, sizeof(*e))) == NULL || (e->glob = strdup(glob)) == NULL)
		return ERR_NOMEM;
	e->allow = allow;
	l->p->unattested_count++;
	return 0;
}

static int
take_unattested(struct load *l, const struct document_node *root)
{
	const struct document_node *n = get(root, "unattested");
	int err = 0;

	if (n == NULL)
		return 0;
	if (n->kind == DOCUMENT_TEXT)
		return take_exception(l, n, "*");
	for (size_t i = 0; err == 0 && i < n->count; i++)
		err = take_exception(l, &n->items[i], n->items[i].name);
	return err;
}

/* --- the file ----------------------------------------------------------------------- */

static int
take_all(struct load *l)
{
	const struct document_node *root = document_root(l->d);
	int err;

	if (root->kind != DOCUMENT_MAP && root->kind != DOCUMENT_NONE)
		return COMPLAIN(l, root->at, "want keys and values");
	if ((err = check_map(l, root, "", top_fields, ARRAY_LEN(top_fields))) != 0 || (err = take_issuers(l, root)) != 0 ||
	    (err = take_mirrors(l, root)) != 0 || (err = take_unattested(l, root)) != 0)
		return err;
	return take_texts(l, root, "unsigned", "", NULL, &l->p->unsigned_topics);
}

int
policy_load_text(const char *name, struct slice text, struct policy **ret, char *why, size_t why_len)
{
	const char *slash = strrchr(name, '/');
	struct load l = {.dir = slice_of(name, slash == NULL ? 0 : (size_t)(slash - name) + 1), .why = why, .why_len = why_len};
	struct document *d = NULL;
	int err = document_parse(name, text, &d, why, why_len);

	if (err == 0 && (l.p = policy_new()) == NULL)
		err = ERR_NOMEM;
	l.d = d;
	if (err == 0)
		err = take_all(&l);
	document_free(d);
	if (err == 0) {
		*ret = l.p;
		return 0;
	}
	policy_unref(l.p);
	if (err == ERR_NOMEM)
		(void)snprintf(why, why_len, "out of memory");
	return err;
}

int
policy_load(const char *path, struct policy **ret, char *why, size_t why_len)
{
	struct wr text = wr_new(DOCUMENT_BYTES_MAX);
	int err = file_read(path, &text, why, why_len);

	if (err == 0)
		err = policy_load_text(path, wr_slice(&text), ret, why, why_len);
	wr_free(&text);
	return err;
}
