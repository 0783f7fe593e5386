/* path_web - what the web server does with a request between receiving and
 * sending: it reads the head and finds what to answer. */
#include <string.h>

#include "apps/webserver/http_read.h"
#include "apps/webserver/test/web_kit.h"
#include "bench/path/path.h"
#include "dlibos/base/log.h"

#define FIELDS "Host: 192.0.2.2\r\nUser-Agent: none\r\nAccept: */*\r\n"

struct web {
	struct kit kit;
	struct http_reader reader;
	struct http_request request;
	uint64_t bytes; /* of answers */
};

static inline void
ask(struct web *w, const char *head, size_t len, unsigned n, unsigned status)
{
	for (unsigned i = 0; i < n; i++) {
		struct http_answer a = {.clock = &w->kit.clock};
		size_t used;

		if (http_read(&w->reader, &w->request, head, len, &used) !=
			HTTP_REQUEST)
			die(EXIT_FAIL, "not a request: %s", head);
		http_answer(w->kit.site, &w->request, &a);
		if (a.status != status)
			die(EXIT_FAIL, "answered by %u", a.status);
		for (unsigned k = 0; k < a.pieces; k++)
			w->bytes += a.piece[k].len;
	}
}

static void
get_64(void *arg, unsigned n)
{
	static const char head[] = "GET /64.html HTTP/1.1\r\n" FIELDS "\r\n";

	ask(arg, head, sizeof(head) - 1, n, 200);
}

static void
missing(void *arg, unsigned n)
{
	static const char head[] = "GET /none HTTP/1.1\r\n" FIELDS "\r\n";

	ask(arg, head, sizeof(head) - 1, n, 404);
}

static const struct path_work works[] = {
	{"get_64", get_64, 1},
	{"missing", missing, 1},
	{NULL, NULL, 0},
};

int
main(int argc, char **argv)
{
	static struct web w;
	char document[64];
	int rc;

	memset(document, 'x', sizeof(document));
	kit_begin(&w.kit);
	kit_file(&w.kit, "64.html", document, sizeof(document));
	rc = kit_load(&w.kit);
	kit_remove_folder(&w.kit);
	if (rc)
		die(EXIT_FAIL, "%s", w.kit.report.why);
	rc = path_main(argc, argv, works, &w);
	kit_end(&w.kit);
	return rc;
}
