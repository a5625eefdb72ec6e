/* Whose statements count, as a trust policy says it; and what is said of one that is wrong. */
#include "trust/policy.h"

#include "key_files.h"
#include "pki.h"
#include "suite.h"

enum { DAY_MS = 86400000 };
#define T2026 1767225600000 /* 2026-01-01T00:00:00Z */

static struct policy *policy;
static struct public_key *p256, *ed;
static char name[256], why[8192];

static void
setup(void)
{
	pki_open();
	(void)pki_file("p256.pem", P256_PUBLIC, 0644);
	(void)pki_file("ed.pem", ED25519_PUBLIC, 0644);
	(void)pki_file("private.pem", P256_PRIVATE, 0600);
	(void)snprintf(name, sizeof(name), "%s/trust.yaml", pki_dir);
	ck_assert_int_eq(public_key_parse(slice_str(P256_PUBLIC), &p256), 0);
	ck_assert_int_eq(public_key_parse(slice_str(ED25519_PUBLIC), &ed), 0);
	policy = NULL;
}

static void
teardown(void)
{
	policy_unref(policy);
	public_key_free(p256);
	public_key_free(ed);
	pki_close();
}

static int
try_load(const char *text)
{
	policy_unref(policy);
	policy = NULL;
	why[0] = '\0';
	return policy_load_text(name, slice_str(text), &policy, why, sizeof(why));
}

static void
load(const char *text)
{
	ck_assert_msg(try_load(text) == 0, "%s", why);
}

static struct policy_opinion
opinion(const struct public_key *signer, const char *topic, const char *cluster, int level, int64_t finished_ms)
{
	struct policy_facts f = {slice_str(cluster), slice_str(topic), level, finished_ms, signer};
	struct policy_opinion o;

	policy_trust(policy, &f, &o);
	ck_assert_ptr_nonnull(o.issuer);
	ck_assert_ptr_nonnull(o.why);
	ck_assert_int_eq(o.why[0] == '\0', o.trust != TRUST_NONE);
	return o;
}

static void
ck_opinion(struct policy_opinion o, enum verdict_trust trust, const char *issuer, const char *text)
{
	ck_assert_int_eq(o.trust, trust);
	ck_assert_str_eq(o.issuer, issuer);
	ck_assert_str_eq(o.why, text);
}

#define TOPIC_WHY "the statement's key may not attest this topic"
#define CLUSTER_WHY "the statement's key may not attest topics of this cluster"
#define LEVEL_WHY "the statement's Makoto level is below what the policy asks for"
#define EARLY_WHY "the statement was finished before its key was valid"
#define LATE_WHY "the statement was finished after its key was valid"

/* Defaults: every topic, every cluster, signed, at any time. */
START_TEST(one_issuer)
{
	load("issuers: {plant-7: {keys: [p256.pem]}}\n");
	ck_opinion(opinion(p256, "orders", "c", 2, 0), TRUST_SIGNED, "plant-7", "");
	ck_opinion(opinion(p256, "", "", 3, INT64_MAX), TRUST_SIGNED, "plant-7", "");
	ck_opinion(opinion(p256, "orders", "c", 2, INT64_MIN), TRUST_SIGNED, "plant-7", "");
	ck_opinion(opinion(p256, "orders", "c", 1, 0), TRUST_NONE, "plant-7", LEVEL_WHY);
	ck_opinion(opinion(ed, "orders", "c", 2, 0), TRUST_NONE, "", "no trusted key signed the statement");
	ck_opinion(opinion(NULL, "orders", "c", 1, 0), TRUST_NONE, "", "the statement is not signed");
	ck_assert(!policy_allows_unattested(policy, slice_str("orders")));
	ck_assert(!policy_is_mirror(policy, slice_str("orders")));
}
END_TEST

