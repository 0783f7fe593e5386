/* binary_answer.c - heads and texts of the binary protocol's answers. */
#include <string.h>

#include "apps/memcached/binary.h"

void
binary_head(struct proto *c, uint8_t opcode, uint32_t opaque,
	enum binary_status status, uint64_t cas, const void *ext,
	uint8_t ext_len, const void *key, uint16_t key_len, uint32_t value_len)
{
	size_t all = (size_t)BINARY_HEAD + ext_len + key_len;
	char *to = answer_reserve(&c->out, all);

	*to++ = (char)BINARY_RESPONSE;
	*to++ = (char)opcode;
	to = binary_put(to, key_len, 2);
	*to++ = (char)ext_len;
	*to++ = 0;
	to = binary_put(to, status, 2);
	to = binary_put(to, (uint64_t)ext_len + key_len + value_len, 4);
	memcpy(to, &opaque, 4);
	to = binary_put(to + 4, cas, 8);
	if (ext_len)
		memcpy(to, ext, ext_len);
	if (key_len)
		memcpy(to + ext_len, key, key_len);
	answer_commit(&c->out, all);
}

static const char *
why(enum binary_status status)
{
	switch (status) {
	case BINARY_OK:
		return "";
	case BINARY_NOT_FOUND:
		return "Not found";
	case BINARY_EXISTS:
		return "Data exists for key.";
	case BINARY_TOO_LARGE:
		return "Too large.";
	case BINARY_INVALID:
		return "Invalid arguments";
	case BINARY_NOT_STORED:
		return "Not stored.";
	case BINARY_NO_NUMBER:
		return "Non-numeric server-side value for incr or decr";
	case BINARY_NO_MEMORY:
		return "Out of memory";
	case BINARY_AUTH:
		return "Auth failure.";
	case BINARY_UNKNOWN:
		break;
	}
	return "Unknown command";
}

static void
say(struct proto *c, uint8_t opcode, uint32_t opaque, enum binary_status status,
	uint64_t cas)
{
	const char *text = why(status);
	size_t len = strlen(text);

	binary_head(c, opcode, opaque, status, cas, NULL, 0, NULL, 0,
		(uint32_t)len);
	answer_copy(&c->out, text, len);
}

void
binary_say(const struct binary *b, enum binary_status status, uint64_t cas)
{
	say(b->c, b->opcode, b->opaque, status, cas);
}

void
binary_say_set(struct proto *c, enum binary_status status, uint64_t cas)
{
	say(c, c->set.opcode, c->set.opaque, status, cas);
}

enum binary_status
binary_status(enum store_result r)
{
	switch (r) {
	case STORE_OK:
		return BINARY_OK;
	case STORE_NOT_STORED:
		return BINARY_NOT_STORED;
	case STORE_EXISTS:
		return BINARY_EXISTS;
	case STORE_NOT_FOUND:
		return BINARY_NOT_FOUND;
	case STORE_TOO_LARGE:
		return BINARY_TOO_LARGE;
	case STORE_NO_MEMORY:
		return BINARY_NO_MEMORY;
	case STORE_NOT_A_NUMBER:
		return BINARY_NO_NUMBER;
	case STORE_INVALID:
		break;
	}
	return BINARY_INVALID;
}
