/* words.c - what domains write to stderr goes on, under their name. A program
 * may write anything: control characters would let it play with the terminal
 * of whoever started it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dlibos/launch/instance.h"

static void
words_flush(struct child *c)
{
	if (!c->line_len)
		return;
	c->line[c->line_len] = '\0';
	fprintf(stderr, "%s: %s\n", c->name, c->line);
	memcpy(c->last_words, c->line, c->line_len + 1);
	c->line_len = 0;
}

static void
add(struct child *c, char ch)
{
	if (ch == '\n') {
		words_flush(c);
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