START_TEST(what_an_issuer_may)
{
	load("issuers:\n"
	     "  plant-7:\n"
	     "    keys: [p256.pem]\n"
	     "    topics: [orders, \"sensor-*\"]\n"
	     "    clusters: [east, west]\n"
	     "    level: 3\n"
	     "    not.before: 2026-01-01T00:00:00Z\n"
	     "    not.after: 2026-01-31T23:59:59.999Z\n");
	ck_opinion(opinion(p256, "orders", "east", 3, T2026), TRUST_SIGNED, "plant-7", "");
	ck_opinion(opinion(p256, "sensor-", "west", 3, T2026 + 31LL * DAY_MS - 1), TRUST_SIGNED, "plant-7", "");
	ck_opinion(opinion(p256, "orders2", "east", 3, T2026), TRUST_NONE, "plant-7", TOPIC_WHY);
	ck_opinion(opinion(p256, "Orders", "east", 3, T2026), TRUST_NONE, "plant-7", TOPIC_WHY);
	ck_opinion(opinion(p256, "orders", "north", 3, T2026), TRUST_NONE, "plant-7", CLUSTER_WHY);
	ck_opinion(opinion(p256, "orders", "", 3, T2026), TRUST_NONE, "plant-7", CLUSTER_WHY);
	ck_opinion(opinion(p256, "orders", "east", 2, T2026), TRUST_NONE, "plant-7", LEVEL_WHY);
	ck_opinion(opinion(p256, "orders", "east", 3, T2026 - 1), TRUST_NONE, "plant-7", EARLY_WHY);
	ck_opinion(opinion(p256, "orders", "east", 3, T2026 + 31LL * DAY_MS), TRUST_NONE, "plant-7", LATE_WHY);
}
END_TEST

/* A key of two issuers may what either may, and not what they could only together; the nearest one's reason is told. */
START_TEST(one_key_two_issuers)
{
	load("issuers:\n"
	     "  a: {keys: [p256.pem], topics: [x], level: 3}\n"
	     "  b: {keys: [ed.pem, p256.pem], topics: [y]}\n");
	ck_opinion(opinion(p256, "x", "c", 3, 0), TRUST_SIGNED, "a", "");
	ck_opinion(opinion(p256, "y", "c", 2, 0), TRUST_SIGNED, "b", "");
	ck_opinion(opinion(p256, "x", "c", 2, 0), TRUST_NONE, "a", LEVEL_WHY);
	ck_opinion(opinion(p256, "z", "c", 3, 0), TRUST_NONE, "a", TOPIC_WHY);
	ck_opinion(opinion(ed, "y", "c", 2, 0), TRUST_SIGNED, "b", "");
	ck_opinion(opinion(ed, "x", "c", 3, 0), TRUST_NONE, "b", TOPIC_WHY);
}
END_TEST

/* Every key for each issuer, with what it may and when. */
START_TEST(all_keys)
{
	struct policy_key k;

	load("issuers:\n"
	     "  a: {keys: [p256.pem], topics: [x, \"y-*\"], clusters: [east], level: 3, not.before: 2026-01-01T00:00:00Z}\n"
	     "  b: {keys: [ed.pem, p256.pem]}\n");
	ck_assert_uint_eq(policy_key_count(policy), 3);
	policy_key(policy, 0, &k);
	ck_assert_str_eq(k.issuer, "a");
	ck_assert_str_eq(k.keyid, public_key_id(p256));
	ck_assert_int_eq(k.level, 3);
	ck_assert_int_eq(k.from_ms, T2026);
	ck_assert_int_eq(k.until_ms, INT64_MAX);
	ck_assert_uint_eq(k.topic_count, 2);
	ck_assert_str_eq(k.topics[1], "y-*");
	ck_assert_uint_eq(k.cluster_count, 1);
	ck_assert_str_eq(k.clusters[0], "east");
	policy_key(policy, 1, &k);
	ck_assert_str_eq(k.issuer, "b");
	ck_assert_str_eq(k.keyid, public_key_id(ed));
	ck_assert_int_eq(k.level, 2);
	ck_assert_int_eq(k.from_ms, INT64_MIN);
	ck_assert_str_eq(k.topics[0], "*");
	policy_key(policy, 2, &k);
	ck_assert_str_eq(k.issuer, "b");
	ck_assert_str_eq(k.keyid, public_key_id(p256));
}
END_TEST

