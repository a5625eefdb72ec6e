/* Contexts: the files that they are made of, and whom they let in. */
#include "tls_ends.h"

static void
refused(int err, int wanted, const char *file, const char *reason)
{
	ck_assert_msg(err == wanted && strstr(why, file) != NULL && strstr(why, reason) != NULL, "%d: \"%s\", want %s and %s", err,
		      why, file, reason);
}

static struct wr subject = {.max = 1000};

START_TEST(servers_files)
{
	struct tls_server_conf c = server_conf();
	struct tls_context *t = NULL;
	char path[200];

#define REFUSED(wanted, file, reason) refused(tls_server_new(&c, &t, why, sizeof(why)), wanted, file, reason)
	c.certificate = "/nowhere/at.all";
	REFUSED(ERR_IO, "/nowhere/at.all", "No such file");
	c.certificate = pki_dir;
	REFUSED(ERR_IO, pki_dir, "Is a directory");
	c.certificate = pki_file("empty", "", 0600);
	REFUSED(ERR_CONFIG, "/empty", "nothing of that kind");
	c.certificate = pki_file("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0600);
	REFUSED(ERR_CONFIG, "/broken", "");
	c = server_conf();
	c.key = "/nowhere/at.all";
	REFUSED(ERR_IO, "/nowhere/at.all", "No such file");
	c.key = pki_file("empty", "", 0600);
	REFUSED(ERR_CONFIG, "/empty", "no private key");
	c.key = server.cert_path;
	ck_assert_int_eq(chmod(server.cert_path, 0600), 0);
	REFUSED(ERR_CONFIG, "/server.crt", "no private key");
	c.key = client.key_path;
	REFUSED(ERR_CONFIG, "/app.key", "not the key of the certificate in");
	c.key = server.key_path;
	ck_assert_int_eq(chmod(server.key_path, 0644), 0);
	REFUSED(ERR_CONFIG, "/server.key", "others may read or write (mode 0644)");
	ck_assert_int_eq(chmod(server.key_path, 0640), 0); /* a group may, as for the signing key */
	tls_unref(server_context(&c));
	(void)snprintf(path, sizeof(path), "%s/locked.key", pki_dir);
	pki_write_key(server.key, path, "secret");
	c.key = path;
	REFUSED(ERR_CONFIG, "/locked.key", "is encrypted");
	c = server_conf();
	c.client_auth = TLS_CLIENT_REQUIRED;
	REFUSED(ERR_CONFIG, "", "no authority is given");
	c.client_ca = "/nowhere/at.all";
	REFUSED(ERR_IO, "/nowhere/at.all", "No such file");
	c.client_ca = pki_file("empty", "", 0600);
	REFUSED(ERR_CONFIG, "/empty", "certificate authorities");
	ck_assert_ptr_null(t);
#undef REFUSED
	c = server_conf();
	t = server_context(&c);
	ck_assert_int_gt(tls_not_after(t), (int64_t)time(NULL) + 99 * 86400);
	tls_subject(t, &subject);
	ck_assert(slice_eq(wr_slice(&subject), slice_str("CN=server,O=Makoto\\, Unit")));
	wr_reset(&subject);
	tls_unref(tls_ref(t));
	tls_unref(t);
	tls_unref(tls_ref(NULL));
}
END_TEST

START_TEST(clients_files)
{
	struct tls_client_conf c = client_conf();
	struct tls_context *t = NULL;
	char path[200];

	c.ca = "/nowhere/at.all";
	refused(tls_client_new(&c, &t, why, sizeof(why)), ERR_IO, "/nowhere/at.all", "No such file");
	c.ca = pki_file("text", "no certificates at all\n", 0600);
	refused(tls_client_new(&c, &t, why, sizeof(why)), ERR_CONFIG, "/text", "certificate authorities");
	c.ca = pki_dir; /* of hashes */
	tls_unref(client_context(&c));
	c.ca = "";
	t = client_context(&c);
	ck_assert_int_eq(tls_not_after(t), 0);
	tls_subject(t, &subject);
	ck_assert_uint_eq(subject.len, 0);
	wr_free(&subject);
	tls_unref(t);
	(void)snprintf(path, sizeof(path), "%s/locked.key", pki_dir);
	pki_write_key(client.key, path, "secret");
	c = client_conf();
	c.certificate = client.cert_path;
	c.key = path;
	refused(tls_client_new(&c, &t, why, sizeof(why)), ERR_CONFIG, "/locked.key", "no password is given");
	c.key_password = "wrong";
	refused(tls_client_new(&c, &t, why, sizeof(why)), ERR_CONFIG, "/locked.key", "another password");
	c.key_password = "secret";
	tls_unref(client_context(&c));
}
END_TEST

/* --- who is let in --------------------------------------------------------------------------- */

START_TEST(brokers_certificates)
{
	static const struct {
		const struct pki_cert *shows;
		const char *host;
		bool any_name;
		const char *text; /* NULL: good */
	} cases[] = {
		{&server, "kafka-1.example", false, NULL},
		{&server, "KAFKA-1.example", false, NULL},
		{&server, "b.wild.example", false, NULL},
		{&server, "127.0.0.1", false, NULL},
		{&server, "kafka-2.example", true, NULL},
		{&server, "127.0.0.2", true, NULL},
		{&server, "kafka-2.example", false,
		 "hostname mismatch: the certificate is not for kafka-2.example but for DNS:kafka-1.example, DNS:*.wild.example, IP:127.0.0.1"},
		{&server, "127.0.0.2", false, "hostname mismatch: the certificate is not for 127.0.0.2 but for DNS:kafka-1.example"},
		{&server, "server", false, "hostname mismatch"}, /* the common name, where there are others */
		{&old, "kafka-1.example", false, "certificate has expired: CN=old"},
		{&old, "kafka-1.example", true, "certificate has expired"},
		{&early, "kafka-1.example", false, "certificate is not yet valid"},
		{&stranger, "kafka-1.example", false, "unable to get local issuer certificate"},
	};
	struct tls_client_conf c = client_conf();
	const char *sni;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		c.any_name = cases[i].any_name;
		(void)dial(client_context(&c), cases[i].host, cases[i].shows);
		if (cases[i].text != NULL) {
			want_text(cases[i].text);
			drop_connection();
			continue;
		}
		want("up ");
		sni = SSL_get_servername(other, TLSEXT_NAMETYPE_host_name);
		if (strchr(cases[i].host, 'a') != NULL)
			ck_assert_str_eq(sni, cases[i].host);
		else
			ck_assert_ptr_null(sni);
		ck_assert_str_eq(io_tls_peer(io)->subject, "CN=server,O=Makoto\\, Unit");
		ck_assert_int_gt(io_tls_peer(io)->until, (int64_t)time(NULL) + 99 * 86400);
		drop_connection();
	}
	ck_assert_int_eq(metric_read(METRIC_TLS_BROKER_OK), 6);
	ck_assert_int_eq(metric_read(METRIC_TLS_BROKER_CERTIFICATE), ARRAY_LEN(cases) - 6);
}
END_TEST

