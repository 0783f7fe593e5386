/* words.c - what domains write to stderr goes on, under their name. A program
 * may write anything: control characters would let it play with the terminal
 * of whoever started it. And whoever reads our own stderr may stop reading:
 * then lines are lost and counted, and the launcher goes on. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/instance.h"

#define PATIENCE_MS 100

static unsigned lost; /* lines since the last one that got through */

/* Whether a line can be written without waiting: a pipe that has room has
 * room for one. */
static bool
room(void)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&p, 1, lost ? 0 : PATIENCE_MS) == 0) {
		lost++;
		return false;
	}
	if (lost)
		log_say("%u lines lost: nobody read them", lost);
	lost = 0;
	return true;
}

void
words_tell(const char *fmt, ...)
{
	char buf[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (room())
		log_say("%s", buf);
}

void
words_text(const char *text)
{
	while (*text) {
		int n = (int)strcspn(text, "\n");

		if (room())
			fprintf(stderr, "%.*s\n", n, text);
		text += n + (text[n] == '\n');
	}
}

static void
words_flush(struct child *c)
{
	if (!c->line_len)
		return;
	c->line[c->line_len] = '\0';
	if (room())
		fprintf(stderr, "%s: %s\n", c->name, c->line);
	memcpy(c->last_words, c->line, c->line_len + 1);
	c->line_len = 0;
}

/* U+0080 to U+009F, as UTF-8: control characters as well. */
static bool
is_c1(const struct child *c, unsigned char ch)
{
	return ch >= 0x80 && ch < 0xa0 && c->line_len &&
		(unsigned char)c->line[c->line_len - 1] == 0xc2;
}

static void
add(struct child *c, char ch)
{
	if (ch == '\n') {
		words_flush(c);
		return;
	}
	if (is_c1(c, (unsigned char)ch)) {
		c->line[c->line_len - 1] = '?';
		return;
	}
	if ((unsigned char)ch < ' ' || ch == 0x7f)
		ch = ch == '\t' ? ' ' : '?';
	if (c->line_len == WORDS - 1)
		words_flush(c);
	c->line[c->line_len++] = ch;
}

void
words_end(struct child *c)
{
	words_flush(c);
	if (c->words_fd >= 0)
		close(c->words_fd);
	c->words_fd = -1;
}

/* A bounded bite: others wait. */
bool
words_hear(struct child *c)
{
	char buf[4096];
	ssize_t n = read(c->words_fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	for (ssize_t i = 0; i < n; i++)
		add(c, buf[i]);
	if (n <= 0)
		words_end(c);
	return n > 0;
}
