/* layout_fuzz - any bytes as a layout file: an error of one line, or a layout
 * that keeps its promises, can be placed, and can be drawn. */
#include "dlibos/launch/draw.h"
#include "dlibos/launch/grammar.h"
#include "dlibos/launch/place.h"
#include "dlibos/launch/svg.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
use(const struct layout *l)
{
	static struct topology t;
	static FILE *out;
	struct place_options o = {.oversubscribe = true, .nic_node = -1};
	struct placement p;

	if (!out) {
		out = fopen("/dev/null", "w");
		if (!out ||
			topology_load(&t, "numa:2 l3:2 core:4 pu:2", NULL, 0))
			abort();
	}
	if (!layout_used(l) || (!l->rtc && !layout_edges(l)))
		abort();
	if (place(l, &t, &o, &p, NULL, 0))
		abort();
	draw_grid(out, l, &p, 0, true);
	svg_write(out, l, &p, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *in = fmemopen(NULL, size + 1, "w+");
	char err[256] = "";
	struct layout l;

	if (!in)
		return 0;
	fwrite(data, 1, size, in);
	rewind(in);
	if (!grammar_read(in, "f", &l, err, sizeof(err)))
		use(&l);
	else if (!*err || strchr(err, '\n'))
		abort();
	fclose(in);
	return 0;
}
