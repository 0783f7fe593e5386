/* site_test - what of a folder becomes documents, what is left out and why, and
 * that nothing is kept of a load that failed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "apps/webserver/hash.h"
#include "apps/webserver/mime.h"
#include "apps/webserver/site.h"
#include "apps/webserver/test/web_kit.h"

static struct kit kit;

static int
begin(void **state)
{
	(void)state;
	kit_begin(&kit);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	kit_end(&kit);
	return 0;
}

static const struct site_doc *
find(const char *path)
{
	return site_find(kit.site, path, strlen(path));
}

static void
head_has(const struct site_head *h, const char *line)
{
	if (!memmem(h->p, h->close, line, strlen(line)))
		fail_msg("no %s in %.*s", line, h->close, h->p);
}

static void
types(void **state)
{
	static const struct {
		const char *name, *type;
	} rows[] = {
		{"/a.html", "text/html; charset=utf-8"},
		{"/a.HTML", "text/html; charset=utf-8"},
		{"/a.b.css", "text/css; charset=utf-8"},
		{"/a.js", "text/javascript; charset=utf-8"},
		{"/a.json", "application/json"},
		{"/a.svg", "image/svg+xml"},
		{"/a.woff2", "font/woff2"},
		{"/a.wasm", "application/wasm"},
		{"/a.7z", "application/x-7z-compressed"},
		{"/a", "application/octet-stream"},
		{"/a.", "application/octet-stream"},
		{"/a.htm_", "application/octet-stream"},
		{"/a.b/html", "application/octet-stream"},
		{"", "application/octet-stream"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(
			mime_type(rows[i].name, strlen(rows[i].name)),
			rows[i].type);
}

static void
documents(void **state)
{
	const struct site_doc *d;

	(void)state;
	kit_text(&kit, "a b.txt", "hello");
	kit_text(&kit, "sub/empty.css", "");
	kit_text(&kit, ".well-known/x", "y");
	assert_int_equal(kit_load(&kit), 0);
	assert_int_equal(kit.report.files, 3);
	assert_int_equal(kit.report.folders, 3);
	assert_int_equal(kit.report.bytes, 6);

	d = find("/a b.txt");
	assert_non_null(d);
	assert_int_equal(d->body.len, 5);
	assert_memory_equal(d->body.p, "hello", 5);
	head_has(&d->whole, "HTTP/1.1 200 OK\r\n");
	head_has(&d->whole, "\r\nServer: DLibOS\r\n");
	head_has(&d->whole, "\r\nContent-Type: text/plain; charset=utf-8\r\n");
	head_has(&d->whole, "\r\nContent-Length: 5\r\n");
	head_has(&d->whole, "\r\nETag: \"");
	head_has(&d->whole,
		"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
	head_has(&d->whole, "\r\nAccept-Ranges: bytes\r\n");
	assert_int_equal(d->whole.close - d->whole.keep,
		strlen("Connection: close\r\n"));
	assert_memory_equal(
		d->whole.p + d->whole.keep, "Connection: close\r\n", 19);
	head_has(&d->unchanged, "HTTP/1.1 304 Not Modified\r\n");
	head_has(&d->beyond, "\r\nContent-Range: bytes */5\r\n");
	assert_null(
		memmem(d->partial.p, d->partial.close, "Content-Length", 14));

	d = find("/sub/empty.css");
	assert_non_null(d);
	head_has(&d->whole, "\r\nContent-Length: 0\r\n");
	assert_non_null(find("/.well-known/x"));
	assert_null(find("/"));
	assert_null(find("/sub"));
	assert_null(find("/a b.tx"));
	assert_null(find(""));
}

static void
indexes(void **state)
{
	const struct site_doc *d;

	(void)state;
	kit_text(&kit, "index.html", "root");
	kit_text(&kit, "a ?%\xc3\xbc:/index.html", "a");
	kit_text(&kit, "b/xindex.html", "b");
	assert_int_equal(kit_load(&kit), 0);
	assert_ptr_equal(find("/")->body.p, find("/index.html")->body.p);
	d = find("/a ?%\xc3\xbc:");
	assert_non_null(d);
	assert_int_equal(d->status, 301);
	head_has(&d->whole, "\r\nLocation: /a%20%3F%25%C3%BC%3A/\r\n");
	d = find("/a ?%\xc3\xbc:/");
	assert_int_equal(d->status, 200);
	assert_memory_equal(d->body.p, "a", 1);
	assert_null(find("/b"));
	assert_null(find("/b/"));
}

