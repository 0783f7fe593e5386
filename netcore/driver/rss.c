/* rss.c - a key and a table for a device that spreads flows. One that cannot
 * have them spreads by its own, or not at all: mates.h sees to the rest. */
#include "netcore/driver/rss.h"

#include <string.h>

#include "dlibos/base/bits.h"

#define TABLE_MAX 512u /* entries; that of the hash is of 16 bits */
#define GROUPS	  (TABLE_MAX / RTE_ETH_RETA_GROUP_SIZE)

/* Without ports a packet's parts and its whole would be of different cores. */
#define FLOWS                                                          \
	(RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP | \
		RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)

void
rss_ask(struct port *p, const struct rte_eth_dev_info *info,
	const struct steer *s, struct rte_eth_conf *conf)
{
	uint64_t flows = info->flow_type_rss_offloads & FLOWS;
	uint16_t key = steer_rss_key(s), n = info->reta_size;

	if (p->queues < 2 || !flows)
		return;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_hf = flows;
	if (!is_pow2(n) || n < 2 || n > TABLE_MAX || !info->hash_key_size ||
		info->hash_key_size > sizeof(p->rss_key))
		return;
	for (unsigned i = 0; i < info->hash_key_size; i++)
		p->rss_key[i] = (uint8_t)(i % 2 ? key : key >> 8);
	conf->rx_adv_conf.rss_conf.rss_key = p->rss_key;
	conf->rx_adv_conf.rss_conf.rss_key_len = info->hash_key_size;
	p->caps.rss_bits = (uint16_t)log2_of(n);
}

void
rss_table(struct port *p)
{
	struct rte_eth_rss_reta_entry64 t[GROUPS] = {0};
	unsigned n = 1u << p->caps.rss_bits;

	if (!p->caps.rss_bits)
		return;
	for (unsigned i = 0; i < n; i++) {
		unsigned g = i / RTE_ETH_RETA_GROUP_SIZE;
		unsigned at = i % RTE_ETH_RETA_GROUP_SIZE;

		t[g].mask |= 1ull << at;
		t[g].reta[at] = (uint16_t)(i * p->queues >> p->caps.rss_bits);
	}
	if (rte_eth_dev_rss_reta_update(p->id, t, (uint16_t)n))
		p->caps.rss_bits = 0;
}
