/* options.h - what the web server is told. */
#ifndef APPS_WEBSERVER_OPTIONS_H
#define APPS_WEBSERVER_OPTIONS_H

#include <stdint.h>

struct options {
	const char *folder;
	uint16_t port;
	uint32_t timeout_ms; /* of a silent client */
	uint32_t log_each;   /* one request in so many; 0: none */
	uint32_t max_files;
	uint64_t max_bytes;
};

/* 0; or -1, and a line went to stderr that says what is wrong. */
int options_parse(struct options *o, int argc, char **argv);

#endif
