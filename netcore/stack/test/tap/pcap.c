/* pcap.c - frames into a file. */
#include "netcore/stack/test/tap/pcap.h"

#include <time.h>

#define MAGIC_NS 0xa1b23c4du /* times in ns */
#define ETHERNET 1

FILE *
pcap_open(const char *path)
{
	const uint32_t head[6] = {MAGIC_NS, 4 << 16 | 2, 0, 0, 65535, ETHERNET};
	FILE *f = fopen(path, "wb");

	if (f)
		fwrite(head, sizeof(head), 1, f);
	return f;
}

void
pcap_frame(FILE *f, const struct iovec *v, int n)
{
	struct timespec t;
	uint32_t head[4] = {0};

	clock_gettime(CLOCK_REALTIME, &t);
	for (int i = 0; i < n; i++)
		head[2] += (uint32_t)v[i].iov_len;
	head[0] = (uint32_t)t.tv_sec;
	head[1] = (uint32_t)t.tv_nsec;
	head[3] = head[2];
	fwrite(head, sizeof(head), 1, f);
	for (int i = 0; i < n; i++)
		fwrite(v[i].iov_base, 1, v[i].iov_len, f);
}