static void
tags(void **state)
{
	const struct site_doc *a, *b, *c;

	(void)state;
	kit_text(&kit, "a", "0123456789abcdefghijklmnopqrstuvwxyz");
	kit_text(&kit, "b", "0123456789abcdefghijklmnopqrstuvwxyz");
	kit_text(&kit, "c", "0123456789abcdefghijklmnopqrstuvwxyZ");
	kit_text(&kit, "d", "1123456789abcdefghijklmnopqrstuvwxyz");
	kit.config.key.k0 = 77;
	assert_int_equal(kit_load(&kit), 0);
	a = find("/a"), b = find("/b"), c = find("/c");
	/* Of the contents alone, and the same in all processes. */
	assert_int_equal(a->tag_len, b->tag_len);
	assert_memory_equal(a->tag, b->tag, a->tag_len);
	assert_memory_not_equal(a->tag, c->tag, a->tag_len);
	assert_memory_not_equal(a->tag, find("/d")->tag, a->tag_len);
	assert_memory_equal(a->tag, "\"", 1);
	assert_memory_equal(a->tag + a->tag_len - 4, "-24\"", 4);
}

/* RFC 9110 section 8.8.2.1: no document is newer than now. */
static void
files_from_the_future(void **state)
{
	(void)state;
	kit_text(&kit, "a", "a");
	kit.config.now = KIT_TIME - 10;
	assert_int_equal(kit_load(&kit), 0);
	assert_int_equal(find("/a")->modified, KIT_TIME - 10);
}

static void
links(void **state)
{
	(void)state;
	kit_text(&kit, "sub/a", "a");
	kit_link(&kit, "inside", "sub/a");
	kit_link(&kit, "sub/up", "../sub/a");
	kit_link(&kit, "folder", "sub");
	kit_link(&kit, "sub/round", "../sub");
	kit_link(&kit, "out", "/etc/hostname");
	kit_link(&kit, "up", "../../etc/hostname");
	kit_link(&kit, "self", "self");
	kit_link(&kit, "nowhere", "sub/b");
	kit_link(&kit, "outside", "..");
	assert_int_equal(kit_load(&kit), 0);
	assert_non_null(find("/sub/a"));
	assert_null(find("/out"));
	assert_null(find("/up"));
	assert_null(find("/sub/round/a"));
	if (!find("/inside")) {
		print_message("no openat2 here: links are not followed\n");
		assert_int_equal(kit.report.links, 9);
		return;
	}
	assert_non_null(find("/sub/up"));
	assert_non_null(find("/folder/a"));
	/* out, up, self, outside; and round, from sub and from folder */
	assert_int_equal(kit.report.links, 6);
	assert_int_equal(kit.report.unreadable, 1);
}

static void
left_out(void **state)
{
	char path[256];

	(void)state;
	kit_text(&kit, ".git/config", "secret");
	kit_text(&kit, ".htaccess", "secret");
	kit_text(&kit, "a\nb", "c");
	kit_full_path(&kit, "fifo", path);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(kit_load(&kit), 0);
	assert_int_equal(kit.report.files, 0);
	assert_int_equal(kit.report.hidden, 2);
	assert_int_equal(kit.report.names, 1);
	assert_int_equal(kit.report.special, 1);
	assert_null(strchr(kit.report.first, '\n'));
	assert_null(find("/.git/config"));
	assert_null(find("/fifo"));
}

static void
refused(int rc, const char *why)
{
	kit.site = NULL;
	assert_int_equal(kit_load(&kit), rc);
	assert_null(kit.site);
	assert_int_equal(kit.live, 0);
	if (!strstr(kit.report.why, why))
		fail_msg("%s, not %s", kit.report.why, why);
}

