/* http_field.c - fields, strictly: what one reader takes for a body and
 * another for the next request is how requests are smuggled, so whatever is
 * doubtful about a length is refused (RFC 9112 sections 5, 6.3 and 11.2).
 */
#include "apps/webserver/http_field.h"

#include "apps/webserver/char.h"
#include "apps/webserver/http_target.h"

#define ONES 0x0101010101010101u

/* Whether one of eight bytes is a control byte; a tab counts. */
static bool
control_among_8(const char *p)
{
	uint64_t x, del;

	memcpy(&x, p, 8);
	del = x ^ ONES * 0x7f;
	x = (x - ONES * 0x20) & ~x;
	del = (del - ONES) & ~del;
	return (x | del) & ONES * 0x80;
}

static bool
control_among(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((uint8_t)p[i] < ' ' && p[i] != '\t') || p[i] == 0x7f)
			return true;
	return false;
}

/* RFC 9110 section 5.5: no NUL, no bare CR, and no other control bytes. */
static bool
value_ok(const char *p, size_t len)
{
	if (len < 8)
		return !control_among(p, len);
	for (size_t i = 0; i + 8 < len; i += 8)
		if (control_among_8(p + i) && control_among(p + i, 8))
			return false;
	p += len - 8;
	return !control_among_8(p) || !control_among(p, 8);
}

/* The next element of a comma-separated list, without blanks; *p moves behind
 * it. Empty elements are stepped over (RFC 9110 section 5.6.1). */
static bool
next_element(const char **p, const char *end, struct http_text *e)
{
	while (*p < end && (char_blank(**p) || **p == ','))
		++*p;
	if (*p == end)
		return false;
	e->p = *p;
	while (*p < end && **p != ',')
		++*p;
	e->len = (size_t)(*p - e->p);
	while (char_blank(e->p[e->len - 1]))
		e->len--;
	return true;
}

static void
connection(struct http_fields *f, const char *p, size_t len)
{
	struct http_text e;

	for (const char *end = p + len; next_element(&p, end, &e);) {
		f->close |= char_same_as(e.p, e.len, "close");
		f->keep |= char_same_as(e.p, e.len, "keep-alive");
	}
}

static int
host(struct http_fields *f, struct http_request *r, const char *p, size_t len)
{
	if (f->hosts++ || !http_host_ok(p, len))
		return -400;
	if (!f->absolute)
		r->host = (struct http_text){p, len};
	return 0;
}

/* Digits and nothing else, once. A repetition, even of the same number, and a
 * list are refused, as RFC 9110 section 8.6 allows. */
static int
content_length(struct http_fields *f, const char *p, size_t len)
{
	if (f->lengths++ || len == 0)
		return -400;
	for (size_t i = 0; i < len; i++) {
		if (!char_is(p[i], CHAR_DIGIT))
			return -400;
		if (f->length <= HTTP_BODY_MAX)
			f->length = f->length * 10 + (uint64_t)(p[i] - '0');
	}
	return 0;
}

/* RFC 9112 section 6.3: chunked must come last, or nobody knows where the body
 * ends; section 6.1: and only once. Codings before it are not known here. */
static void
transfer_coding(struct http_fields *f, const char *p, size_t len)
{
	const char *end = p + len;
	struct http_text e;
	bool chunked = false, empty = true;

	while (next_element(&p, end, &e)) {
		empty = false;
		if (chunked)
			f->refusal = -400;
		chunked = char_same_as(e.p, e.len, "chunked");
		if (!chunked && !f->refusal)
			f->refusal = -501;
	}
	if (empty || !chunked || f->codings++)
		f->refusal = -400;
	f->codings |= 1;
}

static void
none_match(struct http_request *r, const char *p, size_t len)
{
	if (r->none_matches < HTTP_TAG_LINES)
		r->none_match[r->none_matches] = (struct http_text){p, len};
	r->none_matches++;
}

/* A field of which there may be one only does not count if there are two; all
 * of them may be ignored (RFC 9110 sections 13.1.3, 13.1.5 and 14.2). */
static void
single(unsigned *seen, struct http_text *t, const char *p, size_t len)
{
	*t = (*seen)++ ? (struct http_text){0} : (struct http_text){p, len};
}

/* The field by its name. Length first: it leaves one name, or two. */
static int
heed(struct http_fields *f, struct http_request *r, const char *name, size_t n,
	const char *p, size_t len)
{
	switch (n) {
	case 4:
		if (char_same_as(name, n, "host"))
			return host(f, r, p, len);
		break;
	case 5:
		if (char_same_as(name, n, "range"))
			single(&f->ranges, &r->range, p, len);
		break;
	case 6:
		if (char_same_as(name, n, "expect"))
			r->expect = char_same_as(p, len, "100-continue");
		break;
	case 8:
		if (char_same_as(name, n, "if-range"))
			single(&f->if_ranges, &r->if_range, p, len);
		break;
	case 10:
		if (char_same_as(name, n, "connection"))
			connection(f, p, len);
		break;
	case 13:
		if (char_same_as(name, n, "if-none-match"))
			none_match(r, p, len);
		break;
	case 14:
		if (char_same_as(name, n, "content-length"))
			return content_length(f, p, len);
		break;
	case 17:
		if (char_same_as(name, n, "transfer-encoding"))
			transfer_coding(f, p, len);
		else if (char_same_as(name, n, "if-modified-since"))
			single(&f->sinces, &r->since, p, len);
		break;
	default:
		break;
	}
	return 0;
}

/* A name, a colon at once, a value. What begins with a blank is a folded line
 * (RFC 9112 section 5.2) or hides behind the request line (section 2.2); a
 * blank before the colon is section 5.1. All of them end up here. */
int
http_field(struct http_fields *f, struct http_request *r, const char *line,
	size_t len)
{
	size_t n = 0, at;

	if (++f->lines > HTTP_FIELDS_MAX)
		return -431;
	while (char_is(line[n], CHAR_TOKEN))
		n++;
	if (n == 0 || n == len || line[n] != ':')
		return -400;
	for (at = n + 1; at < len && char_blank(line[at]); at++)
		;
	while (len > at && char_blank(line[len - 1]))
		len--;
	if (!value_ok(line + at, len - at))
		return -400;
	return heed(f, r, line, n, line + at, len - at);
}

int
http_fields_end(struct http_fields *f, struct http_request *r)
{
	/* RFC 9112 section 3.2. */
	if (f->hosts == 0 && r->minor > 0)
		return -400;
	/* Section 6.1: no lengths beside a coding, no coding in 1.0. */
	if (f->codings && (f->lengths || r->minor == 0))
		return -400;
	if (f->refusal)
		return f->refusal;
	if (f->length > HTTP_BODY_MAX)
		return -413;
	r->chunked = f->codings;
	r->body = (uint32_t)f->length;
	r->expect &= r->minor > 0 && (r->chunked || r->body > 0);
	/* Section 9.3. */
	r->keep_alive = !f->close && (r->minor > 0 || f->keep);
	/* RFC 9110 section 13.1.5: If-Range stands beside one Range. Where it
	 * is doubtful, the whole document is right. */
	if (f->if_ranges > 1)
		r->range = (struct http_text){0};
	return 0;
}
