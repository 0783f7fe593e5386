/* site_load.c - a walk through a folder. The kernel itself keeps links below
 * the root (openat2(2), RESOLVE_BENEATH); where it cannot, no link is followed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apps/webserver/mime.h"
#include "apps/webserver/site_head.h"
#include "apps/webserver/site_index.h"

/* Of entity tags: the same in every process, so that a visitor's stay good. */
static const struct hash_key tag_key = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b};

struct walk {
	struct site *site;
	const struct site_config *config;
	struct site_report *report;
	int root;
	char path[SITE_PATH_MAX]; /* "/a/b"; "" is the root */
	size_t len;
	unsigned depth;
	struct {
		dev_t dev;
		ino_t ino;
	} above[SITE_DEPTH]; /* the folders that we are in */
};

__attribute__((format(printf, 3, 4))) static int
fail(struct site_report *report, int rc, const char *form, ...)
{
	va_list args;

	va_start(args, form);
	vsnprintf(report->why, sizeof(report->why), form, args);
	va_end(args);
	return rc;
}

static int
no_memory(struct walk *w)
{
	return fail(w->report, -ENOMEM, "no memory for %s", w->path);
}

static void
leave_out(struct walk *w, uint32_t *reason)
{
	char *first = w->report->first;

	++*reason;
	if (first[0])
		return;
	memcpy(first, w->path, w->len + 1);
	for (; *first; first++)
		if ((uint8_t)*first < ' ' || *first == 0x7f)
			*first = '?';
}

/* Opens w->path, which is `name` in the folder `in`. */
static int
open_beneath(const struct walk *w, int in, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, w->root, w->path + 1, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return openat(in, name, (int)how.flags | O_NOFOLLOW);
	return (int)fd;
}

/* All of a file, which must have the size that it says it has. */
static int
read_all(struct walk *w, int fd, char *to, size_t size)
{
	size_t have = 0;
	ssize_t n;
	char more;

	while (have < size && (n = read(fd, to + have, size - have)) > 0)
		have += (size_t)n;
	if (have < size || read(fd, &more, 1) != 0)
		return fail(w->report, -EAGAIN, "%s changed while it was read",
			w->path);
	return 0;
}

/* "/a/index.html" is "/a/" as well, and "/a" leads there. */
static int
add_index(struct walk *w, const struct site_doc *file)
{
	static const char index[] = "/index.html";
	struct site_doc d = *file;
	int rc;

	if (w->len < sizeof(index) - 1 ||
		memcmp(w->path + w->len - sizeof(index) + 1, index,
			sizeof(index) - 1))
		return 0;
	d.path_len -= (uint32_t)sizeof(index) - 2;
	rc = site_add(w->site, &d);
	if (rc || --d.path_len == 0)
		return rc;
	rc = site_head_redirect(w->site, &d);
	return rc ? rc : site_add(w->site, &d);
}

static int
add_file(struct walk *w, int fd, const struct stat *st)
{
	const struct site_config *c = w->config;
	struct site_doc d = {.path = w->path,
		.path_len = (uint32_t)w->len,
		.status = 200,
		.modified = st->st_mtime < c->now ? st->st_mtime : c->now};
	size_t size = (size_t)st->st_size;
	char *body = NULL;
	int rc;

	if (w->report->files == c->max_files)
		return fail(
			w->report, -E2BIG, "more than %u files", c->max_files);
	if (size > c->max_bytes - w->report->bytes)
		return fail(w->report, -E2BIG,
			"more than %llu bytes of documents, at %s",
			(unsigned long long)c->max_bytes, w->path);
	if (size && !(body = site_alloc(w->site, size)))
		return no_memory(w);
	rc = read_all(w, fd, body, size);
	if (rc)
		return rc;
	d.body.p = body;
	d.body.len = size;
	d.tag_len = (uint8_t)snprintf(d.tag, sizeof(d.tag), "\"%016llx-%zx\"",
		(unsigned long long)hash_bytes(&tag_key, body, size), size);
	w->report->files++;
	w->report->bytes += size;
	if (site_head_doc(w->site, &d, mime_type(w->path, w->len)) ||
		site_add(w->site, &d) || add_index(w, &d))
		return no_memory(w);
	return 0;
}

static int add_folder(struct walk *w, int fd, const struct stat *st);