/* The signature decides which key it is; what an envelope says of its key is no more than where to begin. */
START_TEST(who_signed)
{
	struct wr sig = hex_of(P256_SIGNATURE);
	const struct public_key *k = NULL;

	load("issuers: {a: {keys: [ed.pem]}, b: {keys: [p256.pem]}}\n");
	ck_assert_int_eq(policy_signer(policy, slice_str(SIGNED), wr_slice(&sig), slice_str(public_key_id(ed)), &k), 0);
	ck_assert_str_eq(public_key_id(k), public_key_id(p256));
	ck_opinion(opinion(k, "t", "c", 2, 0), TRUST_SIGNED, "b", "");
	load("issuers: {a: {keys: [ed.pem]}}\n");
	k = NULL;
	ck_assert_int_eq(policy_signer(policy, slice_str(SIGNED), wr_slice(&sig), slice_str(public_key_id(ed)), &k), ERR_SIGNATURE);
	ck_assert_ptr_null(k);
	wr_free(&sig);
}
END_TEST

START_TEST(keys_in_the_file)
{
	struct wr w = wr_new(8192);

	wr_text(&w, "issuers:\n  a:\n    keys:\n      - |\n");
	for (const char *line = P256_PUBLIC; *line != '\0'; line = strchr(line, '\n') + 1)
		wr_printf(&w, "        %.*s\n", (int)strcspn(line, "\n"), line);
	wr_printf(&w, "      - %s/ed.pem\n", pki_dir);
	wr_u8(&w, '\0');
	load((const char *)w.buf);
	wr_free(&w);
	ck_opinion(opinion(p256, "t", "c", 2, 0), TRUST_SIGNED, "a", "");
	ck_opinion(opinion(ed, "t", "c", 2, 0), TRUST_SIGNED, "a", "");
}
END_TEST

START_TEST(certificates)
{
	struct pki_cert root = pki_make("ca", NULL, NULL, -100, 100), c = pki_make("leaf", &root, NULL, -10, 20);
	int64_t now = (int64_t)time(NULL) * 1000;
	struct policy_key shown;
	struct public_key *k;
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long n;

	ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, c.key), 1);
	n = BIO_get_mem_data(bio, &pem);
	ck_assert_int_eq(public_key_parse(slice_of(pem, (size_t)n), &k), 0);
	load("issuers:\n  a:\n    certificates: [leaf.crt]\n    authorities: [ca.crt]\n    topics: [t]\n");
	ck_opinion(opinion(k, "t", "c", 2, now), TRUST_SIGNED, "a", "");
	ck_opinion(opinion(k, "t", "c", 2, now - 11LL * DAY_MS), TRUST_NONE, "a", EARLY_WHY);
	ck_opinion(opinion(k, "t", "c", 2, now + 21LL * DAY_MS), TRUST_NONE, "a", LATE_WHY);
	ck_opinion(opinion(k, "u", "c", 2, now), TRUST_NONE, "a", TOPIC_WHY);
	policy_key(policy, 0, &shown);
	ck_assert(shown.from_ms > now - 11LL * DAY_MS && shown.until_ms < now + 21LL * DAY_MS);
	/* The issuer's own times narrow them. */
	load("issuers: {a: {certificates: [leaf.crt], authorities: [ca.crt], not.after: 2001-01-01T00:00:00Z}}\n");
	ck_opinion(opinion(k, "t", "c", 2, now), TRUST_NONE, "a", LATE_WHY);
	policy_key(policy, 0, &shown);
	ck_assert_int_eq(shown.until_ms, 978307200000);
	BIO_free(bio);
	public_key_free(k);
	pki_free(&root), pki_free(&c);
}
END_TEST

