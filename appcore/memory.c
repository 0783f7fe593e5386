/* memory.c - dl_alloc(): the core's piece of the App partition. */
#include <errno.h>

#include "appcore/appcore.h"
#include "dlibos/base/log.h"

void *
dl_alloc(struct dl *dl, size_t bytes)
{
	return heap_alloc(&dl->heap, bytes);
}

void
dl_free(struct dl *dl, void *ptr)
{
	int rc;

	if (!ptr)
		return;
	rc = heap_free(&dl->heap, ptr);
	if (rc)
		die(EXIT_FAIL, "dl_free(%p) on core %u: %s", ptr, dl_core(dl),
			rc == -EALREADY ? "it was freed before"
					: "not from dl_alloc() of this core");
}
