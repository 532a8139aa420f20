/* SPDX-License-Identifier: Apache-2.0 */
/* takt-rt: runs one graph. `takt run` starts it; a service's unit starts it directly. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <takt/log.h>

#include "rt/base/file.h"
#include "rt/base/quantity.h"
#include "rt/base/version.h"
#include "rt/config/keys.h"
#include "rt/engine/engine.h"
#include "rt/graph/plan.h"
#include "rt/graph/plugin_print.h"
#include "rt/graph/print.h"
#include "rt/main/replay_log.h"
#include "rt/os/cpus.h"
#include "rt/os/limits.h"
#include "rt/os/memory.h"
#include "rt/shm/region.h"

static const char help[] =
	"usage: takt-rt [OPTION]... GRAPH.yaml\n"
	"Run a task graph. `takt run` does this and shows what it says.\n"
	"\n"
	"  --for TIME         end after TIME, like 10s\n"
	"  --cycles N         end after N cycles\n"
	"  --seed N           where the tasks' random numbers begin (default: another one each time;\n"
	"                     `takt log info` shows it)\n"
	"  --virtual          in virtual time: cycle after cycle, as fast as they go; the same graph\n"
	"                     and seed make the same recording\n"
	"  --source-from LOG  sources do not run: what LOG holds of them is put in instead, cycle by\n"
	"                     cycle; with --virtual with its cycles and times. The seed is LOG's\n"
	"                     unless --seed gives another\n"
	"  --level LEVEL      record texts of debug, info, warning, error, critical and above\n"
	"  --log-dir DIR      where taktd writes the recording\n"
	"  --run-dir DIR      where the shared memory is (default: /dev/shm/takt-UID)\n"
	"  --dev              no real-time priority, no locked memory, no deadline: fit for a debugger\n"
	"  --check            load and plan only; print the plan\n"
	"  --plugin           print the tasks of a plug-in, which stands instead of the graph\n"
	"  --json             with --check and --plugin: as JSON\n"
	"  --keys             print every key of a graph file with unit, default and range\n"
	"  --ready-fd N       write 'RUN-ID REGION' to descriptor N once the run is there\n"
	"  --as COMMAND       be a part of COMMAND: speak under its name, end with the process that\n"
	"                     started us; before other options\n"
	"  --help, --version\n"
	"\n"
	"Exit codes: 0 ended as asked, 1 could not start, 2 usage, 70 ended by an error,\n"
	"71 a task was stuck, 72 a task crashed.\n";

struct command {
	const char *name;		/* what the user typed: "takt-rt", "takt run" */
	const char *graph;
	const char *log_dir;
	const char *source_from;	/* a log, or NULL */
	char run_dir[PATH_MAX];
	struct takt_engine_options engine;
	int ready_fd;
	bool check;
	bool plugin;
	bool json;
};

/* "takt-rt: ", or "takt: " for any of its commands. */
__attribute__((format(printf, 2, 3)))
static void say(const struct command *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%.*s: ", (int)strcspn(command->name, " "), command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void print_error(const struct command *command, const struct takt_err *err)
{
	char text[sizeof(err->file) + sizeof(err->text) + 32];

	say(command, "%s", takt_err_format(err, text, sizeof(text)));
}

static void on_degraded(const char *text, void *user)
{
	say(user, "note: %s", text);
}

static void on_published(const char *region_path, uint64_t run, void *user)
{
	const struct command *command = user;

	if (command->ready_fd >= 0) {
		dprintf(command->ready_fd, "%016" PRIx64 " %s\n", run, region_path);
		close(command->ready_fd);
	}
}

static int usage(const struct command *command, const char *what, const char *value)
{
	say(command, "%s%s%s; see %s --help", what, value ? ": " : "", value ? value : "",
	    command->name);
	return 2;
}

static int parse_number(const char *text, uint64_t most, uint64_t *ret_value)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end || text[0] == '-' || value > most) {
		return -EINVAL;
	}
	*ret_value = value;
	return 0;
}

