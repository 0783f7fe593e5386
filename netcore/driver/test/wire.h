/* wire.h - what the tests put at a driver's other end, in a network namespace
 * of their own.
 */
#ifndef NETCORE_DRIVER_TEST_WIRE_H
#define NETCORE_DRIVER_TEST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_TYPE 0x88b5 /* an EtherType for experiments */
#define WIRE_MAX  9100	 /* bytes of a frame */
#define WIRE_MS	  10000	 /* until a test that awaits something has failed */

/* Enters a new namespace without IPv6, or says why it cannot, and returns
 * false. */
bool wire_enter(void);

/* Runs `ip` with these words, split at spaces; dies if that fails. */
void wire_ip(const char *words);

/* Switches off what a kernel's interface leaves for a device to complete. */
void wire_no_offloads(const char *interface);

/* A pair of interfaces, both up, without offloads at either end. */
void wire_pair(const char *a, const char *b, unsigned mtu, unsigned queues);

/* A packet socket on the interface, that sees all but its own frames. */
int wire_socket(const char *interface);

/* A frame of len bytes: addresses, type, a number, then bytes that follow from
 * the number. */
void wire_fill(uint8_t *frame, size_t len, uint32_t number);
bool wire_is(const uint8_t *frame, size_t len, uint32_t number);

void wire_send(int fd, const uint8_t *frame, size_t len);

/* The next frame of our type; dies if none comes. */
size_t wire_receive(int fd, uint8_t *frame, size_t max);

uint64_t wire_now_ms(void);

/* A line, and the end. */
_Noreturn void wire_fail(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

#endif
