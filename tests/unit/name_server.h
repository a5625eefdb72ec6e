/*
 * name_server: getaddrinfo() for tests.  It stands before the C library's, so that no test asks a
 * real name server.  A host is a list of what to answer, apart by commas:
 *
 *   127.0.0.1       that address            odd      one that is longer than any
 *   noname, again   that error              wait     nothing, until names_release()
 *   config          none while AI_ADDRCONFIG is asked for
 */
#ifndef TESTS_UNIT_NAME_SERVER_H
#define TESTS_UNIT_NAME_SERVER_H

#include <arpa/inet.h>
#include <check.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct {
	sem_t entered, release;
	pthread_mutex_t mutex;
	char asked[256]; /* the hosts, a space after each */
	bool term_blocked;
} names;

static inline void
names_setup(void)
{
	ck_assert_int_eq(sem_init(&names.entered, 0, 0), 0);
	ck_assert_int_eq(sem_init(&names.release, 0, 0), 0);
	ck_assert_int_eq(pthread_mutex_init(&names.mutex, NULL), 0);
	names.asked[0] = '\0';
}

static inline void
names_wait(void) /* until a question waits in getaddrinfo() */
{
	while (sem_wait(&names.entered) != 0)
		;
}

static inline void
names_release(void)
{
	ck_assert_int_eq(sem_post(&names.release), 0);
}

static inline const char *
names_asked(void)
{
	static char copy[sizeof(names.asked)];

	pthread_mutex_lock(&names.mutex);
	memcpy(copy, names.asked, sizeof(copy));
	pthread_mutex_unlock(&names.mutex);
	return copy;
}

static inline void
names_note(const char *host)
{
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	pthread_mutex_lock(&names.mutex);
	names.term_blocked = sigismember(&mask, SIGTERM) == 1;
	(void)strncat(names.asked, host, sizeof(names.asked) - strlen(names.asked) - 1);
	(void)strncat(names.asked, " ", sizeof(names.asked) - strlen(names.asked) - 1);
	pthread_mutex_unlock(&names.mutex);
}

static inline struct addrinfo *
names_address(const char *text)
{
	struct {
		struct addrinfo info;
		struct sockaddr_in6 v6;
		struct sockaddr_in v4;
		char longer[2 * sizeof(struct sockaddr_storage)];
	} *a = calloc(1, sizeof(*a));

	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->info.ai_addr = (void *)&a->v4;
		a->info.ai_addrlen = sizeof(a->v4);
	} else if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->info.ai_addr = (void *)&a->v6;
		a->info.ai_addrlen = sizeof(a->v6);
	} else {
		a->info.ai_addr = (void *)a->longer;
		a->info.ai_addrlen = sizeof(a->longer);
	}
	return &a->info;
}

void
freeaddrinfo(struct addrinfo *a)
{
	while (a != NULL) {
		struct addrinfo *next = a->ai_next;

		free(a);
		a = next;
	}
}

int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	struct addrinfo *first = NULL, **end = &first;
	char copy[256], *save = NULL;
	int gai = 0;

	(void)service;
	names_note(host);
	(void)snprintf(copy, sizeof(copy), "%s", host);
	for (char *w = strtok_r(copy, ",", &save); w != NULL && gai == 0; w = strtok_r(NULL, ",", &save)) {
		if (strcmp(w, "noname") == 0 || (strcmp(w, "config") == 0 && (hints->ai_flags & AI_ADDRCONFIG))) {
			gai = EAI_NONAME;
		} else if (strcmp(w, "again") == 0) {
			gai = EAI_AGAIN;
		} else if (strcmp(w, "wait") == 0) {
			(void)sem_post(&names.entered);
			while (sem_wait(&names.release) != 0)
				;
		} else if (strcmp(w, "config") != 0) {
			*end = names_address(w);
			end = &(*end)->ai_next;
		}
	}
	if (gai == 0)
		*ret = first;
	else
		freeaddrinfo(first);
	return gai;
}

#endif
