/* path_kv - what memcached does with a request between receiving and sending,
 * and when the answer is acknowledged. A key of 20 bytes, a value of 64. */
#include <string.h>

#include "apps/memcached/test/proto_kit.h"
#include "bench/path/path.h"
#include "dlibos/base/log.h"

#define KEY   "key:0123456789abcdef"
#define V16   "0123456789abcdef"
#define VALUE V16 V16 V16 V16

static const char store[] = "set " KEY " 0 0 64\r\n" VALUE "\r\n";

static inline void
ask(struct kit *k, const char *p, size_t len, unsigned n)
{
	struct answer *a = &k->conn.out;

	for (unsigned i = 0; i < n; i++) {
		if (proto_read(&k->conn, p, len) != len || !answer_unsent(a))
			die(EXIT_FAIL, "no answer to: %s", p);
		answer_sent(a, answer_unsent(a));
		answer_acked(a, a->bytes);
	}
}

static void
get(void *arg, unsigned n)
{
	static const char p[] = "get " KEY "\r\n";

	ask(arg, p, sizeof(p) - 1, n);
}

static void
set(void *arg, unsigned n)
{
	ask(arg, store, sizeof(store) - 1, n);
}

static void
meta_get(void *arg, unsigned n)
{
	static const char p[] = "mg " KEY " v\r\n";

	ask(arg, p, sizeof(p) - 1, n);
}

static const struct path_work works[] = {
	{"get", get, 1},
	{"set", set, 1},
	{"meta_get", meta_get, 1},
	{NULL, NULL, 0},
};

int
main(int argc, char **argv)
{
	static struct kit kit;
	int rc;

	kit_begin(&kit);
	if (strcmp(kit_ask(&kit, store), "STORED\r\n") != 0)
		die(EXIT_FAIL, "nothing is stored");
	rc = path_main(argc, argv, works, &kit);
	kit_end(&kit);
	return rc;
}
