/* one_kit.h - what tests around one engine begin and end with: set-up and
 * take-down functions of cmocka, which leave state alone. */
#ifndef NETCORE_STACK_ENGINE_TEST_ONE_KIT_H
#define NETCORE_STACK_ENGINE_TEST_ONE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "netcore/stack/engine/test/one.h"

/* one_config() with fd00::1 besides. */
struct stack_config one_config6(void);
/* fd00::2 asks for us, and is a neighbour then. */
void one_know6(void);

int one_up(void **state);   /* one_config() */
int one_up6(void **state);  /* one_config6(); the peer is known in both */
int one_down(void **state); /* fails if an invariant does not hold */

/* So that a test can do both in the middle. */
void one_again(const struct stack_config *c);

/* Of frame i that went out. */
uint16_t one_type(unsigned i);
uint8_t one_station(unsigned i); /* to whom: the last byte of its address */
/* A message of neighbour discovery, which is checked as a receiver does. */
struct wire_ipv6;
struct wire_icmp6;
bool one_is_nd(unsigned i, struct wire_ipv6 *ip, struct wire_icmp6 *m);

/* Connects to port 80, and sends what comes of it. */
stack_conn one_begin(struct ip_addr ip, uint16_t lport);
void one_pass(uint64_t ns);

#endif