enum option_id {
	OPT_FOR = 256, OPT_CYCLES, OPT_SEED, OPT_VIRTUAL, OPT_SOURCE_FROM, OPT_LEVEL, OPT_LOG_DIR, OPT_RUN_DIR, OPT_DEV,
	OPT_CHECK, OPT_PLUGIN, OPT_JSON,
	OPT_KEYS, OPT_READY_FD, OPT_AS, OPT_HELP, OPT_VERSION
};

static const struct option options[] = {
	{ "for", required_argument, NULL, OPT_FOR },
	{ "cycles", required_argument, NULL, OPT_CYCLES },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "virtual", no_argument, NULL, OPT_VIRTUAL },
	{ "source-from", required_argument, NULL, OPT_SOURCE_FROM },
	{ "level", required_argument, NULL, OPT_LEVEL },
	{ "log-dir", required_argument, NULL, OPT_LOG_DIR },
	{ "run-dir", required_argument, NULL, OPT_RUN_DIR },
	{ "dev", no_argument, NULL, OPT_DEV },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "plugin", no_argument, NULL, OPT_PLUGIN },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "keys", no_argument, NULL, OPT_KEYS },
	{ "ready-fd", required_argument, NULL, OPT_READY_FD },
	{ "as", required_argument, NULL, OPT_AS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static void print_key(const struct takt_key *key)
{
	printf("  %-13s", key->key);
	if (key->kind == TAKT_KEY_REFUSED) {
		printf("not built yet: %s\n", key->doc);
		return;
	}
	printf("%s", key->doc);
	if (key->kind == TAKT_KEY_CHOICE || key->kind == TAKT_KEY_OVERRUN) {
		printf(": %s", key->more);
	}
	if (key->need == TAKT_KEY_REQUIRED) {
		printf(" (required, like %s", key->default_text);
	} else if (key->default_text[0]) {
		printf(" (default %s", key->default_text);
	} else {
		printf("\n");
		return;
	}
	if (key->min_text[0] || key->max_text[0]) {
		printf(", %s to %s", key->min_text, key->max_text[0] ? key->max_text : "any");
	}
	printf(")\n");
}

static void print_keys(void)
{
	uint32_t count;
	const struct takt_key *keys = takt_keys(&count);
	const char *place = "";

	for (uint32_t i = 0; i < count; i++) {
		const char *name = takt_key_place_name(keys[i].place);

		if (i == 0 || strcmp(name, place) != 0) {
			printf("%s\n", name[0] ? name : "at the top");
			place = name;
		}
		print_key(&keys[i]);
	}
}

/* Returns -1 to go on, else the exit code. */
static int take_option(struct command *command, int option, const char *value)
{
	struct takt_err err = { 0 };
	uint64_t number = 0;

	switch (option) {
	case OPT_FOR:
		if (takt_quantity_parse_ns(value, &command->engine.duration_ns, &err) < 0 ||
		    command->engine.duration_ns == 0) {
			return usage(command, err.code ? err.text : "--for needs a time above 0", NULL);
		}
		return -1;
	case OPT_CYCLES:
		if (parse_number(value, UINT64_MAX - 1, &command->engine.cycles_max) < 0 ||
		    command->engine.cycles_max == 0) {
			return usage(command, "--cycles needs a number above 0", value);
		}
		return -1;
	case OPT_SEED:
		if (parse_number(value, UINT64_MAX, &command->engine.seed) < 0) {
			return usage(command, "--seed needs a number from 0 to 2^64 - 1", value);
		}
		command->engine.has_seed = true;
		return -1;
	case OPT_VIRTUAL:
		command->engine.virtual_time = true;
		return -1;
	case OPT_SOURCE_FROM:
		command->source_from = value;
		return -1;
	case OPT_LEVEL:
		command->engine.text_level = takt_log_level_parse(value);
		return command->engine.text_level < 0
			       ? usage(command, "--level is one of debug, info, warning, error, critical", value)
			       : -1;
	case OPT_LOG_DIR:
		command->log_dir = value;
		return -1;
	case OPT_RUN_DIR:
		if ((size_t)snprintf(command->run_dir, sizeof(command->run_dir), "%s", value) >=
		    sizeof(command->run_dir)) {
			return usage(command, "--run-dir is too long", NULL);
		}
		return -1;
	case OPT_DEV:
		command->engine.dev = true;
		return -1;
	case OPT_CHECK:
		command->check = true;
		return -1;
	case OPT_PLUGIN:
		command->plugin = true;
		return -1;
	case OPT_JSON:
		command->json = true;
		return -1;
	case OPT_KEYS:
		print_keys();
		return 0;
	case OPT_READY_FD:
		if (parse_number(value, 1023, &number) < 0) {
			return usage(command, "--ready-fd needs a descriptor", value);
		}
		command->ready_fd = (int)number;
		return -1;
	case OPT_AS:
		command->name = value;
		return -1;
	case OPT_HELP:
		fputs(help, stdout);
		return 0;
	case OPT_VERSION:
		printf("takt-rt %s\n", takt_version());
		return 0;
	default:
		return usage(command, "unknown option or missing value", NULL);
	}
}

static int parse_command(struct command *command, int argc, char **argv)
{
	int option, code;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		code = option == '?' ? usage(command, "unknown option or missing value", argv[optind - 1])
				     : take_option(command, option, optarg);
		if (code >= 0) {
			return code;
		}
	}
	if (argc - optind != 1) {
		return usage(command, command->plugin ? "give one plug-in, like serial.so" :
			     argc == optind ? "a graph file is missing" : "more than one graph file",
			     NULL);
	}
	command->graph = argv[optind];
	return -1;
}

