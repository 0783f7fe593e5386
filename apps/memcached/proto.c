/* proto.c - which protocol a connection speaks, and its next step. */
#include "apps/memcached/proto.h"

#include <string.h>

#include "apps/memcached/shard.h"

/* The protocol of a connection never changes: binary requests begin so. */
#define BINARY_MAGIC 0x80

static void
restart(struct proto *c)
{
	c->held = c->blank = 0;
	c->step = c->binary ? binary_request : text_line;
}

static size_t
first_byte(struct proto *c, const char *p, size_t len)
{
	(void)len;
	c->binary = (uint8_t)*p == BINARY_MAGIC;
	restart(c);
	return 0;
}

void
proto_begin(struct proto *c, struct command *core)
{
	c->step = first_byte;
	c->core = core;
	c->held = 0;
	c->closing = c->pauses = false;
	c->set.item = NULL;
	c->ask = NULL;
	c->ahead.key = NULL;
	c->rest = (struct proto_rest){0};
	c->waits = c->toured = false;
	c->guest = c->defers = c->ready = false;
	answer_begin(&c->out, core->pool);
}

void
proto_end(struct proto *c)
{
	if (c->core->shard)
		shard_leave(c);
	if (c->set.item)
		store_release(c->core->store, c->set.item);
	c->set.item = NULL;
	answer_end(&c->out);
}

size_t
proto_read(struct proto *c, const char *p, size_t len)
{
	size_t all = 0;

	c->pauses = false;
	while (all < len && !c->closing && !c->pauses &&
		answer_has_room(&c->out) &&
		(!c->core->shard || shard_may_read(c))) {
		all += c->step(c, p + all, len - all);
		if (c->out.broken)
			c->closing = true;
	}
	c->ahead.key = NULL; /* other bytes may come to lie there */
	return all;
}

static size_t
skip(struct proto *c, const char *p, size_t len)
{
	size_t n = len < c->skip ? len : (size_t)c->skip;

	(void)p;
	c->skip -= n;
	if (!c->skip)
		restart(c);
	return n;
}

void
proto_skip(struct proto *c, uint64_t bytes)
{
	c->skip = bytes;
	if (bytes)
		c->step = skip;
	else
		restart(c);
}

void
proto_data_done(struct proto *c)
{
	struct item *it = c->set.item;

	c->ready = c->defers;
	if (c->ready)
		return;
	restart(c);
	c->set.done(c, !c->set.bad_tail);
	c->set.item = NULL;
	store_release(c->core->store, it);
}

static size_t
data_tail(struct proto *c, const char *p, size_t len)
{
	size_t n = 0;

	for (; n < len && c->set.tail < 2; n++)
		c->set.bad_tail |= p[n] != "\r\n"[c->set.tail++];
	if (c->set.tail == 2)
		proto_data_done(c);
	return n;
}

static size_t
data(struct proto *c, const char *p, size_t len)
{
	size_t n = len < c->set.left ? len : (size_t)c->set.left;

	memcpy(c->set.to, p, n);
	c->set.to += n;
	c->set.left -= n;
	if (c->set.left)
		return n;
	if (c->binary) {
		proto_data_done(c);
		return n;
	}
	c->step = data_tail;
	return n + (n < len ? data_tail(c, p + n, len - n) : 0);
}

void
proto_data(struct proto *c, struct item *it)
{
	c->set.item = it;
	c->set.to = item_data(it);
	c->set.left = it->len;
	c->set.tail = 0;
	c->set.bad_tail = false;
	c->step = data;
	if (it->len)
		return;
	if (c->binary)
		proto_data_done(c);
	else
		c->step = data_tail;
}
