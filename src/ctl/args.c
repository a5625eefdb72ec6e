#include "ctl/args.h"

#include "base/text.h"

enum { TIMEOUT_MS = 15000, EPOCH_MS_DIGITS = 13 };

int
args_props_add(struct args_props *p, const char *text)
{
	const char *equals = strchr(text, '=');
	char **more;

	if (equals == NULL || equals == text)
		return ERR_CONFIG;
	if ((more = reallocarray(p->list, p->count + 3, sizeof(*more))) == NULL)
		return ERR_NOMEM;
	p->list = more;
	more[p->count] = strndup(text, (size_t)(equals - text));
	more[p->count + 1] = strdup(equals + 1);
	more[p->count + 2] = NULL;
	if (more[p->count] == NULL || more[p->count + 1] == NULL) {
		free(more[p->count]);
		free(more[p->count + 1]);
		more[p->count] = NULL;
		return ERR_NOMEM;
	}
	p->count += 2;
	return 0;
}

void
args_props_free(struct args_props *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->list[i]);
	free(p->list);
	*p = (struct args_props){NULL, 0};
}

const char *const *
args_props_list(const struct args_props *p)
{
	return (const char *const *)p->list;
}

const char *
args_props_get(const struct args_props *p, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < p->count; i += 2)
		if (strcmp(p->list[i], name) == 0)
			found = p->list[i + 1];
	return found;
}

int
args_props_timeout_ms(const struct args_props *p)
{
	const char *text = args_props_get(p, "socket.timeout.ms");
	int64_t ms;

	return text != NULL && args_number(text, 10, 300000, &ms) == 0 ? (int)ms : TIMEOUT_MS;
}

int
args_number(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	int64_t n;

	if (text_parse_i64(slice_str(text), &n) != 0 || n < min || n > max)
		return ERR_CONFIG;
	*ret = n;
	return 0;
}

int
args_duration(const char *text, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	size_t digits = strspn(text, "0123456789");
	int64_t n;

	if (digits == 0 || text_parse_i64(slice_of(text, digits), &n) != 0)
		return ERR_CONFIG;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(text + digits, units[i].unit) != 0)
			continue;
		if (n > INT64_MAX / units[i].ms)
			return ERR_CONFIG;
		*ret = n * units[i].ms;
		return 0;
	}
	return ERR_CONFIG;
}

static int
before_now(const char *text, int64_t now_ms, int64_t *ret)
{
	int64_t ms;

	if (args_duration(text, &ms) != 0 || ms > now_ms) /* before 1970 */
		return ERR_CONFIG;
	*ret = now_ms - ms;
	return 0;
}

int
args_bound(const char *text, int64_t now_ms, bool *ret_is_time, int64_t *ret)
{
	int64_t n;

	if (text[0] == '-') {
		if (before_now(text + 1, now_ms, &n) != 0)
			return ERR_CONFIG;
		*ret_is_time = true;
	} else if (text[strspn(text, "0123456789")] == '\0') {
		if (text_parse_i64(slice_str(text), &n) != 0)
			return ERR_CONFIG;
		*ret_is_time = strlen(text) == EPOCH_MS_DIGITS;
	} else {
		if (text_parse_time_ms(slice_str(text), &n) != 0)
			return ERR_CONFIG;
		*ret_is_time = true;
	}
	*ret = n;
	return 0;
}