START_TEST(clients_certificates)
{
	static const char *const names[] = {"nobody", "*-7.example"}, *const wrong[] = {"nobody", "*.example.com"};
	static const struct {
		enum tls_client_auth auth;
		const char *const *names;
		const struct pki_cert *shows;
		const char *text;
	} cases[] = {
		{TLS_CLIENT_NONE, NULL, NULL, NULL},
		{TLS_CLIENT_NONE, NULL, &client, NULL},
		{TLS_CLIENT_OPTIONAL, NULL, NULL, NULL},
		{TLS_CLIENT_OPTIONAL, NULL, &client, NULL},
		{TLS_CLIENT_OPTIONAL, NULL, &stranger, "unable to get local issuer certificate"},
		{TLS_CLIENT_REQUIRED, NULL, &client, NULL},
		{TLS_CLIENT_REQUIRED, names, &client, NULL},
		{TLS_CLIENT_REQUIRED, NULL, NULL, "peer did not return a certificate"},
		{TLS_CLIENT_REQUIRED, NULL, &stranger, "unable to get local issuer certificate"},
		{TLS_CLIENT_REQUIRED, NULL, &old, "certificate has expired"},
		{TLS_CLIENT_REQUIRED, wrong, &client,
		 "no name of the client's certificate is allowed: CN=app,O=Makoto\\, Unit (DNS:app-7.example, URI:spiffe://example/app)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tls_server_conf c = server_conf();
		const struct io_tls_peer *p;

		c.client_ca = ca.cert_path;
		c.client_auth = cases[i].auth;
		c.client_names = cases[i].names;
		c.client_name_count = cases[i].names != NULL ? 2 : 0;
		(void)serve(server_context(&c), cases[i].shows, versions[_i]);
		if (cases[i].text != NULL) {
			want_text(cases[i].text);
			drop_connection();
			continue;
		}
		want("up ");
		p = io_tls_peer(io);
		ck_assert_int_eq(p != NULL, cases[i].auth != TLS_CLIENT_NONE && cases[i].shows != NULL);
		if (p != NULL) {
			ck_assert_str_eq(p->subject, "CN=app,O=Makoto\\, Unit");
			ck_assert_str_eq(p->names, "DNS:app-7.example, URI:spiffe://example/app");
		}
		drop_connection();
	}
	ck_assert_int_eq(metric_read(METRIC_TLS_CLIENT_OK), 6);
	ck_assert_int_eq(metric_read(METRIC_TLS_CLIENT_CERTIFICATE), ARRAY_LEN(cases) - 6);
}
END_TEST

START_TEST(versions_refused)
{
	struct tls_server_conf c = server_conf();

	ck_assert(!serve(server_context(&c), NULL, TLS1_1_VERSION));
	want_text("unsupported protocol");
	drop_connection();
	c.only_13 = true;
	ck_assert(!serve(server_context(&c), NULL, TLS1_2_VERSION));
	want_text("unsupported protocol");
	drop_connection();
	ck_assert(serve(server_context(&c), NULL, TLS1_3_VERSION));
	want("up ");
}
END_TEST

/* --- sessions -------------------------------------------------------------------------------------- */

/* A connection that offers the session, if any; the one that it got. */
static SSL_SESSION *
visit(struct tls_context *t, SSL_SESSION *offered, int version, bool *ret_reused)
{
	SSL_SESSION *session;

	connect_io(tls_ref(t), NULL);
	other_over_peer(TLS_client_method(), &client, version);
	SSL_set_connect_state(other);
	if (offered != NULL)
		ck_assert_int_eq(SSL_set_session(other, offered), 1);
	ck_assert(shake());
	want("up ");
	send_text("x");
	turn();
	want_read("x"); /* and the ticket before it */
	*ret_reused = SSL_session_reused(other) == 1;
	ck_assert_ptr_nonnull(io_tls_peer(io));
	session = SSL_get1_session(other);
	SSL_shutdown(other);
	drop_connection();
	return session;
}

START_TEST(resumption)
{
	static const char *const names[] = {"app"};
	struct tls_server_conf c = server_conf();
	struct tls_context *a, *same, *stricter;
	SSL_SESSION *first, *again;
	bool reused;

	c.client_ca = ca.cert_path;
	c.client_auth = TLS_CLIENT_OPTIONAL;
	a = server_context(&c);
	same = server_context(&c);
	c.client_auth = TLS_CLIENT_REQUIRED;
	c.client_names = names;
	c.client_name_count = 1;
	stricter = server_context(&c);
	first = visit(a, NULL, versions[_i], &reused);
	ck_assert(!reused);
	again = visit(a, first, versions[_i], &reused);
	ck_assert(reused);
	SSL_SESSION_free(again);
	again = visit(same, first, versions[_i], &reused);
	ck_assert(!reused);
	SSL_SESSION_free(again);
	again = visit(stricter, first, versions[_i], &reused);
	ck_assert(!reused);
	SSL_SESSION_free(again);
	SSL_SESSION_free(first);
	tls_unref(a);
	tls_unref(same);
	tls_unref(stricter);
}
END_TEST

/* --- later ---------------------------------------------------------------------------------- */

/* The context that a connection began with goes away; the connection doesn't. */
START_TEST(outlives_its_context)
{
	struct tls_server_conf c = server_conf();

	ck_assert(serve(server_context(&c), NULL, versions[_i])); /* only the io has it */
	want("up ");
	tls_unref(server_context(&c));
	ck_assert_int_eq(SSL_write(other, "\0\0\0\5hello", 9), 9);
	turn();
	want("frame:hello ");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tls");
	TCase *t = tcase_create("tls");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, servers_files);
	tcase_add_test(t, clients_files);
	tcase_add_test(t, brokers_certificates);
	tcase_add_loop_test(t, clients_certificates, 0, 2);
	tcase_add_test(t, versions_refused);
	tcase_add_loop_test(t, resumption, 0, 2);
	tcase_add_loop_test(t, outlives_its_context, 0, 2);
	suite_add_tcase(s, t);
	return suite_run(s);
}