START_TEST(unsigned_and_unattested)
{
	load("issuers: {a: {keys: [p256.pem], topics: [t]}}\n"
	     "unsigned: [\"lab-*\"]\n"
	     "unattested: {\"public.secret\": deny, \"public.*\": allow}\n");
	ck_opinion(opinion(NULL, "lab-1", "c", 1, 0), TRUST_UNSIGNED, "", "");
	ck_opinion(opinion(NULL, "t", "c", 1, 0), TRUST_NONE, "", "the statement is not signed");
	for (int level = 2; level <= 3; level++) { /* anybody could state it */
		ck_opinion(opinion(NULL, "lab-1", "c", level, 0), TRUST_NONE, "",
			   "the statement is not signed, and states a Makoto level that has a signature");
		ck_opinion(opinion(NULL, "t", "c", level, 0), TRUST_NONE, "", "the statement is not signed");
	}
	ck_assert(policy_allows_unattested(policy, slice_str("public.x")));
	ck_assert(!policy_allows_unattested(policy, slice_str("public.secret")));
	ck_assert(!policy_allows_unattested(policy, slice_str("t")));
	load("issuers: {a: {keys: [p256.pem]}}\nunattested: allow\n");
	ck_assert(policy_allows_unattested(policy, slice_str("anything")));
	load("issuers: {a: {keys: [p256.pem]}}\nunattested: deny\n");
	ck_assert(!policy_allows_unattested(policy, slice_str("anything")));
}
END_TEST

static bool
mirrors(const char *topic, const char *cluster, const char *of)
{
	return policy_mirrors(policy, slice_str(topic), slice_str(cluster), slice_str(of));
}

START_TEST(mirrored)
{
	load("issuers: {a: {keys: [p256.pem]}}\n"
	     "mirrors:\n"
	     "  - {topic: all.orders, of: orders, cluster: east}\n"
	     "  - {topic: all.orders, of: orders, cluster: west}\n"
	     "  - {topic: \"east.*\", of: \"*\", cluster: east}\n"
	     "  - {topic: \"*-copy\", of: \"plant.*.v1\", cluster: north}\n"
	     "  - {topic: \"sum.*\", of: one, cluster: south}\n");
	ck_assert(mirrors("all.orders", "east", "orders"));
	ck_assert(mirrors("all.orders", "west", "orders"));
	ck_assert(!mirrors("all.orders", "south", "orders"));
	ck_assert(!mirrors("all.orders", "east", "orders2"));
	ck_assert(!mirrors("all.orders2", "east", "orders"));
	ck_assert(mirrors("east.orders", "east", "orders"));
	ck_assert(mirrors("east.", "east", ""));
	ck_assert(!mirrors("east.orders", "east", "payments")); /* one topic's records don't pass for another's */
	ck_assert(!mirrors("east.orders", "west", "orders"));
	ck_assert(mirrors("x-copy", "north", "plant.x.v1"));
	ck_assert(!mirrors("x-copy", "north", "plant.y.v1"));
	ck_assert(!mirrors("x-copy", "north", "plant.v1")); /* the star is not shorter than nothing */
	ck_assert(mirrors("sum.a", "south", "one"));
	ck_assert(mirrors("sum.b", "south", "one"));
	ck_assert(policy_is_mirror(policy, slice_str("east.x")));
	ck_assert(policy_is_mirror(policy, slice_str("all.orders")));
	ck_assert(!policy_is_mirror(policy, slice_str("orders")));
}
END_TEST

