/* text.c - one-line explanations, and numbers out of foreign text. */
#include "dlibos/launch/text.h"

#include <stdarg.h>
#include <stdio.h>

#define DIGITS_MAX 9 /* no overflow, and beyond every limit of the house */

int
text_explain(int rc, char *err, size_t len, const char *fmt, ...)
{
	va_list ap;

	if (!err || !len)
		return rc;
	va_start(ap, fmt);
	vsnprintf(err, len, fmt, ap);
	va_end(ap);
	for (char *c = err; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return rc;
}

const char *
text_number(const char *s, unsigned *v)
{
	unsigned sum = 0, n = 0;

	for (; *s >= '0' && *s <= '9'; s++, n++) {
		if (n == DIGITS_MAX)
			return NULL;
		sum = sum * 10 + (unsigned)(*s - '0');
	}
	*v = sum;
	return n ? s : NULL;
}
