/* binary.h - a request of the binary protocol, read once, and its answers. */
#ifndef APPS_MEMCACHED_BINARY_H
#define APPS_MEMCACHED_BINARY_H

#include "apps/memcached/proto.h"

#define BINARY_REQUEST	0x80
#define BINARY_RESPONSE 0x81
#define BINARY_HEAD	24
/* More of extras and key is not waited for, only to refuse it. */
#define BINARY_KEY_SKIP (16384 - BINARY_HEAD)

enum binary_status {
	BINARY_OK = 0,
	BINARY_NOT_FOUND = 1,
	BINARY_EXISTS = 2,
	BINARY_TOO_LARGE = 3,
	BINARY_INVALID = 4,
	BINARY_NOT_STORED = 5,
	BINARY_NO_NUMBER = 6,
	BINARY_AUTH = 0x20,
	BINARY_UNKNOWN = 0x81,
	BINARY_NO_MEMORY = 0x82,
};

enum binary_op {
	OP_GET,
	OP_SET,
	OP_ADD,
	OP_REPLACE,
	OP_DELETE,
	OP_INCR,
	OP_DECR,
	OP_QUIT,
	OP_FLUSH,
	OP_NOOP = 0x0a,
	OP_VERSION = 0x0b,
	OP_GETK = 0x0c,
	OP_APPEND = 0x0e,
	OP_PREPEND = 0x0f,
	OP_STAT = 0x10,
	OP_TOUCH = 0x1c,
	OP_GAT = 0x1d,
	OP_SASL_LIST = 0x20,
	OP_SASL_AUTH = 0x21,
	OP_SASL_STEP = 0x22,
	OP_GATK = 0x23,
};

struct binary {
	struct proto *c;
	uint8_t opcode; /* as it came */
	uint8_t op;	/* without its quietness, enum binary_op */
	bool quiet;
	uint8_t ext_len;
	uint16_t key_len;
	uint32_t body_len;
	uint32_t value_len;
	uint32_t opaque; /* as it came */
	uint64_t cas;
	const char *ext, *key;
};

/* binary_answer.c: a head, with `ext`, `key` and the length of a value that
 * the caller adds. */
void binary_head(struct proto *c, uint8_t opcode, uint32_t opaque,
	enum binary_status status, uint64_t cas, const void *ext,
	uint8_t ext_len, const void *key, uint16_t key_len, uint32_t value_len);
void binary_say(
	const struct binary *b, enum binary_status status, uint64_t cas);
/* The same, of a set whose data are there. */
void binary_say_set(struct proto *c, enum binary_status status, uint64_t cas);
enum binary_status binary_status(enum store_result r);

/* binary_set.c, and what is done when all of a request but its value is
 * there. */
void binary_set(const struct binary *b);

static inline uint32_t
binary_u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
		(uint32_t)b[2] << 8 | b[3];
}

static inline uint64_t
binary_u64(const char *p)
{
	return (uint64_t)binary_u32(p) << 32 | binary_u32(p + 4);
}

static inline char *
binary_put(char *to, uint64_t n, unsigned bytes)
{
	for (unsigned i = bytes; i--;)
		*to++ = (char)(n >> (8 * i));
	return to;
}

#endif
