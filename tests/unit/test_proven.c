/* Proof files that another implementation made: tests/vectors/proofs.json, with the keys of vectors.json. */
#include "verify/proven.h"

#include <unistd.h>

#include "tests/unit/suite.h"
#include "tests/unit/trusting.h"
#include "tests/unit/vectors.h"

static json_t *keys, *all;

/* That key alone; without one what isn't signed counts. */
static struct policy *
policy_of(const char *name)
{
	char path[] = "/tmp/makoto-proven-XXXXXX";
	struct policy *p;
	struct slice pem;
	int fd;

	trust_nobody();
	if (name == NULL)
		return trust_policy(true);
	pem = vectors_text(json_object_get(json_object_get(keys, "keys"), name), "pem");
	ck_assert_int_ge(fd = mkstemp(path), 0);
	ck_assert_int_eq((int)write(fd, pem.p, pem.n), (int)pem.n);
	(void)close(fd);
	trust_also(path);
	p = trust_policy(false);
	(void)unlink(path);
	return p;
}

/* What the file proves; "malformed": it can't be read. */
static const char *
verdict_of(const json_t *proof, const char *key, struct slice value)
{
	char *text = json_dumps(proof, 0);
	struct policy *policy = policy_of(key);
	const char *why, *name = "malformed";
	struct proof_file f;
	struct proven p;

	if (proof_file_read(slice_str(text), &f, &why) == 0) {
		ck_assert_int_eq(proven_by(&f, policy, value, &p), 0);
		name = verdict_name(p.verdict);
		proven_clear(&p);
		proof_file_clear(&f);
	}
	policy_unref(policy);
	free(text);
	return name;
}

START_TEST(proofs)
{
	static const struct slice none = {NULL, 0};
	json_t *v = json_array_get(json_object_get(all, "proofs"), (size_t)_i), *proof = json_object_get(v, "proof");
	const char *name = json_string_value(json_object_get(v, "name")), *key = json_string_value(json_object_get(v, "key"));
	const char *want = json_string_value(json_object_get(v, "verdict"));
	struct slice value = vectors_hex(v, "value_hex");

	ck_assert_msg(strcmp(verdict_of(proof, key, none), want) == 0, "%s", name);
	ck_assert_msg(strcmp(verdict_of(proof, key, value), want) == 0, "%s", name);
	ck_assert_msg(strcmp(verdict_of(proof, key, slice_str("another value")), "altered") == 0, "%s", name);
	if (value.p == NULL) /* null is not empty */
		ck_assert_msg(strcmp(verdict_of(proof, key, slice_of("", 0)), "altered") == 0, "%s", name);
	if (key != NULL)
		ck_assert_msg(strcmp(verdict_of(proof, strcmp(key, "p384") == 0 ? "p256" : "p384", none), "untrusted") == 0, "%s", name);
}
END_TEST

static json_t *
named(const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach (json_object_get(all, "proofs"), i, v)
		if (strcmp(json_string_value(json_object_get(v, "name")), name) == 0)
			return v;
	ck_abort_msg("no proof %s", name);
	return NULL;
}

START_TEST(spoiled)
{
	json_t *v = json_array_get(json_object_get(all, "spoiled"), (size_t)_i), *value;
	json_t *from = named(json_string_value(json_object_get(v, "from")));
	json_t *proof = json_deep_copy(json_object_get(from, "proof"));
	const char *path;

	json_object_foreach (json_object_get(v, "set"), path, value) {
		const char *dot = strchr(path, '.');
		char head[32];

		(void)snprintf(head, sizeof(head), "%.*s", dot == NULL ? 0 : (int)(dot - path), path);
		(void)json_object_set(dot == NULL ? proof : json_object_get(proof, head), dot == NULL ? path : dot + 1, value);
	}
	ck_assert_msg(!json_equal(proof, json_object_get(from, "proof")), "it changes nothing");
	ck_assert_msg(strcmp(verdict_of(proof, json_string_value(json_object_get(from, "key")), (struct slice){NULL, 0}),
			     json_string_value(json_object_get(v, "verdict"))) == 0,
		      "%s", json_string_value(json_object_get(v, "name")));
	json_decref(proof);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proven");
	TCase *t = tcase_create("proven");
	int code;

	keys = vectors_load();
	if ((all = json_load_file("tests/vectors/proofs.json", 0, NULL)) == NULL) {
		fprintf(stderr, "tests/vectors/proofs.json: tests run from the top of the tree\n");
		return 1;
	}
	tcase_add_loop_test(t, proofs, 0, (int)json_array_size(json_object_get(all, "proofs")));
	tcase_add_loop_test(t, spoiled, 0, (int)json_array_size(json_object_get(all, "spoiled")));
	suite_add_tcase(s, t);
	code = suite_run(s);
	json_decref(keys);
	json_decref(all);
	return code;
}