/* Frees @text. */
static int show(char *text)
{
	fputs(text, stdout);
	free(text);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* Whether the CPUs that the graph names are there. */
static int cpus_check(const struct takt_plan *plan, struct takt_err *err)
{
	struct takt_err why = { 0 };

	if (plan->cpu >= 0 && takt_cpu_check(plan->cpu, &why) < 0) {
		return takt_err_at(err, why.code, plan->path, plan->cpu_line, plan->cpu_column,
				   "runtime: cpus: %s", why.text);
	}
	for (uint32_t i = 0; i < plan->task_count; i++) {
		const struct takt_plan_task *task = &plan->tasks[i];

		if (task->cpu >= 0 && takt_cpu_check(task->cpu, &why) < 0) {
			return takt_err_at(err, why.code, plan->path, task->cpu_line, task->cpu_column,
					   "task `%s`: cpu: %s", task->id, why.text);
		}
	}
	return 0;
}

static int check(const struct command *command, const struct takt_plan *plan)
{
	struct takt_err err = { 0 };
	char *text = NULL;

	if (cpus_check(plan, &err) < 0) {
		print_error(command, &err);
		return 1;
	}
	for (uint32_t i = 0; i < plan->note_count; i++) {
		say(command, "warning: %s", plan->notes[i]);
	}
	if (takt_plan_print(plan, command->json, &text) < 0) {
		say(command, "out of memory");
		return 1;
	}
	return show(text);
}

/* An absolute path that taktd, in another directory, understands. */
static int find_log_dir(const struct command *command, const struct takt_plan *plan, char *out)
{
	const char *wanted = command->log_dir ? command->log_dir : plan->log_dir;
	char cwd[PATH_MAX];
	int n;

	if (!wanted) {
		return takt_log_default_dir(out, PATH_MAX);
	}
	if (wanted[0] == '/') {
		n = snprintf(out, PATH_MAX, "%s", wanted);
	} else if (getcwd(cwd, sizeof(cwd))) {
		n = snprintf(out, PATH_MAX, "%s/%s", cwd, wanted);
	} else {
		return -errno;
	}
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* The log of --source-from, if there is one. */
static int open_sources(struct command *command, const struct takt_plan *plan,
			struct takt_replay_reader **ret_reader, struct takt_err *err)
{
	const char *log_dir = command->log_dir ? command->log_dir : plan->log_dir;
	int r;

	if (!command->source_from) {
		return 0;
	}
	r = takt_replay_reader_open(command->source_from, log_dir, command->run_dir, plan, ret_reader, err);
	if (r < 0) {
		return r;
	}
	command->engine.replay = takt_replay_reader_log(*ret_reader);
	if (!command->engine.has_seed) {
		command->engine.has_seed = takt_replay_reader_seed(*ret_reader, &command->engine.seed);
	}
	return 0;
}

static int run(struct command *command, const struct takt_plan *plan)
{
	struct takt_replay_reader *reader = NULL;
	struct takt_err err = { 0 };
	char log_dir[PATH_MAX];
	int r = find_log_dir(command, plan, log_dir);

	if (r < 0) {
		say(command, "no place for the recording (%s): give --log-dir DIR", strerror(-r));
		return 1;
	}
	command->engine.log_dir = log_dir;
	command->engine.run_dir = command->run_dir;
	command->engine.degraded = on_degraded;
	command->engine.published = on_published;
	command->engine.user = command;
	if (!command->engine.dev && !command->engine.virtual_time) {
		r = cpus_check(plan, &err);
	}
	if (r == 0) {
		r = open_sources(command, plan, &reader, &err);
	}
	if (r == 0) {
		r = takt_engine_run(plan, &command->engine, &err);
	}
	if (r < 0) {
		print_error(command, &err);
		for (uint32_t i = 0; i < plan->note_count; i++) {
			say(command, "note: %s", plan->notes[i]);
		}
		r = 1;
	}
	takt_replay_reader_close(reader);
	return r;
}

/* --- plug-ins that end the process while they are loaded -------------------------------------- */

static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
#define CRASH_COUNT (sizeof(crashes) / sizeof(crashes[0]))

static volatile sig_atomic_t is_loading;

static void on_exit_while_loading(void)
{
	if (is_loading) {
		fputs("takt-rt: a plug-in of the graph called exit() while it was loaded\n", stderr);
		_exit(1);
	}
}

static void on_crash_while_loading(int number)
{
	static const char text[] = "takt-rt: a plug-in of the graph crashed while it was loaded\n";

	signal(number, SIG_DFL);	/* it comes again, and is the end */
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
}

static int load_plugin(const struct command *command, char **ret_text, struct takt_err *err)
{
	char dir[PATH_MAX];

	return getcwd(dir, sizeof(dir)) ? takt_plugin_print(command->graph, dir, command->json, ret_text, err)
					: takt_err_set(err, -errno, "no current folder: %s", strerror(errno));
}

/* The graph into @ret_plan, or what the plug-in offers into @ret_text. */
static int load(const struct command *command, struct takt_plan **ret_plan, char **ret_text, struct takt_err *err)
{
	int r;

	atexit(on_exit_while_loading);
	for (size_t i = 0; i < CRASH_COUNT; i++) {
		signal(crashes[i], on_crash_while_loading);
	}
	is_loading = 1;
	r = command->plugin ? load_plugin(command, ret_text, err) : takt_graph_load(command->graph, ret_plan, err);
	is_loading = 0;
	for (size_t i = 0; i < CRASH_COUNT; i++) {
		signal(crashes[i], SIG_DFL);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct command command = { .name = "takt-rt", .engine = { .text_level = -1 }, .ready_fd = -1 };
	struct takt_err err = { 0 };
	struct takt_plan *plan = NULL;
	char *text = NULL;
	int code;

	if (takt_file_keep_standard() < 0) {
		return 1;
	}
	code = parse_command(&command, argc, argv);
	if (code >= 0) {
		return code;
	}
	if (strcmp(command.name, "takt-rt") != 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);	/* who started us shows the run and can end it */
	}
	/* An error of that write, not the end without failsafe. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	takt_memory_tune_malloc();
	takt_limit_raise(RLIMIT_RTPRIO);
	takt_limit_raise(RLIMIT_MEMLOCK);
	if (command.run_dir[0] == '\0') {
		takt_run_dir_default(command.run_dir, sizeof(command.run_dir));
	}
	if (load(&command, &plan, &text, &err) < 0) {
		print_error(&command, &err);
		return 1;
	}
	if (command.plugin) {
		return show(text);
	}
	code = command.check ? check(&command, plan) : run(&command, plan);
	takt_plan_destroy(plan);
	return code;
}
