/* stat.h - all counters of an instance, as lines "domain.core3.group.name
 * value": the launcher writes them, `dlibos stat` and `dlibos top` read them.
 *
 * They come in pieces of STAT_PIECE bytes at most. The last line of a piece is
 * "end", or "more D R": the order "stat D R" gets what follows. The launcher
 * remembers nothing of it, and does no more than a piece at a time.
 */
#ifndef DLIBOS_LAUNCH_STAT_H
#define DLIBOS_LAUNCH_STAT_H

#include <stddef.h>
#include <stdint.h>

#include "dlibos/domain/stat.h"

#define STAT_PIECE 65536

struct instance;

/* The launcher: the piece that begins with that domain's part number `record`,
 * as a string of less than len bytes; len is STAT_PIECE or more. */
void stat_piece(const struct instance *in, unsigned domain, unsigned record,
	char *buf, size_t len);

/* The client: all of it, as a string to be freed. Dies with one line if the
 * instance does not answer. */
char *stat_fetch(const char *instance);

/* The same for another order that is answered in pieces: "VERB", "VERB D R". */
char *stat_pieces(const char *instance, const char *verb);

/* One line of such a text, cut in two at its space; returns what follows it,
 * NULL at the end. */
char *stat_line(char *text, char **key, char **value);

/* `dlibos stat`, `dlibos top`. */
int stat_cmd(int argc, char **argv);
int top_cmd(int argc, char **argv);

/* --- what `dlibos top` makes of it ---------------------------------------*/

#define TOP_DROPS 48 /* reasons of a core */

struct top_core {
	char domain[LIMIT_NAME], role[8];
	unsigned core; /* its number in the layout */
	int cpu;
	uint64_t clock_hz, busy_cycles, asleep_ns;
	uint64_t frames, messages, conns;
	unsigned drops;
	struct top_drop {
		char name[DOMAIN_COUNTER];
		uint64_t value;
	} drop[TOP_DROPS];
};

struct top_sample {
	uint64_t at; /* clock_ns() */
	unsigned cores;
	struct top_core core[LIMIT_CORES];
};

/* Reads a text of stat_fetch(), which it cuts up. */
void top_read(struct top_sample *s, char *text);

/* Parts of a second that it worked, spun and slept between two samples. */
struct top_share {
	double busy, idle, asleep;
};
struct top_share top_share(
	const struct top_core *was, const struct top_core *is, uint64_t ns);

/* The lines of a screen; as a string to be freed. NULL: out of memory. */
char *top_screen(const char *instance, const struct top_sample *was,
	const struct top_sample *is);

#endif
