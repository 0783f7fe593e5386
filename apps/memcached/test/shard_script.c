/* shard_script.c - what connections ask, made up by a seed. */
#include "apps/memcached/test/shard_script.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/memcached/proto_token.h"
#include "apps/memcached/test/shard_kit.h"

#define COMMANDS 300
#define KEYS	 12

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* --- text -------------------------------------------------------------*/

void
script_add(struct script *s, const char *format, ...)
{
	va_list args;
	int n;

	if (s->room - s->len < 8192) {
		s->room = 2 * s->room + 16384;
		s->p = realloc(s->p, s->room);
		must(s->p);
	}
	va_start(args, format);
	n = vsnprintf(s->p + s->len, s->room - s->len, format, args);
	va_end(args);
	must(n >= 0 && (size_t)n < s->room - s->len);
	s->len += (size_t)n;
}

static void
add_set(struct script *s, const char *who, uint64_t r)
{
	static const char *const names[] = {
		"set", "set", "add", "replace", "append", "prepend"};
	unsigned len = r >> 40 & 7 ? r >> 44 & 63 : r >> 44 & 2047;

	script_add(s, "%s %s%u %u 0 %u%s\r\n", names[r % 6], who,
		(unsigned)(r >> 8) % KEYS, (unsigned)(r >> 16) & 255, len,
		r >> 24 & 7 ? "" : " noreply");
	for (unsigned i = 0; i < len; i++)
		script_add(s, "%c", 'a' + (int)((r + i) % 26));
	script_add(s, r >> 28 & 31 ? "\r\n" : "xx\r\n");
}

static void
add_gets(struct script *s, const char *who, uint64_t r)
{
	script_add(s, r & 15 ? "get" : "gat 0");
	for (unsigned n = 1 + (r >> 8 & 15); n--; r = r >> 3 | r << 61)
		script_add(s, " %s%u", who, (unsigned)(r >> 12) % (KEYS + 2));
	script_add(s, "\r\n");
}

static void
coded(char to[32], const char *who, unsigned key)
{
	char plain[16];
	int n = snprintf(plain, sizeof(plain), "%s%u", who, key);

	to[base64_encode(to, plain, (size_t)n)] = '\0';
}

static void
add_meta(struct script *s, const char *who, uint64_t r)
{
	unsigned key = (unsigned)(r >> 8) % KEYS;
	char code[32];

	switch (r >> 16 & 7) {
	case 0:
		script_add(s, "ms %s%u 3 F%u%s\r\nabc\r\n", who, key, key,
			r >> 30 & 1 ? " q" : " k Oabc");
		break;
	case 1:
		script_add(s, "mg %s%u v f k s Oz\r\nmn\r\n", who, key);
		break;
	case 2:
		script_add(s, "mg %s%u q v\r\n", who, key);
		break;
	case 3:
		script_add(s, "md %s%u q\r\n", who, key);
		break;
	case 4:
		script_add(s, "ma %s%u N0 J13 v\r\n", who, key);
		break;
	case 5:
		coded(code, who, key);
		script_add(s, "mg %s b k v\r\nms %s 1 b\r\nx\r\n", code, code);
		break;
	case 6:
		script_add(s, "me %s-\r\nmg\r\nms %s%u S9\r\n", who, who, key);
		break;
	default:
		script_add(s, "mg %s%u N30 v t\r\n", who, key);
		break;
	}
}

