/* msg_fuzz - any bytes are checked without a crash, and what msg_check()
 * accepts keeps the promises that its users rely on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "noc/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
check_data(const struct msg *m, int run, uint64_t bytes)
{
	for (int i = 0; i < run; i++) {
		must(m[i].type == m->type && m[i].conn == m->conn);
		must(msg_len(&m[i]) > 0);
		must(msg_offset(&m[i]) + msg_len(&m[i]) <= bytes);
	}
}

static void
check_pieces(const struct msg *m, int run, uint64_t bytes)
{
	for (int i = (int)msg_pieces_at(m); i < run; i++) {
		must(m[i].type == MSG_PIECE && msg_len(&m[i]) > 0);
		must(msg_offset(&m[i]) + msg_len(&m[i]) <= bytes);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msg *m;
	unsigned n = (unsigned)(size / sizeof(*m)), i = 0;
	uint64_t bytes = size % sizeof(*m) ? 1ull << (data[size - 1] % 41) : 0;
	enum msg_way way = size & 1 ? MSG_EVENT : MSG_COMMAND;
	uint8_t addr[16];

	if (!n)
		return 0;
	/* Exactly as long as it says, so that a read too far is seen. */
	m = aligned_alloc(sizeof(*m), n * sizeof(*m));
	must(m != NULL);
	memcpy(m, data, n * sizeof(*m));
	while (i < n) {
		int run = msg_check(&m[i], n - i, way, bytes);

		if (run < 0) {
			must(-run < MSG_BADS);
			i++;
			continue;
		}
		must(run >= 1 && run <= LIMIT_RUN && (unsigned)run <= n - i);
		must(msg_run(&m[i]) == (unsigned)run);
		if (m[i].type == MSG_SEND || m[i].type == MSG_NEW_DATA)
			check_data(&m[i], run, bytes);
		if (m[i].type == MSG_UDP_SEND || m[i].type == MSG_UDP_DATA)
			check_pieces(&m[i], run, bytes);
		if (m[i].flags & MSGF_V6)
			msg_get_addr6(&m[i + 1], addr);
		i += (unsigned)run;
	}
	free(m);
	return 0;
}
