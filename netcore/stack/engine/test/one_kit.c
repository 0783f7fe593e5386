/* one_kit.c - begins and ends of tests. */
#include "netcore/stack/engine/test/one_kit.h"

#include "netcore/stack/engine/test/host.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/ipv6.h"

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

/* --- what went out, and time -----------------------------------------------*/

uint16_t
one_type(unsigned i)
{
	return be_get16(one.out[i].bytes + 12);
}

uint8_t
one_station(unsigned i)
{
	return one.out[i].bytes[5];
}

stack_conn
one_begin(struct ip_addr ip, uint16_t lport)
{
	stack_conn h;

	assert_int_equal(stack_connect(one.s, ip, 80, lport, 0, &h), 0);
	one_send();
	return h;
}

void
one_pass(uint64_t ns)
{
	one.now += ns;
	stack_timers(one.s, one.now);
}

/* A message of neighbour discovery, which is checked as a receiver does. */
bool
one_is_nd(unsigned i, struct wire_ipv6 *ip, struct wire_icmp6 *m)
{
	struct one_frame *o = &one.out[i];
	struct cursor c = cursor_of(o->bytes + 14, o->len - 14);

	return one_type(i) == 0x86dd && wire_ipv6_parse(&c, ip) == WIRE_OK &&
		ip->hop_limit == 255 &&
		wire_icmp6_parse(&c, ip->src, ip->dst, 255, m) == WIRE_OK &&
		m->is_nd;
}
