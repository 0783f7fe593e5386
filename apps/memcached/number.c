/* number.c - numbers as memcached reads them. */
#include "apps/memcached/number.h"

/* What isspace() says in the C locale. */
static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
number_read(const char *p, size_t len, uint64_t *to, bool *minus)
{
	const char *end = p + len, *digits;
	uint64_t n = 0;

	while (p < end && is_blank(*p))
		p++;
	*minus = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (digits = p; p < end && *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) ||
			__builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return false;
	*to = n;
	return p > digits && (p == end || !*p || is_blank(*p));
}

bool
number_u64(const char *p, size_t len, uint64_t *to)
{
	bool minus;

	if (!number_read(p, len, to, &minus))
		return false;
	if (minus)
		*to = -*to;
	return !minus || *to <= INT64_MAX;
}
