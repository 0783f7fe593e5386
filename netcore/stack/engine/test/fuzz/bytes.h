/* bytes.h - the input of a fuzzer, taken from its front. Past its end there are
 * zeros, and those mean what a peer in good health would do. */
#ifndef NETCORE_STACK_ENGINE_TEST_FUZZ_BYTES_H
#define NETCORE_STACK_ENGINE_TEST_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MUST(what)                                                         \
	do {                                                               \
		if (!(what)) {                                             \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#what);                                    \
			abort();                                           \
		}                                                          \
	} while (0)

struct bytes {
	const uint8_t *p;
	size_t left;
};

static inline uint8_t
take8(struct bytes *b)
{
	if (!b->left)
		return 0;
	b->left--;
	return *b->p++;
}

static inline uint16_t
take16(struct bytes *b)
{
	uint16_t v = take8(b);

	return (uint16_t)(v << 8 | take8(b));
}

static inline uint32_t
take32(struct bytes *b)
{
	uint32_t v = take16(b);

	return v << 16 | take16(b);
}

/* What is sent at n, by an offset or by a sequence number. */
static inline uint8_t
byte_at(uint32_t n)
{
	return (uint8_t)(n * 2654435761u >> 13);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
