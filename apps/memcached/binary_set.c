/* binary_set.c - binary commands whose value goes into an item. */
#include "apps/memcached/binary.h"

static void
stored(struct proto *c, bool good)
{
	enum binary_status status;
	uint64_t cas = 0;

	(void)good;
	status = binary_status(
		store_put(c->core->store, c->set.item, &c->set.how, &cas));
	if (status == BINARY_NOT_STORED && c->set.how.mode == STORE_ADD)
		status = BINARY_EXISTS;
	if (status == BINARY_NOT_STORED && c->set.how.mode == STORE_REPLACE)
		status = BINARY_NOT_FOUND;
	if (status != BINARY_OK || !c->set.quiet)
		binary_say_set(c, status, status ? 0 : cas);
}

static enum store_mode
mode(const struct binary *b)
{
	switch (b->op) {
	case OP_ADD:
		return STORE_ADD;
	case OP_REPLACE:
		return STORE_REPLACE;
	case OP_APPEND:
		return STORE_APPEND;
	case OP_PREPEND:
		return STORE_PREPEND;
	default:
		return b->cas ? STORE_CAS : STORE_SET;
	}
}

void
binary_set(const struct binary *b)
{
	struct proto *c = b->c;
	struct store *s = c->core->store;
	uint32_t flags = b->ext_len ? binary_u32(b->ext) : 0;
	int64_t exptime = b->ext_len ? (int32_t)binary_u32(b->ext + 4) : 0;
	enum store_result r;
	struct item *it;

	c->set.how = (struct store_how){.mode = mode(b), .cas = b->cas};
	c->set.quiet = b->quiet;
	c->set.opcode = b->opcode;
	c->set.opaque = b->opaque;
	c->set.done = stored;
	r = store_alloc(
		s, &it, b->key, b->key_len, flags, exptime, b->value_len);
	if (r == STORE_OK) {
		proto_data(c, it);
		return;
	}
	if (c->set.how.mode == STORE_SET)
		store_discard(s, b->key, b->key_len);
	binary_say(b, binary_status(r), 0);
	proto_skip(c, b->value_len);
}
