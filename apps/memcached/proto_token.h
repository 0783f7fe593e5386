/* proto_token.h - words, numbers and base64 of text commands. */
#ifndef APPS_MEMCACHED_PROTO_TOKEN_H
#define APPS_MEMCACHED_PROTO_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "apps/memcached/number.h"

#define TOKENS_MAX 23 /* more are not looked at */

struct token {
	const char *p;
	size_t len;
};

/* Cuts a line, its end left out, at spaces into at most `max` tokens. Returns
 * how many there are; what is behind them is left out. A NUL ends the line. */
unsigned token_split(
	struct token *t, unsigned max, const char *line, size_t len);

#define token_is(t, text)                \
	((t)->len == sizeof(text) - 1 && \
		!memcmp((t)->p, text, sizeof(text) - 1))

/* Numbers of number.h, of which the lower bits are taken. */
bool token_u32(const char *p, size_t len, uint32_t *to);
bool token_i32(const char *p, size_t len, int32_t *to);

/* Writes a number, at most 20 bytes; returns how many. */
size_t number_put(char *to, uint64_t n);

/* Eight at a time: bytes up to a space leave their top bits set, the first one
 * for certain; those above it may be wrong. */
static inline uint64_t
word_end_hits(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return (w - 0x2121212121212121) & ~w & 0x8080808080808080;
}

/* The byte that ends the word at p: a space, a line feed or a NUL; p + len if
 * there is none. */
static inline const char *
word_end(const char *p, size_t len)
{
	const char *end = p + len;

	while (end - p >= 8) {
		uint64_t hit = word_end_hits(p);

		if (!hit) {
			p += 8;
			continue;
		}
		p += __builtin_ctzll(hit) >> 3;
		if (*p == ' ' || *p == '\n' || !*p)
			return p;
		p++; /* it belongs to the word: most often "\r", the last one */
		if (p < end && *p == '\n')
			return p;
	}
	while (p < end && *p != ' ' && *p != '\n' && *p)
		p++;
	return p;
}

/* Base64 (RFC 4648, section 4), as generous as memcached: other characters are
 * passed over, and what follows the padding is not looked at. Returns how many
 * bytes were written, at most `room`; -1: it is none, or too long. */
int base64_decode(char *to, size_t room, const char *p, size_t len);
/* Of base64_len(len) bytes. */
size_t base64_encode(char *to, const char *p, size_t len);

static inline size_t
base64_len(size_t len)
{
	return (len + 2) / 3 * 4;
}

#endif
