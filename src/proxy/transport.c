#include "proxy/transport.h"

void
transport_init(struct transport *t)
{
	pthread_mutex_init(&t->mutex, NULL);
	t->clients = t->brokers = NULL;
}

void
transport_fini(struct transport *t)
{
	tls_unref(t->clients);
	tls_unref(t->brokers);
	pthread_mutex_destroy(&t->mutex);
}

void
transport_set(struct transport *t, struct tls_context *clients, struct tls_context *brokers)
{
	struct tls_context *old[2];

	pthread_mutex_lock(&t->mutex);
	old[0] = t->clients;
	old[1] = t->brokers;
	t->clients = tls_ref(clients);
	t->brokers = tls_ref(brokers);
	pthread_mutex_unlock(&t->mutex);
	tls_unref(old[0]);
	tls_unref(old[1]);
}

struct tls_context *
transport_clients(struct transport *t)
{
	struct tls_context *c;

	pthread_mutex_lock(&t->mutex);
	c = tls_ref(t->clients);
	pthread_mutex_unlock(&t->mutex);
	return c;
}

struct tls_context *
transport_brokers(struct transport *t)
{
	struct tls_context *c;

	pthread_mutex_lock(&t->mutex);
	c = tls_ref(t->brokers);
	pthread_mutex_unlock(&t->mutex);
	return c;
}
