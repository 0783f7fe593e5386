/* site_head.c - heads are written when documents are loaded; a request writes
 * none. The heads of a document lie in one block, behind each other.
 *
 *	HTTP/1.1 200 OK CRLF  fields CRLF  Connection: close CRLF
 *	|<---------- keep -------------->|
 *	|<---------------------- close ------------------------>|
 *
 * The Date line and the empty line come from the clock (http_date.h).
 */
#include "apps/webserver/site_head.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "apps/webserver/char.h"
#include "apps/webserver/http_date.h"
#include "apps/webserver/site_index.h"

#define SERVER "Server: DLibOS\r\n"
#define CLOSE  "Connection: close\r\n"

/* A path can become three times as long in Location. */
#define DRAFT_MAX (SITE_PATH_MAX * 3 + 1024)

struct draft {
	char text[DRAFT_MAX];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void
add(struct draft *d, const char *form, ...)
{
	va_list args;
	int n;

	va_start(args, form);
	n = vsnprintf(d->text + d->len, DRAFT_MAX - d->len, form, args);
	va_end(args);
	if (n > 0)
		d->len += (size_t)n;
	if (d->len >= DRAFT_MAX)
		d->len = DRAFT_MAX - 1;
}

/* Ends a head that began at `from`; where it is becomes known with the copy. */
static struct site_head
head_end(struct draft *d, size_t from)
{
	struct site_head h = {.keep = (uint16_t)(d->len - from)};

	add(d, CLOSE);
	h.close = (uint16_t)(d->len - from);
	return h;
}

static void
place(struct site_head *h, const char **at)
{
	h->p = *at;
	*at += h->close;
}

/* What 200, 206 and 304 say about a document (RFC 9110 section 15.4.5). */
static void
validators(struct draft *d, const struct site_doc *doc)
{
	char date[HTTP_DATE_LEN];

	http_date_write(date, doc->modified);
	add(d, "ETag: %.*s\r\nLast-Modified: %.*s\r\n", doc->tag_len, doc->tag,
		HTTP_DATE_LEN, date);
}

static void
page_fields(struct draft *d, size_t len)
{
	add(d,
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: %zu\r\n",
		len);
}

int
site_head_doc(struct site *s, struct site_doc *doc, const char *type)
{
	const struct site_page *page = site_page(s, 416);
	struct draft d = {.len = 0};
	const char *at;
	size_t from;

	add(&d, "HTTP/1.1 200 OK\r\n" SERVER);
	add(&d, "Content-Type: %s\r\nContent-Length: %zu\r\n", type,
		doc->body.len);
	validators(&d, doc);
	add(&d, "Accept-Ranges: bytes\r\n");
	doc->whole = head_end(&d, 0);

	from = d.len;
	add(&d, "HTTP/1.1 206 Partial Content\r\n" SERVER);
	add(&d, "Content-Type: %s\r\n", type);
	validators(&d, doc);
	add(&d, "Accept-Ranges: bytes\r\n");
	doc->partial = head_end(&d, from);

	from = d.len;
	add(&d, "HTTP/1.1 304 Not Modified\r\n" SERVER);
	validators(&d, doc);
	doc->unchanged = head_end(&d, from);

	from = d.len;
	add(&d, "HTTP/1.1 416 Range Not Satisfiable\r\n" SERVER);
	page_fields(&d, page->body.len);
	add(&d, "Content-Range: bytes */%zu\r\n", doc->body.len);
	doc->beyond = head_end(&d, from);

	at = site_copy(s, d.text, d.len);
	if (!at)
		return -ENOMEM;
	place(&doc->whole, &at);
	place(&doc->partial, &at);
	place(&doc->unchanged, &at);
	place(&doc->beyond, &at);
	return 0;
}

/* The path as a reference: what is not plain in it is escaped. Two slashes at
 * its beginning would name a host; no document has them. */
static void
location(struct draft *d, const char *p, size_t len)
{
	add(d, "Location: ");
	for (size_t i = 0; i < len; i++) {
		if (p[i] == '/' || (char_is(p[i], CHAR_HOST) && p[i] != '%'))
			add(d, "%c", p[i]);
		else
			add(d, "%%%02X", (uint8_t)p[i]);
	}
	add(d, "/\r\n");
}

int
site_head_redirect(struct site *s, struct site_doc *doc)
{
	const struct site_page *page = site_page(s, 301);
	struct draft d = {.len = 0};
	const char *at;

	add(&d, "HTTP/1.1 301 Moved Permanently\r\n" SERVER);
	page_fields(&d, page->body.len);
	location(&d, doc->path, doc->path_len);
	doc->status = 301;
	doc->body = page->body;
	doc->whole = head_end(&d, 0);
	at = site_copy(s, d.text, d.len);
	if (!at)
		return -ENOMEM;
	place(&doc->whole, &at);
	return 0;
}

static const struct {
	int status;
	const char *phrase;
} pages[SITE_PAGES] = {
	{301, "Moved Permanently"},
	{400, "Bad Request"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{416, "Range Not Satisfiable"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
};

static int
make_page(
	struct site *s, struct site_page *page, int status, const char *phrase)
{
	struct draft d = {.len = 0};
	size_t body;

	add(&d, "%d %s\n", status, phrase);
	body = d.len;
	add(&d, "HTTP/1.1 %d %s\r\n" SERVER, status, phrase);
	page_fields(&d, body);
	if (status == 405) /* RFC 9110 section 15.5.6 */
		add(&d, "Allow: GET, HEAD\r\n");
	if (status == 503) /* seconds, section 10.2.3 */
		add(&d, "Retry-After: 1\r\n");
	page->status = status;
	page->head = head_end(&d, body);
	page->body.len = body;
	page->body.p = site_copy(s, d.text, d.len);
	if (!page->body.p)
		return -ENOMEM;
	page->head.p = page->body.p + body;
	return 0;
}

static int
make_text(struct site *s, struct site_text *t, const char *text)
{
	t->len = strlen(text);
	t->p = site_copy(s, text, t->len);
	return t->p ? 0 : -ENOMEM;
}

int
site_head_pages(struct site *s)
{
	int rc = make_text(s, &s->go_on, "HTTP/1.1 100 Continue\r\n\r\n");

	if (!rc)
		rc = make_text(s, &s->keep, "Connection: keep-alive\r\n");
	for (unsigned i = 0; !rc && i < SITE_PAGES; i++)
		rc = make_page(
			s, &s->pages[i], pages[i].status, pages[i].phrase);
	return rc;
}