/* What is said, behind the file's name. */
static const struct {
	const char *text, *why;
} wrong[] = {
	{"", ":1:1: issuers: want one at least; whose statements count?"},
	{"# nobody\n", ":1:1: issuers: want one at least; whose statements count?"},
	{"issuers: {}\n", ":1:10: issuers: want one at least; whose statements count?"},
	{"issuers:\n", ":1:1: issuers: want one at least; whose statements count?"},
	{"- a\n", ":1:1: want keys and values"},
	{"issuer: {a: {keys: [p256.pem]}}\n", ":1:1: unknown key \"issuer\"; the nearest key is \"issuers\""},
	{"issuers:\n  a:\n    kyes: [p256.pem]\n", ":3:5: unknown key \"issuers.a.kyes\"; the nearest key is \"keys\""},
	{"issuers:\n  a:\n    not.befor: x\n", ":3:5: unknown key \"issuers.a.not.befor\"; the nearest key is \"not.before\""},
	{"issuers: [a]\n", ":1:10: issuers: want names and values here"},
	{"issuers: {a: [p256.pem]}\n", ":1:14: issuers.a: want names and values: its keys, and what it may attest"},
	{"issuers: {a: }\n", ":1:11: issuers.a: want names and values: its keys, and what it may attest"},
	{"issuers: {a: {}}\n", ":1:11: issuers.a: it has neither keys nor certificates"},
	{"issuers: {a: {topics: [x]}}\n", ":1:11: issuers.a: it has neither keys nor certificates"},
	{"issuers: {a: {keys: }}\n", ":1:11: issuers.a: it has neither keys nor certificates"},
	{"issuers: {a: {keys: p256.pem}}\n", ":1:21: issuers.a.keys: want a list such as [a, b] here"},
	{"issuers: {a: {keys: []}}\n", ":1:21: issuers.a.keys: the list is empty"},
	{"issuers: {a: {keys: [[x]]}}\n", ":1:22: issuers.a.keys: want plain words in this list"},
	{"issuers: {a: {keys: [\"\"]}}\n", ":1:22: issuers.a.keys: want plain words in this list"},
	{"issuers: {a: {keys: [p256.pem], topics: []}}\n", ":1:41: issuers.a.topics: the list is empty"},
	{"issuers: {a: {keys: [p256.pem]}, a: {keys: [ed.pem]}}\n", ":1:34: \"a\" stands there twice, first in line 1"},
	{"issuers: {a: {keys: [p256.pem], keys: [ed.pem]}}\n", ":1:33: \"keys\" stands there twice, first in line 1"},
	{"issuers: {a: {keys: [p256.pem], level: 4}}\n", ":1:40: issuers.a.level: \"4\" is not right; want 1, 2 or 3"},
	{"issuers: {a: {keys: [p256.pem], level: [2]}}\n", ":1:40: issuers.a.level: want plain text here"},
	{"issuers: {a: {keys: [p256.pem], not.before: 2026}}\n",
	 ":1:45: issuers.a.not.before: \"2026\" is not right; want a time such as 2026-01-31T00:00:00Z"},
	{"issuers: {a: {keys: [p256.pem], not.before: 2026-01-02T00:00:00Z, not.after: 2026-01-01T00:00:00Z}}\n",
	 ":1:78: issuers.a.not.after: it is before not.before"},
	{"issuers: {a: {keys: [p256.pem], authorities: [x]}}\n",
	 ":1:33: issuers.a.authorities: there are no certificates for them to vouch for"},
	{"issuers: {a: {keys: [p256.pem], certificates: [x]}}\n",
	 ":1:33: issuers.a.certificates: want authorities, too, that vouch for them"},
	{"issuers: {a: {keys: [p256.pem]}}\nmirrors: {topic: a}\n", ":2:10: mirrors: want a list such as [a, b] here"},
	{"issuers: {a: {keys: [p256.pem]}}\nmirrors: [a]\n", ":2:11: mirrors: want {topic: , of: , cluster: } here"},
	{"issuers: {a: {keys: [p256.pem]}}\nmirrors: [{topic: a, cluster: c}]\n",
	 ":2:11: mirrors: of is missing; want {topic: , of: , cluster: }"},
	{"issuers: {a: {keys: [p256.pem]}}\nmirrors: [{topic: a, off: b}]\n", ":2:22: unknown key \"mirrors.off\"; the nearest key is \"of\""},
	{"issuers: {a: {keys: [p256.pem]}}\nmirrors: [{topic: \"*a*\", of: b, cluster: c}]\n",
	 ":2:11: mirrors: one * at most in each of topic and of"},
	{"issuers: {a: {keys: [p256.pem]}}\nmirrors: [{topic: a, of: \"*\", cluster: c}]\n",
	 ":2:11: mirrors: a * in of stands for what the * in topic stands for, and there is none"},
	{"issuers: {a: {keys: [p256.pem]}}\nunattested: maybe\n", ":2:13: unattested: want deny or allow"},
	{"issuers: {a: {keys: [p256.pem]}}\nunattested: [allow]\n", ":2:13: unattested: want text, or names and values here"},
	{"issuers: {a: {keys: [p256.pem]}}\nunattested: {x: [allow]}\n", ":2:17: unattested: want deny or allow"},
	{"issuers: {a: {keys: [p256.pem]}}\nunsigned: []\n", ":2:11: unsigned: the list is empty"},
};

