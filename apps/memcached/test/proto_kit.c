/* proto_kit.c - requests to a store, and the answers as text. */
#include "apps/memcached/test/proto_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void *
page(void *arg, size_t bytes)
{
	struct kit *k = arg;

	must(k->page_count < sizeof(k->pages) / sizeof(*k->pages));
	return k->pages[k->page_count++] = aligned_alloc(64, bytes);
}

void
kit_begin(struct kit *k)
{
	struct store_config c;

	memset(k, 0, sizeof(*k));
	store_defaults(&c);
	c.limit = 8u << 20;
	c.hashpower = 10;
	c.page = page;
	c.arg = k;
	must(!store_open(&k->store, &c, KIT_NOW));
	k->mem = malloc(answer_pool_bytes(KIT_CHUNKS));
	must(!answer_pool_open(&k->pool, KIT_CHUNKS, k->mem, k->store));
	k->core = (struct command){
		.store = k->store, .pool = &k->pool, .set = &k->set};
	proto_begin(&k->conn, &k->core);
}

void
kit_end(struct kit *k)
{
	unsigned chunks = 0;

	proto_end(&k->conn);
	for (struct answer_chunk *c = k->pool.free; c; c = c->next)
		chunks++;
	must(chunks == KIT_CHUNKS);
	answer_pool_close(&k->pool);
	store_close(k->store);
	for (unsigned i = 0; i < k->page_count; i++)
		free(k->pages[i]);
	free(k->mem);
	free(k->out);
}

void
kit_connect(struct kit *k)
{
	proto_end(&k->conn);
	proto_begin(&k->conn, &k->core);
	k->out_len = 0;
}

static void
take(struct kit *k)
{
	struct answer *a = &k->conn.out;

	while (answer_ready(a, 1)) {
		const struct answer_piece *p = answer_at(a, 0);
		size_t len = p->len;

		if (k->out_len + len + 1 > k->out_room) {
			k->out_room = 2 * (k->out_len + len + 1);
			k->out = realloc(k->out, k->out_room);
			must(k->out);
		}
		memcpy(k->out + k->out_len, p->ptr, len);
		k->out_len += len;
		answer_sent(a, 1);
		answer_acked(a, len / 2);
		answer_acked(a, len - len / 2);
	}
}

void
kit_feed(struct kit *k, const void *p, size_t len, size_t cut)
{
	const char *at = p;

	while (len && !k->conn.closing) {
		size_t n = len < cut ? len : cut, used = 0;
		char *piece = malloc(n);

		memcpy(piece, at, n);
		while (used < n && !k->conn.closing) {
			proto_ahead(&k->conn, piece + used, n - used);
			used += proto_read(&k->conn, piece + used, n - used);
			take(k);
		}
		free(piece);
		at += n;
		len -= n;
	}
}

const char *
kit_ask(struct kit *k, const char *text)
{
	kit_connect(k);
	kit_feed(k, text, strlen(text), SIZE_MAX);
	if (!k->out_room)
		return "";
	k->out[k->out_len] = '\0';
	return k->out;
}

static void
compare(struct kit *k, const struct kit_row *r)
{
	if (k->out_len == strlen(r->answer) &&
		(!k->out_len || !memcmp(k->out, r->answer, k->out_len)) &&
		k->conn.closing == r->closes)
		return;
	fprintf(stderr, "asked: %s\nwanted: %s\ngot: %.*s%s\n", r->ask,
		r->answer, (int)k->out_len, k->out,
		k->conn.closing ? "(closed)" : "");
	abort();
}

void
kit_talk(const struct kit_row *rows, size_t n)
{
	static struct kit whole, bytes;

	kit_begin(&whole);
	kit_begin(&bytes);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(rows[i].ask);

		kit_connect(&whole);
		kit_feed(&whole, rows[i].ask, len, SIZE_MAX);
		compare(&whole, &rows[i]);
		kit_connect(&bytes);
		kit_feed(&bytes, rows[i].ask, len, 1);
		compare(&bytes, &rows[i]);
	}
	kit_end(&whole);
	kit_end(&bytes);
}
