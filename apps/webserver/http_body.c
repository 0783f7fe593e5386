/* http_body.c - a small machine for chunks, a byte a step; data in one. */
#include "apps/webserver/http_body.h"

#include "apps/webserver/char.h"

enum state {
	DONE,
	PLAIN,	/* a body whose length is known */
	SIZE,	/* the first digit of a chunk's size */
	DIGITS, /* the others */
	BLANKS, /* behind them; an extension must follow */
	EXTENSION,
	SIZE_LF, /* the CR behind the size was there */
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER, /* at the beginning of a line */
	NAME,	 /* of a field in the trailer */
	VALUE,
	VALUE_LF,
	END_LF,
};

void
http_body_begin(struct http_body *b, const struct http_request *r)
{
	*b = (struct http_body){.left = r->body};
	b->state = r->chunked ? SIZE : r->body ? PLAIN : DONE;
}

bool
http_body_done(const struct http_body *b)
{
	return b->state == DONE;
}

/* What may stand in a line that is not looked at (RFC 9110 section 5.5). */
static bool
harmless(char c)
{
	return ((uint8_t)c >= ' ' && c != 0x7f) || c == '\t';
}

/* `left` cannot overflow: it is checked digit by digit. */
static int
digit(struct http_body *b, char c)
{
	b->left = b->left * 16 + char_hex(c);
	b->state = DIGITS;
	return b->left > HTTP_BODY_MAX - b->data ? -413 : 0;
}

static int
after_digits(struct http_body *b, char c)
{
	if (c == '\r')
		b->state = SIZE_LF;
	else if (c == ';')
		b->state = EXTENSION;
	else if (char_blank(c))
		b->state = BLANKS;
	else
		return -400;
	return 0;
}

/* Goes on to `next` if c is what has to stand here. */
static int
expect(struct http_body *b, char c, char want, enum state next)
{
	b->state = (uint8_t)next;
	return c == want ? 0 : -400;
}

/* A byte of the line with a chunk's size, RFC 9112 section 7.1. */
static int
size_step(struct http_body *b, char c)
{
	switch (b->state) {
	case DIGITS:
		if (!char_is(c, CHAR_HEX))
			return after_digits(b, c);
		return digit(b, c);
	case BLANKS:
		return char_blank(c) ? 0 : expect(b, c, ';', EXTENSION);
	case EXTENSION:
		if (c == '\r')
			b->state = SIZE_LF;
		return c == '\r' || harmless(c) ? 0 : -400;
	case SIZE_LF:
		return expect(b, c, '\n', b->left ? DATA : TRAILER);
	default:
		return char_is(c, CHAR_HEX) ? digit(b, c) : -400;
	}
}

/* A byte of the trailer, section 7.1.2: it is checked, and thrown away. */
static int
trailer_step(struct http_body *b, char c)
{
	switch (b->state) {
	case TRAILER:
		if (c == '\r') {
			b->state = END_LF;
			return 0;
		}
		b->state = NAME;
		return char_is(c, CHAR_TOKEN) ? 0 : -400;
	case NAME:
		if (c == ':')
			b->state = VALUE;
		return c == ':' || char_is(c, CHAR_TOKEN) ? 0 : -400;
	case VALUE:
		if (c == '\r')
			b->state = VALUE_LF;
		return c == '\r' || harmless(c) ? 0 : -400;
	case VALUE_LF:
		return expect(b, c, '\n', TRAILER);
	default:
		return expect(b, c, '\n', DONE);
	}
}

static int
framing_step(struct http_body *b, char c)
{
	bool trailer = b->state >= TRAILER;

	if (++b->framing > HTTP_FRAMING_MAX)
		return trailer ? -431 : -413;
	if (b->state == DATA_CR)
		return expect(b, c, '\r', DATA_LF);
	if (b->state == DATA_LF)
		return expect(b, c, '\n', SIZE);
	return trailer ? trailer_step(b, c) : size_step(b, c);
}

int
http_body_skip(struct http_body *b, const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && b->state != DONE) {
		if (b->state == PLAIN || b->state == DATA) {
			size_t take = len - n < b->left ? len - n : b->left;

			n += take;
			b->left -= (uint32_t)take;
			if (b->state == DATA)
				b->data += (uint32_t)take;
			if (b->left == 0)
				b->state = b->state == DATA ? DATA_CR : DONE;
		} else {
			int rc = framing_step(b, p[n++]);

			if (rc)
				return rc;
		}
	}
	return (int)n;
}
