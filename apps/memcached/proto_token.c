/* proto_token.c - words, numbers and base64 of text commands. */
#include "apps/memcached/proto_token.h"

unsigned
token_split(struct token *t, unsigned max, const char *line, size_t len)
{
	const char *p = line, *end = line + len;
	unsigned n = 0;

	for (;;) {
		const char *from;

		while (p < end && *p == ' ')
			p++;
		if (p == end)
			return n;
		if (n == max)
			return max + 1;
		from = p;
		p = word_end(p, (size_t)(end - p));
		t[n++] = (struct token){from, (size_t)(p - from)};
	}
}

bool
token_u64(const char *p, size_t len, uint64_t *to)
{
	uint64_t n = 0;

	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned char)p[i] - (unsigned)'0';

		if (digit > 9 || __builtin_mul_overflow(n, 10, &n) ||
			__builtin_add_overflow(n, digit, &n))
			return false;
	}
	*to = n;
	return true;
}

bool
token_u32(const char *p, size_t len, uint32_t *to)
{
	uint64_t n;

	if (!token_u64(p, len, &n) || n > UINT32_MAX)
		return false;
	*to = (uint32_t)n;
	return true;
}

bool
token_i64(const char *p, size_t len, int64_t *to)
{
	bool minus = len && *p == '-';
	uint64_t n;

	if (!token_u64(p + minus, len - minus, &n) || n > INT64_MAX)
		return false;
	*to = minus ? -(int64_t)n : (int64_t)n;
	return true;
}

size_t
number_put(char *to, uint64_t n)
{
	char digits[20];
	size_t len = 0;

	do {
		digits[sizeof(digits) - ++len] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	memcpy(to, digits + sizeof(digits) - len, len);
	return len;
}

static const char digits64[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
value64(char c)
{
	const char *at = c ? strchr(digits64, c) : NULL;

	return at ? (int)(at - digits64) : -1;
}

int
base64_decode(char *to, size_t room, const char *p, size_t len)
{
	size_t n = 0, pad = 0;

	if (!len || len & 3)
		return -1;
	pad = p[len - 1] != '=' ? 0 : p[len - 2] != '=' ? 1 : 2;
	for (size_t i = 0; i < len; i += 4) {
		size_t want = i + 4 < len ? 3 : 3 - pad;
		uint32_t w = 0;

		for (size_t k = 0; k < 4; k++) {
			int v = k <= want ? value64(p[i + k]) : 0;

			if (v < 0)
				return -1;
			w = w << 6 | (uint32_t)v;
		}
		if (n + want > room || w & ((1u << (8 * (3 - want))) - 1))
			return -1;
		for (size_t k = 0; k < want; k++)
			to[n++] = (char)(w >> (16 - 8 * k));
	}
	return (int)n;
}

size_t
base64_encode(char *to, const char *p, size_t len)
{
	char *at = to;

	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t w = 0;

		for (size_t k = 0; k < 3; k++)
			w = w << 8 | (k < have ? (unsigned char)p[i + k] : 0u);
		for (size_t k = 0; k < 4; k++)
			*at++ = k <= have ? digits64[w >> (18 - 6 * k) & 63]
					  : '=';
	}
	return (size_t)(at - to);
}
