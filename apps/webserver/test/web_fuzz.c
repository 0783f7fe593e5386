/* web_fuzz - any bytes as a connection's stream: in one piece and cut at places
 * that the bytes themselves choose, the same requests come out and the same
 * answers go out, which lie in memory that may be sent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apps/webserver/http_read.h"
#include "apps/webserver/test/web_kit.h"

#define MOST (1u << 16)

/* One connection, and a sum of all that it has seen. */
struct line {
	struct http_reader rd;
	char buffer[HTTP_HEAD_MAX];
	uint64_t sum;
	int rc;
};

static struct kit kit;
static struct http_request req;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
site_once(void)
{
	if (kit.site)
		return;
	kit_begin(&kit);
	kit_text(&kit, "index.html", "0123456789");
	kit_text(&kit, "a/index.html", "abc");
	kit_text(&kit, "e", "");
	must(kit_load(&kit) == 0);
	kit_remove_folder(&kit);
}

static void
add(struct line *l, const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		l->sum = (l->sum ^ b[i]) * 0x100000001b3;
}

static void
add_answer(struct line *l, int rc)
{
	struct http_answer a = {.clock = &kit.clock, .room = kit.room};

	if (rc < 0) {
		must(rc >= -599 && rc <= -400);
		http_refuse(kit.site, &req, -rc, &a);
		must(a.status == -rc && a.close);
	} else {
		must(req.method == HTTP_GET || req.method == HTTP_HEAD);
		must(req.path.len && req.path.p[0] == '/');
		must(!memchr(req.path.p, 0, req.path.len));
		must(!memmem(req.path.p, req.path.len, "/../", 4));
		http_answer(kit.site, &req, &a);
		add(l, req.path.p, req.path.len);
		add(l, req.query.p, req.query.len);
		add(l, req.host.p, req.host.len);
	}
	must(kit_owns(&kit, &a));
	add(l, &rc, sizeof(rc));
	add(l, &a.close, 1);
	for (unsigned i = 0; i < a.pieces; i++)
		add(l, a.piece[i].p, a.piece[i].len);
}

static void
feed(struct line *l, const uint8_t *data, size_t len)
{
	char *piece = malloc(len + !len), *p = piece;

	memcpy(piece, data, len);
	while (len && l->rc >= 0) {
		size_t used;

		l->rc = http_read(&l->rd, &req, p, len, &used);
		must(used <= len);
		p += used, len -= used;
		if (l->rc == HTTP_WANT_BUFFER) {
			must(used == 0 && !l->rd.buffer);
			l->rd.buffer = l->buffer;
		} else if (l->rc < 0 || l->rc == HTTP_REQUEST) {
			add_answer(l, l->rc);
		} else {
			must(len == 0 || l->rc == HTTP_CONTINUE);
		}
	}
	free(piece);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct line whole, cut;
	uint64_t lots = size;
	int rc, shorter;

	if (size > MOST)
		return 0;
	site_once();
	memset(&whole, 0, sizeof(whole));
	memset(&cut, 0, sizeof(cut));
	for (size_t i = 0; i < size; i++)
		lots = (lots ^ data[i]) * 0x9e3779b97f4a7c15;
	/* The head alone: a beginning says nothing, or the same. */
	shorter = http_parse(
		&req, (const char *)data, size ? (lots >> 20) % size : 0);
	rc = http_parse(&req, (const char *)data, size);
	must(rc <= (int)size && (shorter == 0 || shorter == rc));

	feed(&whole, data, size);
	for (size_t at = 0, n; at < size; at += n) {
		lots = lots * 6364136223846793005u + 1442695040888963407u;
		n = 1 + (lots >> 33) % (lots >> 60 ? 16 : 4096);
		n = n < size - at ? n : size - at;
		feed(&cut, data + at, n);
	}
	must(whole.sum == cut.sum);
	return 0;
}
