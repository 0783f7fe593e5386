/* web_kit.c - each block stands alone, so that a sanitizer sees its ends. */
#include "apps/webserver/test/web_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
must(bool ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

static void *
give(void *arg, size_t bytes)
{
	struct kit *k = arg;

	if (k->given == k->most)
		return NULL;
	must(k->given < KIT_BLOCKS && bytes > 0, "kit block");
	k->block[k->given].len = bytes;
	k->live++;
	return k->block[k->given++].p = malloc(bytes);
}

static void
take_back(void *arg, void *p)
{
	struct kit *k = arg;
	unsigned i = 0;

	while (i < k->given && k->block[i].p != p)
		i++;
	must(i < k->given, "kit block that was never given");
	k->block[i].p = NULL;
	k->live--;
	free(p);
}

void
kit_begin(struct kit *k)
{
	memset(k, 0, sizeof(*k));
	snprintf(k->folder, sizeof(k->folder), "%s/web_kit.XXXXXX",
		access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	must(mkdtemp(k->folder), k->folder);
	k->most = KIT_BLOCKS;
	k->config = (struct site_config){
		.memory = {give, take_back, k},
		.key = {1, 2},
		.now = KIT_NOW,
		.max_files = 100,
		.max_bytes = 1 << 20,
	};
	k->slots = aligned_alloc(HTTP_CLOCK_SLOT, HTTP_CLOCK_BYTES);
	http_clock_begin(&k->clock, k->slots, KIT_NOW);
}

static int
drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
kit_remove_folder(struct kit *k)
{
	nftw(k->folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

void
kit_end(struct kit *k)
{
	site_free(k->site);
	must(k->live == 0, "kit blocks that are not free");
	free(k->slots);
	kit_remove_folder(k);
}

void
kit_full_path(const struct kit *k, const char *path, char to[256])
{
	int n = snprintf(to, 256, "%s/%s", k->folder, path);

	must(n > 0 && n < 256, path);
}

static void
make_folders(const struct kit *k, const char *path)
{
	char full[256];

	for (const char *c = path; (c = strchr(c, '/')); c++) {
		kit_full_path(k, path, full);
		full[strlen(k->folder) + 1 + (size_t)(c - path)] = 0;
		must(mkdir(full, 0755) == 0 || errno == EEXIST, full);
	}
}

void
kit_file(struct kit *k, const char *path, const char *bytes, size_t len)
{
	const struct timespec when[2] = {
		{.tv_sec = KIT_TIME}, {.tv_sec = KIT_TIME}};
	char full[256];
	int fd;

	make_folders(k, path);
	kit_full_path(k, path, full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	must(fd >= 0 && write(fd, bytes, len) == (ssize_t)len, full);
	must(futimens(fd, when) == 0, full);
	close(fd);
}

void
kit_text(struct kit *k, const char *path, const char *text)
{
	kit_file(k, path, text, strlen(text));
}

void
kit_link(struct kit *k, const char *path, const char *target)
{
	char full[256];

	make_folders(k, path);
	kit_full_path(k, path, full);
	must(symlink(target, full) == 0, full);
}

int
kit_load(struct kit *k)
{
	return site_load(&k->site, k->folder, &k->config, &k->report);
}

static bool
inside(const struct http_piece *p, const char *memory, size_t len)
{
	return memory && p->p >= memory && p->p + p->len <= memory + len;
}

bool
kit_owns(const struct kit *k, const struct http_answer *a)
{
	if (a->pieces == 0 || a->pieces > HTTP_PIECES)
		return false;
	for (unsigned i = 0; i < a->pieces; i++) {
		const struct http_piece *p = &a->piece[i];
		bool ok = inside(p, k->slots, HTTP_CLOCK_BYTES) ||
			(a->room_used && inside(p, k->room, HTTP_ROOM));

		for (unsigned b = 0; !ok && b < k->given; b++)
			ok = inside(p, k->block[b].p, k->block[b].len);
		if (!ok || p->len == 0)
			return false;
	}
	return true;
}
