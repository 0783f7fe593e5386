/* http_target.c - paths: decoded first, then freed from dot segments, so that
 * no escape hides a dot or a slash from the second step.
 */
#include "apps/webserver/http_target.h"

#include "apps/webserver/char.h"

/* Bytes that stand for themselves; a dot does unless a segment begins with it.
 * p[0] is '/'. */
static size_t
plain_length(const char *p, size_t len)
{
	size_t n = 1;

	for (; n < len; n++) {
		if (char_is(p[n], CHAR_PLAIN))
			continue;
		if (p[n] != '.' || p[n - 1] == '/')
			break;
	}
	return n;
}

/* The path up to its query, decoded: bytes written, and *used of those read. 0
 * if there is something that no path may have. */
static size_t
decode(char *to, const char *p, size_t len, size_t *used)
{
	size_t n = 0, i = 0;

	while (i < len && p[i] != '?') {
		char c = p[i++];

		if (!char_is(c, CHAR_QUERY))
			return 0;
		if (c == '%') {
			if (len - i < 2 || !char_is(p[i], CHAR_HEX) ||
				!char_is(p[i + 1], CHAR_HEX))
				return 0;
			c = (char)(char_hex(p[i]) << 4 | char_hex(p[i + 1]));
			i += 2;
			if ((uint8_t)c < ' ' || c == 0x7f)
				return 0;
		}
		to[n++] = c;
	}
	*used = i;
	return n;
}

/* RFC 3986 section 5.2.4, in place; the path's new length. Where that would
 * stay at the root, 0: no honest client climbs above it. */
static size_t
remove_dots(char *path, size_t len)
{
	size_t n = 0, next;

	for (size_t i = 0; i < len; i = next) {
		size_t seg;
		bool one, two;

		for (next = i + 1; next < len && path[next] != '/'; next++)
			;
		seg = next - i - 1;
		one = seg == 1 && path[i + 1] == '.';
		two = seg == 2 && path[i + 1] == '.' && path[i + 2] == '.';
		if (two) {
			if (n == 0)
				return 0;
			while (path[--n] != '/')
				;
		}
		if (!one && !two) {
			memmove(path + n, path + i, next - i);
			n += next - i;
		} else if (next == len) {
			path[n++] = '/';
		}
	}
	return n;
}

static int
query(struct http_request *r, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!char_is(p[i], CHAR_QUERY))
			return -400;
	r->query = (struct http_text){p, len};
	return 0;
}

static int
path_and_query(struct http_request *r, const char *p, size_t len)
{
	size_t n = plain_length(p, len);

	if (n < len && p[n] != '?') {
		size_t bytes = decode(r->decoded, p, len, &n);

		if (bytes)
			bytes = remove_dots(r->decoded, bytes);
		if (!bytes)
			return -400;
		r->path = (struct http_text){r->decoded, bytes};
	} else {
		r->path = (struct http_text){p, n};
	}
	return n == len ? 0 : query(r, p + n + 1, len - n - 1);
}

/* The end of "[v6]" or of a name; NULL if it is neither. */
static const char *
after_host(const char *p, const char *end)
{
	const char *begin = p;

	if (p < end && *p == '[') {
		while (++p < end &&
			(char_is(*p, CHAR_HEX) || *p == ':' || *p == '.'))
			;
		return p < end && *p == ']' && p > begin + 1 ? p + 1 : NULL;
	}
	for (; p < end && char_is(*p, CHAR_HOST); p++)
		if (*p == '%' &&
			(end - p < 3 || !char_is(p[1], CHAR_HEX) ||
				!char_is(p[2], CHAR_HEX)))
			return NULL;
	return p;
}

bool
http_host_ok(const char *p, size_t len)
{
	const char *end = p + len, *q = after_host(p, end);

	if (!q || (q < end && (q == p || *q != ':')))
		return false;
	while (q < end && ++q < end)
		if (!char_is(*q, CHAR_DIGIT))
			return false;
	return true;
}

/* scheme "://" authority path: the authority takes the place of Host (RFC 9112
 * section 3.2.2). One with a user's name in it is refused, as is an empty one
 * (RFC 9110 section 4.2). */
static int
absolute(struct http_request *r, const char *p, size_t len)
{
	size_t skip = 0, n;

	if (len > 7 && char_same_as(p, 7, "http://"))
		skip = 7;
	else if (len > 8 && char_same_as(p, 8, "https://"))
		skip = 8;
	if (!skip)
		return -400;
	p += skip;
	len -= skip;
	for (n = 0; n < len && p[n] != '/' && p[n] != '?'; n++)
		;
	if (n == 0 || *p == ':' || !http_host_ok(p, n))
		return -400;
	r->host = (struct http_text){p, n};
	if (n < len && p[n] == '/')
		return path_and_query(r, p + n, len - n);
	r->decoded[0] = '/';
	r->path = (struct http_text){r->decoded, 1};
	return n == len ? 0 : query(r, p + n + 1, len - n - 1);
}

int
http_target(struct http_request *r, const char *p, size_t len)
{
	if (len == 0)
		return -400;
	return *p == '/' ? path_and_query(r, p, len) : absolute(r, p, len);
}
