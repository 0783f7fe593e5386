/* memcached_fuzz - any bytes as a connection's stream, whole and cut at places
 * that the bytes themselves choose: the same answers come out, and nothing is
 * held when the connection is over. */
#include <stdlib.h>
#include <string.h>

#include "apps/memcached/test/proto_kit.h"

#define MOST (1u << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kit whole, cut;
	uint64_t lots = size;

	if (size > MOST)
		return 0;
	/* Statistics tell the time that was used. */
	if (memmem(data, size, "stats", 5) ||
		(size && data[0] == 0x80 && memchr(data, 0x10, size)))
		return 0;
	for (size_t i = 0; i < size; i++)
		lots = (lots ^ data[i]) * 0x9e3779b97f4a7c15;
	kit_begin(&whole);
	kit_begin(&cut);
	whole.set.shutdown = cut.set.shutdown = true;
	kit_feed(&whole, data, size, SIZE_MAX);
	for (size_t at = 0, n; at < size; at += n) {
		lots = lots * 6364136223846793005u + 1442695040888963407u;
		n = 1 + (lots >> 33) % (lots >> 60 ? 16 : 4096);
		n = n < size - at ? n : size - at;
		kit_feed(&cut, data + at, n, SIZE_MAX);
	}
	must(whole.conn.closing == cut.conn.closing);
	must(whole.out_len == cut.out_len);
	/* A list has the order of memory, which may be given back later where
	 * more is answered at once. */
	must(!whole.out_len || memmem(data, size, "metadump", 8) ||
		!memcmp(whole.out, cut.out, whole.out_len));
	kit_end(&whole);
	kit_end(&cut);
	return 0;
}
