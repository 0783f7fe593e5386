/* wire_dlibos.h - connections of a DLibOS instance, of one of its application
 * cores. With `--mode rtc` the stack is in the same thread. */
#ifndef BENCH_LOAD_WIRE_DLIBOS_H
#define BENCH_LOAD_WIRE_DLIBOS_H

#include "bench/load/load.h"
#include "dlibos/dlibos.h"

struct dlibos_conn {
	struct dlibos *w;
	struct dl_conn *c; /* NULL: there is none yet */
	bool closing;
};

struct dlibos {
	struct dl *dl;
	struct load *load;
	struct dl_addr to;
	uint16_t port;
	struct dlibos_conn *conn;
	struct dl_timer timer;
	uint64_t armed;			/* when it goes off */
	void (*over)(struct dlibos *w); /* the engine is at its end */
	void *arg;
	bool told;
};

extern const struct wire dlibos_wire;

/* 0; -ENOMEM; -EINVAL: no address. */
int dlibos_init(struct dlibos *w, struct load *l, struct dl *dl, unsigned conns,
	const char *to, uint16_t port);
void dlibos_fini(struct dlibos *w);

/* Begins with l, which was made with this wire. */
void dlibos_start(struct dlibos *w);

/* At the end of each turn of the core's loop: asks what is due. */
void dlibos_turn(struct dlibos *w);

#endif
