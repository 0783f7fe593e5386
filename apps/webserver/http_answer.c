/* http_answer.c - RFC 9110 section 13.2.2 in its order, for what never fails a
 * precondition but those of caches and ranges.
 */
#include "apps/webserver/http_answer.h"

#include <string.h>

#include "apps/webserver/http_match.h"

static void
push(struct http_answer *out, const char *p, size_t len)
{
	out->piece[out->pieces].p = p;
	out->piece[out->pieces].len = len;
	out->pieces += len > 0;
}

static void
push_head(const struct site *s, const struct http_request *r,
	const struct site_head *h, struct http_answer *out)
{
	push(out, h->p, out->close ? h->close : h->keep);
	/* RFC 9112 section 9.3: 1.0 goes on only if both sides say so. */
	if (!out->close && r->minor == 0)
		push(out, s->keep.p, s->keep.len);
}

static void
push_date(struct http_answer *out)
{
	push(out, out->clock->line, HTTP_CLOCK_LINE);
}

/* A whole answer. HEAD gets the same head, and no body (RFC 9110 9.3.2). */
static void
answer_with(const struct site *s, const struct http_request *r, int status,
	const struct site_head *h, const struct site_text *body,
	struct http_answer *out)
{
	out->status = (uint16_t)status;
	push_head(s, r, h, out);
	push_date(out);
	if (body && r->method != HTTP_HEAD)
		push(out, body->p, body->len);
}

static bool
unchanged(const struct http_request *r, const struct site_doc *d, int64_t now)
{
	unsigned lines = r->none_matches;
	int64_t since;

	if (lines == 0)
		return r->since.p &&
			http_date_parse(
				r->since.p, r->since.len, now, &since) &&
			d->modified <= since;
	for (unsigned i = 0; i < lines && i < HTTP_TAG_LINES; i++)
		if (http_match_tags(r->none_match[i].p, r->none_match[i].len,
			    d->tag, d->tag_len))
			return true;
	return false;
}

static char *
put_text(char *to, const char *text)
{
	size_t len = strlen(text);

	memcpy(to, text, len);
	return to + len;
}

static char *
put_number(char *to, uint64_t v)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (n)
		*to++ = digits[--n];
	return to;
}

static void
answer_range(const struct site *s, const struct http_request *r,
	const struct site_doc *d, uint64_t first, uint64_t last,
	struct http_answer *out)
{
	char *p = put_text(out->room, "Content-Range: bytes ");

	p = put_number(p, first);
	*p++ = '-';
	p = put_number(p, last);
	*p++ = '/';
	p = put_number(p, d->body.len);
	p = put_text(p, "\r\nContent-Length: ");
	p = put_number(p, last - first + 1);
	p = put_text(p, "\r\n");
	out->status = 206;
	out->room_used = true;
	push_head(s, r, &d->partial, out);
	push(out, out->room, (size_t)(p - out->room));
	push_date(out);
	push(out, d->body.p + first, last - first + 1);
}

/* RFC 9110 section 14.2: for GET, and if If-Range does not speak against it. */
static enum http_range
range_of(const struct http_request *r, const struct site_doc *d,
	const struct http_answer *out, uint64_t *first, uint64_t *last)
{
	if (!r->range.p || r->method != HTTP_GET || !out->room)
		return HTTP_RANGE_NONE;
	if (r->if_range.p &&
		!http_match_if_range(r->if_range.p, r->if_range.len, d->tag,
			d->tag_len, d->modified, out->clock->now))
		return HTTP_RANGE_NONE;
	return http_match_range(
		r->range.p, r->range.len, d->body.len, first, last);
}

static void
begin(struct http_answer *out, bool close)
{
	out->close = close;
	out->room_used = false;
	out->pieces = 0;
}

void
http_answer(const struct site *s, const struct http_request *r,
	struct http_answer *out)
{
	const struct site_doc *d = site_find(s, r->path.p, r->path.len);
	const struct site_page *page;
	uint64_t first, last;

	begin(out, !r->keep_alive);
	if (!d) {
		page = site_page(s, 404);
		answer_with(s, r, 404, &page->head, &page->body, out);
		return;
	}
	if (d->status == 200) {
		if (unchanged(r, d, out->clock->now)) {
			answer_with(s, r, 304, &d->unchanged, NULL, out);
			return;
		}
		switch (range_of(r, d, out, &first, &last)) {
		case HTTP_RANGE_ONE:
			answer_range(s, r, d, first, last, out);
			return;
		case HTTP_RANGE_BEYOND:
			page = site_page(s, 416);
			answer_with(s, r, 416, &d->beyond, &page->body, out);
			return;
		case HTTP_RANGE_NONE:
			break;
		}
	}
	answer_with(s, r, d->status, &d->whole, &d->body, out);
}

void
http_refuse(const struct site *s, const struct http_request *r, int status,
	struct http_answer *out)
{
	const struct site_page *page = site_page(s, status);

	begin(out, true);
	out->status = (uint16_t)page->status;
	push(out, page->head.p, page->head.close);
	push_date(out);
	if (!r || r->method != HTTP_HEAD)
		push(out, page->body.p, page->body.len);
}

struct http_piece
http_continue(const struct site *s)
{
	return (struct http_piece){s->go_on.p, s->go_on.len};
}