static void
limits(void **state)
{
	char deep[64] = "";

	(void)state;
	kit_text(&kit, "a", "12345");
	kit_text(&kit, "b", "12345");
	kit.config.max_files = 1;
	refused(-E2BIG, "more than 1 files");
	kit.config.max_files = 2;
	kit.config.max_bytes = 9;
	refused(-E2BIG, "more than 9 bytes of documents, at /");
	kit.config.max_bytes = 10;
	assert_int_equal(kit_load(&kit), 0);
	site_free(kit.site);

	kit.config.max_files = 10;
	kit.config.max_bytes = 100;
	/* Files in folders, the deepest that may be and one more. */
	for (int i = 0; i < SITE_DEPTH; i++)
		memcpy(deep + i * 2, "d/", 2);
	deep[SITE_DEPTH * 2] = 'x';
	kit_text(&kit, deep + 2, "y");
	assert_int_equal(kit_load(&kit), 0);
	site_free(kit.site);
	kit_text(&kit, deep, "y");
	refused(-E2BIG, "folders deep");
}

static void
no_such_folder(void **state)
{
	struct site *s = NULL;

	(void)state;
	assert_int_equal(
		site_load(&s, "/nonexistent/x", &kit.config, &kit.report),
		-ENOENT);
	assert_string_equal(
		kit.report.why, "/nonexistent/x: No such file or directory");
}

/* At whatever block the memory ends: all is given back. */
static void
memory_ends(void **state)
{
	unsigned need;

	(void)state;
	kit_text(&kit, "index.html", "a");
	kit_text(&kit, "b/index.html", "b");
	assert_int_equal(kit_load(&kit), 0);
	need = kit.given;
	site_free(kit.site);
	for (unsigned most = 0; most < need; most++) {
		kit.given = 0;
		kit.most = most;
		refused(-ENOMEM, "no memory");
	}
	kit.given = 0;
	kit.most = need;
	assert_int_equal(kit_load(&kit), 0);
}

/* A new generation beside an old one that is still being sent. */
static void
generations(void **state)
{
	struct site *old;

	(void)state;
	kit_text(&kit, "a", "old");
	assert_int_equal(kit_load(&kit), 0);
	old = kit.site;
	kit_text(&kit, "a", "newer");
	assert_int_equal(kit_load(&kit), 0);
	assert_memory_equal(site_find(old, "/a", 2)->body.p, "old", 3);
	site_free(old);
	assert_memory_equal(find("/a")->body.p, "newer", 5);
}

/* Each bit of each byte counts, and the length, and both halves of the key. */
static void
hashes(void **state)
{
	static const struct hash_key key = {11, 12},
				     keys[] = {{11, 13}, {10, 12}};
	char bytes[80] = "";

	(void)state;
	for (size_t len = 1; len <= 70; len++) {
		uint64_t h = hash_bytes(&key, bytes, len);

		assert_true(h != hash_bytes(&key, bytes, len - 1));
		assert_true(h != hash_bytes(&keys[0], bytes, len));
		assert_true(h != hash_bytes(&keys[1], bytes, len));
		for (size_t bit = 0; bit < len * 8; bit++) {
			bytes[bit / 8] = (char)(1 << bit % 8);
			assert_true(h != hash_bytes(&key, bytes, len));
			bytes[bit / 8] = 0;
		}
	}
}

/* The table with collisions, by a key that makes them likely. */
static void
many(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < 90; i++) {
		snprintf(name, sizeof(name), "%d/%d", i % 7, i);
		kit_text(&kit, name, name);
	}
	kit.config.key = (struct hash_key){0, 0};
	assert_int_equal(kit_load(&kit), 0);
	for (int i = 0; i < 90; i++) {
		snprintf(name, sizeof(name), "/%d/%d", i % 7, i);
		assert_non_null(find(name));
		assert_memory_equal(
			find(name)->body.p, name + 1, strlen(name) - 1);
		snprintf(name, sizeof(name), "/%d/%d", i % 7, i + 1);
		assert_null(find(name));
	}
}

#define unit(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),
		cmocka_unit_test(hashes),
		unit(documents),
		unit(indexes),
		unit(tags),
		unit(files_from_the_future),
		unit(links),
		unit(left_out),
		unit(limits),
		unit(no_such_folder),
		unit(memory_ends),
		unit(generations),
		unit(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
