#include "proxy/servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/addr.h"

static int
read_all(struct servers *s, char *why, size_t why_len)
{
	char *at, *next;

	for (at = s->text; at != NULL; at = next) {
		struct server *one = &s->list[s->count];

		next = strchr(at, ',');
		if (next != NULL)
			*next++ = '\0';
		at += strspn(at, " ");
		if (*at == '\0')
			continue;
		if (addr_split(slice_of(at, strcspn(at, " ")), &one->host, &one->port) != 0 || one->port == 0) {
			(void)snprintf(why, why_len, "kafka.bootstrap.servers: \"%s\": want HOST:PORT", at);
			return ERR_CONFIG;
		}
		s->count++;
	}
	if (s->count == 0) {
		(void)snprintf(why, why_len, "kafka.bootstrap.servers: empty; want HOST:PORT,...");
		return ERR_CONFIG;
	}
	return 0;
}

int
servers_read(const char *text, struct servers *ret, char *why, size_t why_len)
{
	struct servers s = {NULL, 0, strdup(text)};
	size_t most = 1;
	int err = ERR_NOMEM;

	for (const char *c = text; *c != '\0'; c++)
		most += *c == ',';
	s.list = calloc(most, sizeof(*s.list));
	if (s.text == NULL || s.list == NULL)
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
	else
		err = read_all(&s, why, why_len);
	if (err != 0) {
		servers_clear(&s);
		return err;
	}
	*ret = s;
	return 0;
}

void
servers_clear(struct servers *s)
{
	free(s->list);
	free(s->text);
	*s = (struct servers){NULL, 0, NULL};
}