static void
add_other(struct script *s, const char *who, uint64_t r)
{
	unsigned key = (unsigned)(r >> 8) % KEYS;

	switch (r >> 16 & 15) {
	case 0:
		script_add(s, "delete %s%u\r\n", who, key);
		break;
	case 1:
		script_add(s, "set %s%u 0 0 2\r\n17\r\n", who, key);
		break;
	case 2:
		script_add(s, "incr %s%u %u\r\n", who, key, key);
		break;
	case 3:
		script_add(s, "decr %s%u 1 noreply\r\n", who, key);
		break;
	case 4:
		script_add(s, "touch %s%u 100\r\n", who, key);
		break;
	case 5:
		script_add(s, "nonsense\r\nset a\r\nset %s b c d\r\n", who);
		break;
	case 6: /* too large: an answer, and bytes that nobody wants */
		script_add(s, "set %s%u 0 0 9000000\r\n", who, key);
		for (unsigned i = 0; i < 9000000 / 4000; i++)
			script_add(s, "%04000d", 0);
		script_add(s, "\r\n");
		break;
	case 7:
		script_add(s, "version\r\nverbosity 1\r\n");
		break;
	case 8:
		script_add(s, "get %0300d\r\nset %0300d 0 0 1\r\n", 1, 1);
		break;
	case 9:
		script_add(s, "delete\r\nincr %s%u\r\ndelete %s%u 0\r\n", who,
			key, who, key);
		break;
	default:
		script_add(s, "get %s%u\r\n", who, key);
		break;
	}
}

struct script
script_text(const char *who, uint64_t seed, bool large)
{
	struct script s = {NULL, 0, 0};

	for (unsigned i = 0; i < COMMANDS; i++) {
		uint64_t r = kit_draw(&seed), kind = r >> 60;

		r = kit_draw(&seed);
		if (kind < 5)
			add_set(&s, who, r);
		else if (kind < 8)
			add_gets(&s, who, r);
		else if (kind < 12)
			add_meta(&s, who, r);
		else if (large || (r >> 16 & 15) != 6)
			add_other(&s, who, r);
	}
	return s;
}

/* --- binary ----------------------------------------------------------------*/

static void
add_bytes(struct script *s, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		script_add(s, "%c", 0);
	memcpy(s->p + s->len - n, p, n);
}

static void
add_binary(struct script *s, uint8_t op, const char *key, const char *ext,
	uint8_t ext_len, unsigned value)
{
	size_t key_len = strlen(key), body = key_len + ext_len + value;
	uint8_t head[24] = {0x80, op, 0, (uint8_t)key_len, ext_len, 0, 0, 0, 0,
		0, (uint8_t)(body >> 8), (uint8_t)body, 'o', 'p', 'a', 'q'};

	add_bytes(s, head, sizeof(head));
	add_bytes(s, ext, ext_len);
	add_bytes(s, key, key_len);
	for (unsigned i = 0; i < value; i++)
		script_add(s, "%c", 'a' + (int)(i % 26));
}

struct script
script_binary(const char *who, uint64_t seed)
{
	static const char none[20];
	/* Opcodes, and bytes of extras; with a value. */
	static const struct {
		uint8_t op, ext;
		bool value;
	} ops[] = {{0x01, 8, true}, {0x11, 8, true}, {0x02, 8, true},
		{0x03, 8, true}, {0x0e, 0, true}, {0x19, 0, true},
		{0x00, 0, false}, {0x09, 0, false}, {0x0c, 0, false},
		{0x0d, 0, false}, {0x04, 0, false}, {0x14, 0, false},
		{0x05, 20, false}, {0x06, 20, false}, {0x1c, 4, false},
		{0x1d, 4, false}, {0x24, 4, false}};
	struct script s = {NULL, 0, 0};

	for (unsigned i = 0; i < COMMANDS; i++) {
		uint64_t r = kit_draw(&seed);
		unsigned o = (unsigned)(r % (sizeof(ops) / sizeof(*ops)));
		char key[32];

		snprintf(key, sizeof(key), "%s%u", who,
			(unsigned)(r >> 8) % KEYS);
		add_binary(&s, ops[o].op, key, none, ops[o].ext,
			ops[o].value ? (unsigned)(r >> 16) & 511 : 0);
		if (!(r >> 40 & 7))
			add_binary(&s, 0x0a, "", none, 0, 0);
		if (!(r >> 44 & 31)) /* extras that are none */
			add_binary(&s, 0x00, key, none, 4, 9);
	}
	add_binary(&s, 0x0a, "", none, 0, 0);
	return s;
}
