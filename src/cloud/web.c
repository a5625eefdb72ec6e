#include "cloud/web.h"

#include <curl/curl.h>
#include <pthread.h>

#include "base/err.h"

struct web {
	CURL *curl;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start_library(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct web *
web_new(void)
{
	struct web *w = calloc(1, sizeof(*w));

	(void)pthread_once(&once, start_library);
	if (w != NULL)
		w->curl = curl_easy_init();
	if (w != NULL && w->curl != NULL)
		return w;
	free(w);
	return NULL;
}

void
web_free(struct web *w)
{
	if (w == NULL)
		return;
	curl_easy_cleanup(w->curl);
	free(w);
}

static size_t
on_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct wr *w = arg;

	wr_bytes(w, p, size * n);
	return wr_err(w) == 0 ? size * n : 0;
}

static int
on_progress(void *arg, curl_off_t a UNUSED, curl_off_t b UNUSED, curl_off_t c UNUSED, curl_off_t d UNUSED)
{
	const atomic_bool *stop = arg;

	return stop != NULL && atomic_load(stop);
}

static struct curl_slist *
header_list(const char *const *headers)
{
	struct curl_slist *list = NULL;

	for (; headers != NULL && *headers != NULL; headers++) {
		struct curl_slist *longer = curl_slist_append(list, *headers);

		if (longer == NULL) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}
	return list;
}

static CURLcode
configure(CURL *c, const struct web_request *q, struct curl_slist *headers, struct wr *ret, char *error)
{
	CURLcode e = curl_easy_setopt(c, CURLOPT_URL, q->url);

	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* neither a stop nor the timeout waits for a resolver that is silent */
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, ret);
	(void)curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	(void)curl_easy_setopt(c, CURLOPT_XFERINFODATA, q->stop);
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (e == CURLE_OK)
		e = curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	if (e == CURLE_OK && q->local)
		e = curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	if (e == CURLE_OK && q->ca_file != NULL)
		e = curl_easy_setopt(c, CURLOPT_CAINFO, q->ca_file);
	if (e == CURLE_OK && q->user != NULL)
		e = curl_easy_setopt(c, CURLOPT_USERNAME, q->user);
	if (e == CURLE_OK && q->password != NULL)
		e = curl_easy_setopt(c, CURLOPT_PASSWORD, q->password);
	if (e == CURLE_OK && strcmp(q->method, "GET") != 0) {
		e = curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)q->body.n);
		if (e == CURLE_OK)
			e = curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, q->body.n > 0 ? (const char *)q->body.p : "");
		if (e == CURLE_OK)
			e = curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	}
	return e;
}

/* A connection that is kept keeps nothing else of the request. */
static void
end(const struct web_request *q, CURL *c)
{
	if (q->over == NULL)
		curl_easy_cleanup(c);
	else
		curl_easy_reset(c);
}

int
web_ask(const struct web_request *q, struct wr *ret, char *why, size_t why_len)
{
	char error[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers;
	long status = 0;
	CURLcode e;
	CURL *c;
	int err = 0;

	(void)pthread_once(&once, start_library);
	c = q->over != NULL ? q->over->curl : curl_easy_init();
	headers = header_list(q->headers);
	if (c == NULL || (headers == NULL && q->headers != NULL && q->headers[0] != NULL)) {
		end(q, c);
		curl_slist_free_all(headers);
		return err_say(ERR_NOMEM, why, why_len, "%s", err_text(ERR_NOMEM));
	}
	e = configure(c, q, headers, ret, error);
	if (e == CURLE_OK)
		e = curl_easy_perform(c);
	if (e == CURLE_OK)
		(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	if (e == CURLE_ABORTED_BY_CALLBACK)
		err = err_say(ERR_CLOSED, why, why_len, "stopped");
	else if (e != CURLE_OK && wr_err(ret) == ERR_NOMEM)
		err = err_say(ERR_NOMEM, why, why_len, "%s", err_text(ERR_NOMEM));
	else if (e != CURLE_OK)
		err = err_say(ERR_IO, why, why_len, "%s: %s", q->url, error[0] != '\0' ? error : curl_easy_strerror(e));
	else if (status != 200)
		err = err_say(ERR_REMOTE, why, why_len, "%s: status %ld", q->url, status);
	end(q, c);
	curl_slist_free_all(headers);
	return err;
}
