/* host.h - what every test puts around an engine: memory, addresses, upcalls
 * that it does not care for, frames in one piece. Not thread-safe, no state. */
#ifndef NETCORE_STACK_ENGINE_TEST_HOST_H
#define NETCORE_STACK_ENGINE_TEST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netcore/stack/stack.h"

/* Host n: 10.0.0.n, fd00::n, and a MAC that ends in n. */
struct ip_addr host_ip4(uint32_t n);
struct ip_addr host_ip6(uint32_t n);
void host_mac(uint8_t mac[6], uint8_t n);

/* The same upcalls, and for those that are NULL one that does nothing: data and
 * datagrams of which keep their buffers. */
struct stack_ops host_ops(struct stack_ops ops);

/* ops and all that it refers to lives as long as the stack. */
struct stack *host_new(const struct stack_config *c,
	const struct stack_ops *ops, void *arg, uint64_t now);
void host_free(struct stack *s);

/* Headers and pieces, one behind the other: how many bytes. Aborts if they are
 * more than `size`. `to` may be where the headers are. */
uint32_t host_frame(const struct stack_tx_frame *f, uint8_t *to, size_t size);

/* The engine gets a copy of the frame that malloc() made. True: it has it
 * still, or has handed it on. */
bool host_rx(struct stack *s, const uint8_t *frame, uint32_t len, uint64_t now);

#endif
