/* binary_set.c - binary commands whose value goes into an item. */
#include "apps/memcached/binary.h"

static void
stored(struct proto *c, bool good)
{
	uint64_t cas = 0;
	enum store_result r =
		store_put(c->core->store, c->set.item, &c->set.how, &cas);
	enum binary_status status = binary_status(r);

	(void)good;
	/* There is no room for a longer one. */
	if (r == STORE_TOO_LARGE || r == STORE_NO_MEMORY)
		status = BINARY_NOT_STORED;
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
	if (b->op == OP_APPEND)
		return STORE_APPEND;
	if (b->op == OP_PREPEND)
		return STORE_PREPEND;
	/* With a cas there must be something to compare it with. */
	if (b->cas)
		return STORE_CAS;
	if (b->op == OP_ADD)
		return STORE_ADD;
	return b->op == OP_REPLACE ? STORE_REPLACE : STORE_SET;
}

void
binary_set(const struct binary *b)
{
	struct proto *c = b->c;
	struct store *s = c->core->store;
	uint32_t flags = b->ext_len ? binary_u32(b->ext) : 0;
	int64_t exptime = b->ext_len ? binary_u32(b->ext + 4) : 0;
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
	if (b->op == OP_SET)
		store_discard(s, b->key, b->key_len);
	binary_say(b, binary_status(r), 0);
	proto_skip(c, b->value_len);
	/* Nobody can mean so much: what follows is not looked at. */
	c->closing = b->value_len > INT32_MAX - 2;
}