START_TEST(wrong_and_where)
{
	char want[512];

	ck_assert_int_eq(try_load(wrong[_i].text), ERR_CONFIG);
	ck_assert_ptr_null(policy);
	(void)snprintf(want, sizeof(want), "%s%s", name, wrong[_i].why);
	ck_assert_str_eq(why, want);
}
END_TEST

/* The files that it names, each with its own reason behind the place. */
START_TEST(files_that_are_wrong)
{
	static const struct {
		const char *text, *at, *reason;
	} cases[] = {
		{"issuers: {a: {keys: [gone.pem]}}\n", ":1:22: issuers.a.keys: ", "/gone.pem: can't be read: No such file or directory"},
		{"issuers: {a: {keys: [p256.pem, private.pem]}}\n", ":1:32: issuers.a.keys: ",
		 "/private.pem: no public key in it (want -----BEGIN PUBLIC KEY-----)"},
		{"issuers: {a: {keys: [\"-----BEGIN PUBLIC KEY-----\"]}}\n", ":1:22: issuers.a.keys: ", "the text here: a public key in it is damaged"},
		{"issuers: {a: {certificates: [gone.crt], authorities: [ca.crt]}}\n", ":1:30: issuers.a.certificates: ",
		 "/gone.crt: can't be read: No such file or directory"},
		{"issuers: {a: {certificates: [leaf.crt], authorities: [gone.crt]}}\n", ":1:55: issuers.a.authorities: ",
		 "/gone.crt: can't be read: No such file or directory"},
		{"issuers: {a: {certificates: [leaf.crt], authorities: [p256.pem]}}\n", ":1:55: issuers.a.authorities: ",
		 "/p256.pem: no certificate in it (want -----BEGIN CERTIFICATE-----)"},
		{"issuers: {a: {certificates: [leaf.crt], authorities: [other.crt]}}\n", ":1:30: issuers.a.certificates: ",
		 "/leaf.crt: no authority vouches for it: unable to get local issuer certificate"},
	};
	struct pki_cert root = pki_make("ca", NULL, NULL, -100, 100), c = pki_make("leaf", &root, NULL, -10, 20);
	struct pki_cert other = pki_make("other", NULL, NULL, -100, 100);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char at[512];

		ck_assert_int_eq(try_load(cases[i].text), ERR_CONFIG);
		(void)snprintf(at, sizeof(at), "%s%s", name, cases[i].at);
		ck_assert_msg(strncmp(why, at, strlen(at)) == 0, "%s", why);
		ck_assert_msg(strlen(why) > strlen(cases[i].reason) && strcmp(why + strlen(why) - strlen(cases[i].reason), cases[i].reason) == 0,
			      "%s", why);
	}
	pki_free(&root), pki_free(&c), pki_free(&other);
}
END_TEST

/* Many issuers, keys: as many as are taken, and one more. */
START_TEST(bounds)
{
	for (int more = 0; more < 2; more++) {
		struct wr w = wr_new(1 << 20);

		wr_text(&w, "issuers:\n");
		for (int i = 0; i < 256 + more; i++)
			wr_printf(&w, "  i%d: {keys: [p256.pem]}\n", i);
		wr_u8(&w, '\0');
		ck_assert_int_eq(try_load((const char *)w.buf), more == 0 ? 0 : ERR_CONFIG);
		ck_assert(more == 0 || strstr(why, ":2:3: issuers: more than 256") != NULL);
		wr_reset(&w);
		wr_text(&w, "issuers:\n  a:\n    keys:\n");
		for (int i = 0; i < 256 + more; i++)
			wr_text(&w, "      - p256.pem\n");
		wr_u8(&w, '\0');
		ck_assert_int_eq(try_load((const char *)w.buf), more == 0 ? 0 : ERR_CONFIG);
		ck_assert(more == 0 || strstr(why, ":260:9: more than 256 keys") != NULL);
		wr_free(&w);
	}
}
END_TEST

