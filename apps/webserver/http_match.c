/* http_match.c - entity tags and ranges, without copying. */
#include "apps/webserver/http_match.h"

#include "apps/webserver/char.h"
#include "apps/webserver/http_date.h"

/* The entity tag that p begins with: its length with "W/"; 0 if it is none. */
static size_t
tag_length(const char *p, size_t len, bool *weak)
{
	size_t n = 0;

	*weak = len >= 2 && p[0] == 'W' && p[1] == '/';
	if (*weak)
		n = 2;
	if (n == len || p[n++] != '"')
		return 0;
	while (n < len && char_is(p[n], CHAR_TAG))
		n++;
	return n < len && p[n] == '"' ? n + 1 : 0;
}

bool
http_match_tags(const char *p, size_t len, const char *tag, size_t tag_len)
{
	size_t n, skip;
	bool weak;

	if (len == 1 && *p == '*')
		return true;
	while (len) {
		if (char_blank(*p) || *p == ',') {
			p++, len--;
			continue;
		}
		n = tag_length(p, len, &weak);
		skip = weak ? 2 : 0;
		if (n == 0)
			return false;
		if (n - skip == tag_len && !memcmp(p + skip, tag, tag_len))
			return true;
		p += n, len -= n;
		while (len && char_blank(*p))
			p++, len--;
		if (len && *p != ',')
			return false;
	}
	return false;
}

bool
http_match_if_range(const char *p, size_t len, const char *tag, size_t tag_len,
	int64_t modified, int64_t now)
{
	int64_t t;

	if (len && (*p == '"' || *p == 'W'))
		if (len == tag_len && !memcmp(p, tag, len))
			return true;
	return http_date_parse(p, len, now, &t) && t == modified && t < now;
}

/* Digits, as many as there are; what is too large stays as large as it gets. */
static size_t
number(const char *p, size_t len, uint64_t *v)
{
	size_t n = 0;

	for (*v = 0; n < len && char_is(p[n], CHAR_DIGIT); n++) {
		if (*v > (UINT64_MAX - 9) / 10)
			*v = UINT64_MAX / 10;
		else
			*v = *v * 10 + (uint64_t)(p[n] - '0');
	}
	return n;
}

static enum http_range
suffix(uint64_t bytes, uint64_t size, uint64_t *first, uint64_t *last)
{
	if (bytes == 0)
		return HTTP_RANGE_BEYOND;
	if (size == 0)
		return HTTP_RANGE_NONE;
	*first = bytes < size ? size - bytes : 0;
	*last = size - 1;
	return HTTP_RANGE_ONE;
}

/* An only element between empty ones is an element alone (section 5.6.1). */
static void
trim(const char **p, size_t *len)
{
	while (*len && (char_blank(**p) || **p == ','))
		++*p, --*len;
	while (*len && (char_blank((*p)[*len - 1]) || (*p)[*len - 1] == ','))
		--*len;
}

enum http_range
http_match_range(const char *p, size_t len, uint64_t size, uint64_t *first,
	uint64_t *last)
{
	uint64_t from, to;
	size_t n, m;

	if (len < 6 || !char_same_as(p, 6, "bytes="))
		return HTTP_RANGE_NONE;
	p += 6, len -= 6;
	trim(&p, &len);
	n = number(p, len, &from);
	if (n == len || p[n] != '-')
		return HTTP_RANGE_NONE;
	m = number(p + n + 1, len - n - 1, &to);
	if (n + 1 + m != len || n + m == 0)
		return HTTP_RANGE_NONE;
	if (n == 0)
		return suffix(to, size, first, last);
	if (m && to < from)
		return HTTP_RANGE_NONE;
	if (from >= size)
		return HTTP_RANGE_BEYOND;
	*first = from;
	*last = m && to < size ? to : size - 1;
	return HTTP_RANGE_ONE;
}
