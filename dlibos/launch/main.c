/* main.c - dlibos COMMAND ... */
#include <stdio.h>
#include <string.h>

#include "dlibos/base/log.h"
#include "dlibos/launch/attach.h"
#include "dlibos/launch/conns.h"
#include "dlibos/launch/instance.h"
#include "dlibos/launch/show.h"
#include "dlibos/launch/stat.h"

#ifndef DL_VERSION
#define DL_VERSION "?"
#endif

static int
version_cmd(int argc, char **argv)
{
	(void)argc, (void)argv;
	puts("dlibos " DL_VERSION);
	return EXIT_OK;
}

static int help_cmd(int argc, char **argv);

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{"run", run_cmd,
		"[OPTION]... -- PROGRAM [ARGUMENT]...   start an "
		"instance around a program"},
	{"attach", attach_cmd,
		"[OPTION]... -- PROGRAM [ARGUMENT]...   run one more program "
		"in an instance"},
	{"layout", layout_cmd, "show FILE|RATIO | list   look at layouts"},
	{"list", ctl_cmd, "  the running instances"},
	{"status", ctl_cmd, "[INSTANCE]   its domains, cores and edges"},
	{"stat", stat_cmd, "[INSTANCE] [--json]   all its counters"},
	{"conns", conns_cmd, "[INSTANCE] [--json]   its TCP connections"},
	{"top", top_cmd, "[INSTANCE] [--once]   what its cores do"},
	{"restart", ctl_cmd,
		"[INSTANCE] DOMAIN   end a domain and start it "
		"again"},
	{"stop", ctl_cmd, "[INSTANCE]   end an instance"},
	{"version", version_cmd, ""},
	{"help", help_cmd, ""},
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static int
help_cmd(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (size_t i = 0; i < COMMANDS; i++)
		printf("dlibos %s %s\n", commands[i].name, commands[i].what);
	puts("More in dlibos(1).");
	return EXIT_OK;
}

int
main(int argc, char **argv)
{
	log_name("dlibos");
	for (size_t i = 0; argc > 1 && i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	if (argc < 2)
		die(EXIT_USAGE, "which command? `dlibos help` lists them");
	die(EXIT_USAGE, "%s: no such command; `dlibos help` lists them",
		argv[1]);
}
