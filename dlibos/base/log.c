/* log.c - a line in one write. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dlibos/base/log.h"

static char name[32];
static int named;

void
log_name(const char *n)
{
	snprintf(name, sizeof(name), "%s", n);
	named = 1;
}

static void
line(const char *fmt, va_list ap)
{
	char buf[1024];
	const char *who = named ? name : program_invocation_short_name;
	int n = 0, m;

	if (*who)
		n = snprintf(buf, sizeof(buf), "%.31s: ", who);
	m = vsnprintf(buf + n, sizeof(buf) - (size_t)n - 1, fmt, ap);
	n = m < 0 ? n : (int)strlen(buf);
	for (int i = 0; i < n; i++) /* a line is one, whatever is in a path */
		if ((unsigned char)buf[i] < ' ' || buf[i] == 0x7f)
			buf[i] = '?';
	buf[n++] = '\n';
	if (write(STDERR_FILENO, buf, (size_t)n) < 0)
		return; /* nobody is left to be told */
}

void
log_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
}

void
die(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line(fmt, ap);
	va_end(ap);
	exit(status);
}
