/* proto_ahead.c - the key that a get will look for, before it is read. It is a
 * hint: what is found here is not what is done then. */
#include <string.h>

#include "apps/memcached/binary.h"
#include "apps/memcached/proto_token.h"
#include "apps/memcached/shard.h"

/* "get KEY", "gets KEY" or "mg KEY", with what ends the key. Its length; 0: it
 * is something else. */
static size_t
of_text(const char *p, size_t len, const char **key)
{
	const char *end;
	size_t at;

	if (len < 5)
		return 0;
	if (!memcmp(p, "get ", 4))
		at = 4;
	else if (!memcmp(p, "mg ", 3))
		at = 3;
	else if (!memcmp(p, "gets ", 5))
		at = 5;
	else
		return 0;
	*key = p + at;
	end = word_end(*key, len - at);
	if (end == p + len)
		return 0;
	if (*end == '\n' && end > *key && end[-1] == '\r')
		end--;
	return (size_t)(end - *key);
}

/* Also the quiet ones. */
static bool
is_get(uint8_t op)
{
	return op == OP_GET || op == 0x09 || op == OP_GETK || op == 0x0d;
}

static size_t
of_binary(const char *p, size_t len, const char **key)
{
	size_t n, ext;

	if (len < BINARY_HEAD)
		return 0;
	if (!is_get((uint8_t)p[1]))
		return 0;
	n = (size_t)(uint8_t)p[2] << 8 | (uint8_t)p[3];
	ext = (uint8_t)p[4];
	*key = p + BINARY_HEAD + ext;
	return n <= len - BINARY_HEAD && ext <= len - BINARY_HEAD - n ? n : 0;
}

bool
proto_ahead(struct proto *c, const char *p, size_t len)
{
	const struct shard *shard = c->core->shard;
	const char *key = NULL;
	size_t n = 0;

	if (c->held || c->blank)
		return false;
	if (c->step == text_line)
		n = of_text(p, len, &key);
	else if (c->step == binary_request)
		n = of_binary(p, len, &key);
	if (n - 1 >= ITEM_KEY_MAX)
		return false;
	if (shard && shard_of(shard, key, n) != shard->is.self)
		return false;
	c->ahead.hash = store_ahead(c->core->store, key, n);
	c->ahead.key = key;
	return true;
}