/* The file itself, and one that isn't there. */
START_TEST(from_a_file)
{
	struct policy *p = NULL, *again;
	const char *path = pki_file("trust.yaml", "issuers: {a: {keys: [p256.pem]}}\n", 0644);

	ck_assert_msg(policy_load(path, &p, why, sizeof(why)) == 0, "%s", why);
	again = policy_ref(p);
	policy_unref(p);
	policy = again;
	ck_opinion(opinion(p256, "t", "c", 2, 0), TRUST_SIGNED, "a", "");
	p = NULL;
	ck_assert_int_eq(policy_load("/nowhere/trust.yaml", &p, why, sizeof(why)), ERR_IO);
	ck_assert_str_eq(why, "/nowhere/trust.yaml: can't be read: No such file or directory");
	ck_assert_ptr_null(p);
	policy_unref(NULL);
}
END_TEST

/* Keys of a command line: a policy with one issuer for everything. */
START_TEST(of_keys)
{
	char path[200], gone[200];
	const char *files[] = {path, gone};

	(void)snprintf(path, sizeof(path), "%s/p256.pem", pki_dir);
	(void)snprintf(gone, sizeof(gone), "%s/gone.pem", pki_dir);
	ck_assert_int_eq(policy_of_keys(files, 1, false, &policy, why, sizeof(why)), 0);
	ck_opinion(opinion(p256, "t", "c", 1, 0), TRUST_SIGNED, "", "");
	ck_opinion(opinion(ed, "t", "c", 2, 0), TRUST_NONE, "", "no trusted key signed the statement");
	ck_opinion(opinion(NULL, "t", "c", 1, 0), TRUST_NONE, "", "the statement is not signed");
	policy_unref(policy);
	ck_assert_int_eq(policy_of_keys(files, 0, true, &policy, why, sizeof(why)), 0);
	ck_opinion(opinion(NULL, "t", "c", 1, 0), TRUST_UNSIGNED, "", "");
	policy_unref(policy);
	policy = NULL;
	ck_assert_int_eq(policy_of_keys(files, 2, true, &policy, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "/gone.pem: can't be read: No such file or directory"));
}
END_TEST

/* What the package ships: every key of it, with files that are named in it. */
START_TEST(the_sample)
{
	static const char *const files[] = {"plant-7.pub.pem", "makoto-ca.pem", "edge-1.crt.pem", "edge-2.crt.pem"};
	struct pki_cert root = pki_make("ca", NULL, NULL, -100, 100), c = pki_make("leaf", &root, NULL, -10, 20);
	FILE *f = fopen("conf/trust.yaml", "re");
	char text[16384], from[200], to[200];
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	ck_assert_int_eq(fclose(f), 0);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		ck_assert_ptr_nonnull(strstr(text, files[i]));
		(void)snprintf(from, sizeof(from), "%s", i == 0 ? "p256.pem" : i == 1 ? "ca.crt" : "leaf.crt");
		(void)snprintf(to, sizeof(to), "%s/%s", pki_dir, files[i]);
		ck_assert_int_eq(symlink(from, to), 0);
	}
	load(text);
	ck_opinion(opinion(p256, "orders", "MkU3OEVBNTcwNTJENDM2Qg", 2, T2026), TRUST_SIGNED, "plant-7", "");
	ck_opinion(opinion(p256, "other", "MkU3OEVBNTcwNTJENDM2Qg", 2, T2026), TRUST_NONE, "plant-7", TOPIC_WHY);
	ck_assert(mirrors("east.orders", "MkU3OEVBNTcwNTJENDM2Qg", "orders"));
	ck_assert(policy_allows_unattested(policy, slice_str("public.x")));
	ck_assert(!policy_allows_unattested(policy, slice_str("orders")));
	pki_free(&root), pki_free(&c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_issuer);
	tcase_add_test(t, what_an_issuer_may);
	tcase_add_test(t, one_key_two_issuers);
	tcase_add_test(t, all_keys);
	tcase_add_test(t, who_signed);
	tcase_add_test(t, keys_in_the_file);
	tcase_add_test(t, certificates);
	tcase_add_test(t, unsigned_and_unattested);
	tcase_add_test(t, mirrored);
	tcase_add_loop_test(t, wrong_and_where, 0, (int)ARRAY_LEN(wrong));
	tcase_add_test(t, files_that_are_wrong);
	tcase_add_test(t, bounds);
	tcase_add_test(t, from_a_file);
	tcase_add_test(t, of_keys);
	tcase_add_test(t, the_sample);
	suite_add_tcase(s, t);
	return suite_run(s);
}
