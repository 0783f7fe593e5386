/* http_ask.c - paths by weight; requests written once; heads known again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/http_ask.h"
#include "bench/load/http_reply.h"
#include "bench/load/rnd.h"

#define WEIGHT_MAX 1000000

/* --- paths ----------------------------------------------------------------*/

int
http_paths_add(struct http_paths *p, const char *text)
{
	size_t len = strcspn(text, " \t\r\n");
	uint32_t before = p->n ? p->upto[p->n - 1] : 0;
	unsigned long weight = 1;
	const char *at = text + len;

	at += strspn(at, " \t\r\n");
	if (*at) {
		char *end;

		weight = strtoul(at, &end, 10);
		if (end == at || end[strspn(end, " \t\r\n")])
			return -EINVAL;
	}
	if (*text != '/' || len > HTTP_PATH_MAX || !weight ||
		weight > WEIGHT_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 127)
			return -EINVAL;
	if (p->n == HTTP_PATHS)
		return -ENOSPC;
	p->path[p->n] = strndup(text, len);
	if (!p->path[p->n])
		return -ENOMEM;
	p->upto[p->n++] = before + (uint32_t)weight;
	return 0;
}

int
http_paths_read(struct http_paths *p, const char *file, unsigned *line)
{
	char text[HTTP_PATH_MAX + 32];
	FILE *f = fopen(file, "re");
	int rc = 0;

	*line = 0;
	if (!f)
		return -errno;
	while (!rc && fgets(text, sizeof(text), f)) {
		++*line;
		if (!strchr(text, '\n') && !feof(f))
			rc = -EINVAL;
		else if (*text != '#' && text[strspn(text, " \t\r\n")])
			rc = http_paths_add(p, text);
	}
	if (!rc && ferror(f))
		rc = -EIO;
	fclose(f);
	return rc;
}

void
http_paths_fini(struct http_paths *p)
{
	while (p->n)
		free(p->path[--p->n]);
}

/* --- questions ------------------------------------------------------------*/

/* The first whose sum is above x. */
static unsigned
pick(const struct http_paths *p, uint32_t x)
{
	unsigned low = 0, high = p->n - 1;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (p->upto[mid] > x)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static unsigned
ask(void *arg, void *cell, struct wire_piece *piece, uint32_t *tag)
{
	struct http_asker *a = arg;
	const struct http_paths *p = a->paths;
	unsigned i = 0;

	(void)cell;
	if (p->n > 1)
		i = pick(p, rnd_below(&a->rnd, p->upto[p->n - 1]));
	*piece = a->request[i];
	*tag = i;
	return 1;
}

/* --- answers --------------------------------------------------------------*/

static enum proto_eat
judge(struct http_asker *a, struct http_reply *r, uint32_t tag,
	enum tally_kind *kind)
{
	uint64_t body = r->body + 1;
	bool close = r->close;

	if (r->status < 200 || r->status > 299)
		*kind = TALLY_STATUS;
	else if (!a->body[tag])
		a->body[tag] = body;
	else if (a->body[tag] != body)
		*kind = TALLY_LENGTH;
	memset(r, 0, offsetof(struct http_reply, line));
	return close ? PROTO_LAST : PROTO_DONE;
}

/* A head of length and status alone, which lies in one piece and whose body
 * has begun. */
static void
learn(struct http_asker *a, const struct http_reply *r, const uint8_t *p,
	size_t len, uint64_t body)
{
	struct http_known *k = &a->known;

	if (len > sizeof(k->head) || r->status != 200 || r->chunked ||
		!r->sized || r->close)
		return;
	memcpy(k->head, p, len);
	k->len = (uint16_t)len;
	k->body = body;
}

static enum proto_eat
eat(void *arg, void *state, uint32_t tag, const uint8_t *p, size_t len,
	size_t *used, enum tally_kind *kind)
{
	struct http_asker *a = arg;
	struct http_reply *r = state;
	const struct http_known *k = &a->known;
	bool fresh = r->phase == HTTP_REPLY_STATUS && !r->head_len;
	size_t n = 0;

	if (fresh && k->len && len >= k->len && !memcmp(p, k->head, k->len)) {
		n = k->len;
		r->status = 200;
		r->left = k->body;
		r->phase = k->body ? HTTP_REPLY_BODY : HTTP_REPLY_DONE;
		fresh = false;
	}
	n += http_reply_eat(r, p + n, len - n);
	*used = n;
	if (r->phase == HTTP_REPLY_BAD)
		return PROTO_BAD;
	if (fresh &&
		(r->phase == HTTP_REPLY_BODY || r->phase == HTTP_REPLY_DONE))
		learn(a, r, p, n - r->body, r->body + r->left);
	if (r->phase != HTTP_REPLY_DONE)
		return PROTO_MORE;
	return judge(a, r, tag, kind);
}

static enum proto_eat
end(void *arg, void *state, uint32_t tag, enum tally_kind *kind)
{
	if (!http_reply_end(state))
		return PROTO_BAD;
	return judge(arg, state, tag, kind);
}

const struct proto http_proto = {
	.state = sizeof(struct http_reply),
	.ask = ask,
	.eat = eat,
	.end = end,
};

int
http_asker_init(struct http_asker *a, const struct http_paths *paths,
	const char *host, bool close, uint64_t seed, const struct wire *wire,
	void *wire_arg)
{
	memset(a, 0, sizeof(*a));
	a->paths = paths;
	a->rnd = rnd_mix(seed);
	for (unsigned i = 0; i < paths->n; i++) {
		size_t room = HTTP_PATH_MAX + 512;
		char text[HTTP_PATH_MAX + 512], *at;
		int n = snprintf(text, room,
			"GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", paths->path[i],
			host, close ? "Connection: close\r\n" : "");

		if (n < 0 || (size_t)n >= room)
			return -EINVAL;
		at = wire->memory(wire_arg, (size_t)n);
		if (!at)
			return -ENOMEM;
		memcpy(at, text, (size_t)n);
		a->request[i] = (struct wire_piece){at, (size_t)n};
	}
	return 0;
}
