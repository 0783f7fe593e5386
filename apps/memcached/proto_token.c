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
		if (p == end || !*p || n == max)
			return n;
		from = p;
		p = word_end(p, (size_t)(end - p));
		t[n++] = (struct token){from, (size_t)(p - from)};
	}
}

bool
token_u32(const char *p, size_t len, uint32_t *to)
{
	uint64_t n;

	if (!number_u64(p, len, &n))
		return false;
	*to = (uint32_t)n;
	return true;
}

bool
token_i32(const char *p, size_t len, int32_t *to)
{
	uint64_t n;
	bool minus;

	if (!number_read(p, len, &n, &minus) || n > (uint64_t)INT64_MAX + minus)
		return false;
	*to = (int32_t)(minus ? -n : n);
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

/* -1: none of them. Padding counts as zeros. */
static int
value64(char c)
{
	const char *at = c ? strchr(digits64, c) : NULL;

	if (c == '=')
		return 0;
	return at ? (int)(at - digits64) : -1;
}

int
base64_decode(char *to, size_t room, const char *p, size_t len)
{
	size_t n = 0, have = 0, pad = 0;
	uint32_t w = 0;

	for (size_t i = 0; i < len; i++)
		have += value64(p[i]) >= 0;
	if (!have || have & 3)
		return -1;
	have = 0;
	for (size_t i = 0; i < len && !(pad && !(have & 3)); i++) {
		int v = value64(p[i]);

		if (v < 0)
			continue;
		pad += p[i] == '=';
		w = w << 6 | (uint32_t)v;
		if (++have & 3)
			continue;
		if (pad > 2 || n + 3 - pad > room)
			return -1;
		for (size_t k = 0; k < 3 - pad; k++)
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
