/* text.h - one-line explanations, and numbers out of foreign text. */
#ifndef DLIBOS_LAUNCH_TEXT_H
#define DLIBOS_LAUNCH_TEXT_H

#include <stddef.h>

/* Writes the reason of a failure into the caller's buffer and returns rc, so
 * that a failing function ends in `return text_explain(-EINVAL, ...)`. The
 * text is cut to len and is always one line: a control character, out of a
 * file's name for example, becomes '?'. err may be NULL. */
int text_explain(int rc, char *err, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The end of the decimal number (digits only, at most six) at s, its value in
 * *v; NULL if there is none. */
const char *text_number(const char *s, unsigned *v);

#endif
