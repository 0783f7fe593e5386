/* char.h - bytes by what HTTP and URIs allow them for, without a locale.
 */
#ifndef APPS_WEBSERVER_CHAR_H
#define APPS_WEBSERVER_CHAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	CHAR_TOKEN = 1, /* tchar, RFC 9110 section 5.6.2 */
	CHAR_PLAIN = 2, /* stands for itself in a path, wherever it is: not
			 * '.', '%', '?', '#' */
	CHAR_HOST = 4,	/* reg-name with '%', RFC 3986 section 3.2.2 */
	CHAR_QUERY = 8, /* printable ASCII but '#' */
	CHAR_DIGIT = 16,
	CHAR_HEX = 32,
	CHAR_NAME = 64, /* of hosts as they mostly are: letters, digits, - . */
	CHAR_TAG = 128, /* etagc, RFC 9110 section 8.8.3 */
};

extern const uint8_t char_table[256];

static inline bool
char_is(char c, unsigned classes)
{
	return char_table[(uint8_t)c] & classes;
}

static inline char
char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static inline unsigned
char_hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0')
			: (unsigned)(char_lower(c) - 'a' + 10);
}

static inline bool
char_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Whether p has the letters of `lower`, in whatever case. */
static inline bool
char_same(const char *p, size_t len, const char *lower, size_t lower_len)
{
	if (len != lower_len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (char_lower(p[i]) != lower[i])
			return false;
	return true;
}

#define char_same_as(p, len, literal) \
	char_same((p), (len), (literal), sizeof(literal) - 1)

#endif
