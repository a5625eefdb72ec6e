#include "config/config.h"

#include "base/file.h"
#include "base/text.h"
#include "config/together.h"
#include "config/value.h"
#include "config/yaml.h"

enum { FILE_MAX = 4 * 1024 * 1024 };

struct config *
config_ref(struct config *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void
config_unref(struct config *c)
{
	if (c == NULL || atomic_fetch_sub(&c->refs, 1) > 1)
		return;
	for (size_t i = 0; i < config_key_count; i++)
		value_clear(c, &config_keys[i]);
	free(c);
}

static int
defaults(struct config *c, char *why, size_t why_len)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct key *k = &config_keys[i];
		int err;

		if (k->type == KEY_LIST || k->type == KEY_MAP)
			err = yaml_load_value("default", slice_str(k->def), c, k, why, why_len);
		else
			err = value_set(c, k, k->def, why, why_len);
		if (err != 0)
			return err;
	}
	return 0;
}

static int
override(struct config *c, const struct config_override *o, char *why, size_t why_len)
{
	const struct key *k = value_key(slice_str(o->path));
	char where[128], text[768], *value;
	const char *near;
	int err;

	if (k == NULL) {
		near = value_key_nearest(slice_str(o->path));
		(void)snprintf(why, why_len, "-o %s: unknown key%s%s%s", o->path, near != NULL ? "; the nearest key is \"" : "",
			       near != NULL ? near : "", near != NULL ? "\"" : "");
		return ERR_CONFIG;
	}
	if (k->type == KEY_LIST || k->type == KEY_MAP) { /* YAML, which tells its own places */
		(void)snprintf(where, sizeof(where), "-o %s", k->path);
		return yaml_load_value(where, slice_str(o->text), c, k, why, why_len);
	}
	(void)snprintf(where, sizeof(where), o->option != NULL ? "%s" : "-o %s", o->option != NULL ? o->option : k->path);
	err = value_expand(o->text, (k->flags & SECRET) != 0, &value, text, sizeof(text));
	if (err == ERR_CONFIG)
		(void)snprintf(why, why_len, "%s: %s", where, text);
	if (err != 0)
		return err;
	err = value_set(c, k, value, text, sizeof(text));
	if (err == ERR_CONFIG)
		(void)snprintf(why, why_len, "%s: %s", o->option != NULL ? o->option : "-o", text); /* which names the key */
	free(value);
	return err;
}

int
config_load_text(const char *name, struct slice text, const struct config_override *overrides, size_t count,
		 struct config **ret, char *why, size_t why_len)
{
	struct config *c = calloc(1, sizeof(*c));
	int err;

	if (c == NULL) {
		(void)snprintf(why, why_len, "out of memory");
		return ERR_NOMEM;
	}
	atomic_init(&c->refs, 1);
	err = defaults(c, why, why_len);
	if (err == 0 && name != NULL)
		err = yaml_load(name, text, c, why, why_len);
	for (size_t i = 0; i < count && err == 0; i++)
		err = override(c, &overrides[i], why, why_len);
	if (err == 0)
		err = together_check(c, why, why_len);
	if (err == ERR_NOMEM)
		(void)snprintf(why, why_len, "out of memory");
	if (err != 0) {
		config_unref(c);
		return err;
	}
	*ret = c;
	return 0;
}

int
config_load(const char *path, const struct config_override *overrides, size_t count, struct config **ret, char *why,
	    size_t why_len)
{
	struct wr text = wr_new(FILE_MAX);
	int err = path == NULL ? 0 : file_read(path, &text, why, why_len);

	if (err == 0)
		err = config_load_text(path, wr_slice(&text), overrides, count, ret, why, why_len);
	wr_free(&text);
	return err;
}

void
config_dump(const struct config *c, struct wr *w)
{
	char section[64] = "";

	for (size_t i = 0; i < config_key_count; i++) {
		const char *path = config_keys[i].path, *dot = strchr(path, '.');
		size_t n = dot != NULL ? (size_t)(dot - path) : 0;

		if (dot != NULL && (strlen(section) != n || memcmp(section, path, n) != 0)) {
			wr_printf(w, "%.*s:\n", (int)n, path);
			(void)snprintf(section, sizeof(section), "%.*s", (int)n, path);
		}
		wr_printf(w, "%s%s: ", dot != NULL ? "  " : "", dot != NULL ? dot + 1 : path);
		value_dump(c, &config_keys[i], w);
		wr_u8(w, '\n');
	}
}

void
config_dump_keys(struct wr *w)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct key *k = &config_keys[i];

		wr_printf(w, "%s\t%s\t%s\t%s%s\t%s\n", k->path,
			  k->type == KEY_ENUM ? k->choices : value_type_name(k->type), k->def,
			  k->flags & RELOAD ? "reload" : "restart", k->flags & SECRET ? ",secret" : "", k->doc);
	}
}

bool
config_needs_restart(const struct config *now, const struct config *then, char *keys, size_t len)
{
	static const char more[] = ", …";
	size_t n = 0;

	for (size_t i = 0; i < config_key_count; i++) {
		const char *path = config_keys[i].path;

		if ((config_keys[i].flags & RELOAD) != 0 || value_equal(now, then, &config_keys[i]))
			continue;
		if (strlen(path) + 2 + sizeof(more) > len - n) {
			(void)snprintf(keys + n, len - n, "%s", n > 0 ? more : "…");
			return true;
		}
		n += (size_t)snprintf(keys + n, len - n, "%s%s", n > 0 ? ", " : "", path);
	}
	return n > 0;
}

static bool
matches(const struct config_list *globs, struct slice topic)
{
	for (size_t i = 0; i < globs->count; i++)
		if (text_glob(globs->items[i], topic))
			return true;
	return false;
}

struct config_list
config_dbom_topics(const struct config *c)
{
	struct config *own = (struct config *)(uintptr_t)c;

	return c->verify_dbom_topics.count > 0 ? c->verify_dbom_topics : (struct config_list){&own->attest_dbom_topic, 1};
}

const char *
config_dbom_servers(const struct config *c)
{
	return c->verify_dbom_servers[0] != '\0' ? c->verify_dbom_servers : c->kafka_bootstrap_servers;
}

void
config_dbom_names(const struct config *c, struct wr *w)
{
	wr_text(w, c->attest_dbom_topic);
	for (size_t i = 0; i < c->verify_dbom_topics.count; i++) {
		wr_u8(w, ',');
		wr_text(w, c->verify_dbom_topics.items[i]);
	}
}

bool
config_is_dbom(const struct config *c, struct slice topic)
{
	if (slice_eq(topic, slice_str(c->attest_dbom_topic)))
		return true;
	for (size_t i = 0; c->verify_dbom_servers[0] == '\0' && i < c->verify_dbom_topics.count; i++)
		if (slice_eq(topic, slice_str(c->verify_dbom_topics.items[i])))
			return true;
	return false;
}

bool
config_attests(const struct config *c, struct slice topic)
{
	return matches(&c->attest_topics, topic) && !matches(&c->attest_exclude, topic);
}