/* A name whose path is in w->path. Takes the descriptor. */
static int
add_opened(struct walk *w, int fd)
{
	struct stat st = {0};
	int rc = 0;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return add_folder(w, fd, &st);
	if (S_ISREG(st.st_mode))
		rc = add_file(w, fd, &st);
	else
		leave_out(w, &w->report->special);
	close(fd);
	return rc;
}

static int
add_name(struct walk *w, int in, const char *name)
{
	struct stat st;
	int fd;

	for (const char *c = name; *c; c++)
		if ((uint8_t)*c < ' ' || *c == 0x7f) {
			leave_out(w, &w->report->names);
			return 0;
		}
	if (name[0] == '.' && strcmp(name, ".well-known")) {
		leave_out(w, &w->report->hidden);
		return 0;
	}
	/* A device is not even opened. */
	if (fstatat(in, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) &&
		!S_ISLNK(st.st_mode)) {
		leave_out(w, &w->report->special);
		return 0;
	}
	fd = open_beneath(w, in, name);
	if (fd >= 0)
		return add_opened(w, fd);
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		return fail(
			w->report, -errno, "%s: %s", w->path, strerror(errno));
	leave_out(w,
		errno == EXDEV || errno == ELOOP ? &w->report->links
						 : &w->report->unreadable);
	return 0;
}

/* Each name of an open folder, with its path behind the folder's. */
static int
add_names(struct walk *w, DIR *dir)
{
	size_t len = w->len;
	struct dirent *e;
	int rc = 0;

	while (!rc && (errno = 0, e = readdir(dir))) {
		size_t n = strlen(e->d_name);

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (len + 1 + n >= SITE_PATH_MAX)
			return fail(w->report, -ENAMETOOLONG,
				"a path of more than %d bytes in %s",
				SITE_PATH_MAX - 1, w->path);
		w->path[len] = '/';
		memcpy(w->path + len + 1, e->d_name, n + 1);
		w->len = len + 1 + n;
		rc = add_name(w, dirfd(dir), e->d_name);
		w->len = len;
		w->path[len] = 0;
	}
	if (!rc && !e && errno)
		rc = fail(
			w->report, -errno, "%s: %s", w->path, strerror(errno));
	return rc;
}

/* Takes the descriptor. */
static int
add_folder(struct walk *w, int fd, const struct stat *st)
{
	DIR *dir;
	int rc;

	for (unsigned i = 0; i < w->depth; i++)
		if (w->above[i].dev == st->st_dev &&
			w->above[i].ino == st->st_ino) {
			leave_out(w, &w->report->links);
			close(fd);
			return 0;
		}
	if (w->depth == SITE_DEPTH) {
		close(fd);
		return fail(w->report, -E2BIG, "more than %d folders deep: %s",
			SITE_DEPTH, w->path);
	}
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return fail(
			w->report, -ENOMEM, "%s: %s", w->path, strerror(errno));
	}
	w->above[w->depth].dev = st->st_dev;
	w->above[w->depth++].ino = st->st_ino;
	w->report->folders++;
	rc = add_names(w, dir);
	w->depth--;
	closedir(dir);
	return rc;
}

static int
load(struct walk *w, const char *folder)
{
	struct stat st;
	int rc, fd;

	w->site = site_new(&w->config->memory, w->config->key);
	if (!w->site || site_head_pages(w->site))
		return no_memory(w);
	fd = fcntl(w->root, F_DUPFD_CLOEXEC, 0);
	if (fd < 0 || fstat(fd, &st) != 0) {
		rc = fail(w->report, -errno, "%s: %s", folder, strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	rc = add_folder(w, fd, &st);
	if (!rc && site_index(w->site))
		rc = no_memory(w);
	return rc;
}

int
site_load(struct site **out, const char *folder,
	const struct site_config *config, struct site_report *report)
{
	struct walk *w = calloc(1, sizeof(*w));
	int rc;

	memset(report, 0, sizeof(*report));
	if (!w)
		return fail(report, -ENOMEM, "no memory");
	w->config = config;
	w->report = report;
	w->root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->root < 0) {
		rc = fail(report, -errno, "%s: %s", folder, strerror(errno));
	} else {
		rc = load(w, folder);
		close(w->root);
	}
	if (rc)
		site_free(w->site);
	else
		*out = w->site;
	free(w);
	return rc;
}
