/* copies.c - which programs behind a network core get copies. */
#include "dlibos/launch/instance.h"

#define PAGE 4096u

unsigned
copies(const struct instance *in, const struct child *net)
{
	unsigned apps = 0;

	for (unsigned i = 0; i < in->children && net->role == ROLE_NET; i++)
		apps += in->child[i].role == ROLE_APP &&
			instance_edges(in, net, &in->child[i]);
	return apps > 1 ? apps : 0;
}

uint64_t
copies_bytes(const struct instance *in, const struct child *net)
{
	unsigned n = copies(in, net);
	uint64_t share = n ? in->opt.rx_bytes / n / PAGE * PAGE : 0;

	if (n && share < LIMIT_COPY_BYTES_MIN)
		share = LIMIT_COPY_BYTES_MIN;
	return share * net->cores;
}
