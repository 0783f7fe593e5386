/* one_kit.c - begins and ends of tests. */
#include "netcore/stack/engine/test/one_kit.h"

#include "netcore/stack/engine/test/host.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/ip.h"

struct stack_config
one_config6(void)
{
	struct stack_config c = one_config();

	c.ip6 = one_addr6(1);
	c.ip6_bits = 64;
	return c;
}

void
one_know6(void)
{
	uint8_t mac[6], b[32], us[16], peer[16];
	size_t n;

	host_mac(mac, 2);
	ip_addr_put(one_addr6(1), us);
	ip_addr_put(one_addr6(2), peer);
	n = wire_nd_emit_ns(b, sizeof(b), peer, us, us, mac);
	one_ip6(one_addr6(2), one_addr6(1), WIRE_IP_ICMPV6, 255, b,
		(uint32_t)n);
	one_send();
}

int
one_up(void **state)
{
	struct stack_config c = one_config();

	(void)state;
	one_start(&c);
	return 0;
}

int
one_up6(void **state)
{
	struct stack_config c = one_config6();

	(void)state;
	one_start(&c);
	one_know6();
	return 0;
}

int
one_down(void **state)
{
	(void)state;
	assert_null(stack_check(one.s));
	one_stop();
	return 0;
}

void
one_again(const struct stack_config *c)
{
	one_down(NULL);
	one_start(c);
	if (!ip_addr_is_any(c->ip6))
		one_know6();
}
