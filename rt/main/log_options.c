/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/log_options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <takt/log.h>

#include "rt/base/suggest.h"
#include "rt/main/commands.h"
#include "rt/main/log_notes.h"

static const struct {
	const char *name;
	const char *options;
	const char *help;
} commands[] = {
#define TAKT_LOG_COMMAND(name, function, options, help) { name, options, help },
#include "rt/main/log_commands.def"
#undef TAKT_LOG_COMMAND
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

/* One row an option; `letter` as in log_commands.def, 0 for those that every command takes. */
static const struct row {
	char letter;
	char value;			/* what getopt gives back */
	const char *name;
	const char *argument;
	const char *help;
} rows[] = {
	{ 'f', 'f', "follow", NULL, "go on while the run goes on; begins with the last 10" },
	{ 'n', 'n', "lines", "N", "the last N only" },
	{ 0, 'o', "output", "FORM", "short, json (one array), jsonl (one object a line), csv" },
	{ 'T', 'T', "task", "ID", "of this task only; takt: the runtime itself" },
	{ 't', 't', "time", "WAY", "rel (s since the run's start), mono, real (local), iso (UTC)" },
	{ 'L', 'L', "level", "LEVEL", "at least debug, info, warning, error or critical" },
	{ 'g', 'g', "grep", "REGEX", "whose text matches this extended regular expression" },
	{ 'S', 'S', "since", "TIME", "from TIME on" },
	{ 'U', 'U', "until", "TIME", "up to TIME" },
	{ 'd', 'd', "deep", NULL, "every checksum: records, catalogs, indexes (not the room behind a chunk)" },
	{ 'p', 'p', "repair", NULL, "put right what can be without loss, and say what was done" },
	{ 'A', 'A', "around", "TIME", "what was recorded then" },
	{ 'W', 'W', "window", "SPAN", "so long before and after TIME (default 10s)" },
	{ 'K', 'K', "list", NULL, "show what is marked, and mark nothing" },
	{ 'x', 'x', "remove", NULL, "take the marks away: around TIME, or all" },
	{ 'O', 'o', "output", "OUT", "the new log: a directory that is not there yet" },
	{ 'F', 'F', "force", NULL, "do not ask" },
	{ 'X', 'X', "discard", NULL, "do not record it: throw away what REGION holds" },
	{ 'V', 'V', "verify", NULL, "check every checksum of the log first" },
	{ 0, 'D', "log-dir", "DIR", "where the logs are" },
	{ 0, 'R', "run-dir", "DIR", "where the shared memory of running graphs is" },
	{ 0, 'h', "help", NULL, "print this" },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static size_t command_index(const char *name)
{
	size_t i = 0;

	while (i < COMMAND_COUNT - 1 && strcmp(commands[i].name, name) != 0) {
		i++;
	}
	return i;
}

static bool takes(size_t command, const struct row *row)
{
	if (row->value == 'o' && row->letter == 0 && strchr(commands[command].options, 'O')) {
		return false;		/* there it names a file */
	}
	return row->letter == 0 || strchr(commands[command].options, row->letter);
}

/* Several LOGs; M: one at least. */
static bool takes_many(size_t command)
{
	return strpbrk(commands[command].options, "mM") != NULL;
}

static bool needs_log(size_t command)
{
	return strchr(commands[command].options, 'M') != NULL;
}

static void print_help(size_t command)
{
	const char *command_name = commands[command].name;
	const bool takes_log = strchr(commands[command].options, 'l') != NULL;
	const bool takes_region = strchr(commands[command].options, 'r') != NULL;

	printf("usage: takt log %s [OPTION]...%s\n%c%s.\n\n", command_name,
	       needs_log(command) ? " LOG..." : takes_many(command) ? " [LOG]..." : takes_log ? " [LOG]" : takes_region ? " [REGION]" : "",
	       toupper((unsigned char)commands[command].help[0]), commands[command].help + 1);
	if (takes_log) {
		printf("LOG is a path, a run's number, its id or the beginning of it, a graph's name (its newest\n"
		       "run) or latest%s.\n\n",
		       needs_log(command) ? "" : " (also when there is none)");
	} else if (takes_region) {
		fputs("REGION is the directory of a run's shared memory, a run id or its beginning, or a "
		      "graph's\nname; without one: all that nobody records.\n\n", stdout);
	}
	for (size_t i = 0; i < ROW_COUNT; i++) {
		char left[40];

		if (takes(command, &rows[i])) {
			snprintf(left, sizeof(left), "%c%c%s --%s %s",
				 strchr("fnogh", rows[i].value) ? '-' : ' ',
				 strchr("fnogh", rows[i].value) ? rows[i].value : ' ',
				 strchr("fnogh", rows[i].value) ? "," : " ", rows[i].name,
				 rows[i].argument ? rows[i].argument : "");
			printf("  %-22s %s\n", left, rows[i].help);
		}
	}
	if (strpbrk(commands[command].options, "SUA")) {
		fputs(strcmp(command_name, "list") == 0 ? takt_log_list_time_notes : takt_log_time_notes, stdout);
	}
	fputs(takt_log_notes(command_name), stdout);
	fputs("\nExit status: 0, 1 error, 2 usage, 3 the log is damaged (the good part was shown), 4 no such\n"
	      "log, 130 interrupted.\n", stdout);
}

static int usage(int *ret_status)
{
	*ret_status = TAKT_EXIT_USAGE;
	return -1;
}

static const char *const form_names[] = { "short", "json", "jsonl", "csv" };

int takt_form_parse(const char *text, enum takt_form *ret_form)
{
	const char *near = takt_suggest_find(text, form_names, 4);

	for (uint32_t i = 0; i < 4; i++) {
		if (strcmp(text, form_names[i]) == 0) {
			*ret_form = (enum takt_form)i;
			return 0;
		}
	}
	fprintf(stderr, "takt: -o %s: use one of short, json, jsonl, csv%s%s\n", text,
		near ? "; did you mean " : "", near ? near : "");
	return -1;
}

static int parse_count(const char *text, uint64_t *ret_count)
{
	char *end = NULL;

	errno = 0;
	*ret_count = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno) {
		fprintf(stderr, "takt: -n %s: it must be a number like 20\n", text);
		return -1;
	}
	return 0;
}

static int parse_time_way(const char *text, enum takt_time_way *ret_way)
{
	if (takt_time_way_parse(text, ret_way) < 0) {
		fprintf(stderr, "takt: --time %s: there are rel, mono, real and iso\n", text);
		return -1;
	}
	return 0;
}

const char *takt_level_suggest(const char *text)
{
	static const char *const names[] = { "debug", "info", "warning", "error", "critical" };
	const size_t letters = strlen(text);

	for (size_t i = 0; i < 5; i++) {
		if (letters > 0 && strncasecmp(text, names[i], letters) == 0) {
			return names[i];	/* "warn", "INFO" */
		}
	}
	return takt_suggest_find(text, names, 5);
}

static int parse_level(const char *text, uint32_t *ret_level)
{
	const int level = takt_log_level_parse(text);

	if (level < 0) {
		const char *near = takt_level_suggest(text);

		fprintf(stderr, "takt: --level %s: use one of debug, info, warning, error, critical%s%s\n",
			text, near ? "; did you mean " : "", near ? near : "");
		return -1;
	}
	*ret_level = (uint32_t)level;
	return 0;
}

static int parse_regex(struct takt_log_args *args, const char *text)
{
	char why[128];
	int r;

	if (args->matched) {
		fprintf(stderr, "takt: -g can be given once\n");
		return -1;
	}
	r = regcomp(&args->regex, text, REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
	if (r != 0) {
		regerror(r, &args->regex, why, sizeof(why));
		fprintf(stderr, "takt: -g %s: %s\n", text, why);
		return -1;
	}
	args->matched = true;
	return 0;
}

/* Of options that choose what is shown the last one would win silently. */
static int check_once(const struct takt_log_args *args, int option)
{
	static const struct {
		char value;
		const char *name;
		size_t place;
	} once[] = {
		{ 'T', "task", offsetof(struct takt_log_args, task) },
		{ 'S', "since", offsetof(struct takt_log_args, since) },
		{ 'U', "until", offsetof(struct takt_log_args, until) },
		{ 'A', "around", offsetof(struct takt_log_args, around) },
	};

	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		const char *const *value = (const void *)((const char *)args + once[i].place);

		if (once[i].value == option && *value) {
			fprintf(stderr, "takt: --%s can be given once: there is %s already\n", once[i].name,
				*value);
			return -1;
		}
	}
	return 0;
}

/* What cut writes to. A form's word there is meant for another command. */
static int set_out(struct takt_log_args *args, const char *path)
{
	for (uint32_t i = 0; i < sizeof(form_names) / sizeof(form_names[0]); i++) {
		if (strcmp(path, form_names[i]) == 0) {
			fprintf(stderr, "takt: -o %s: here it names the new log, a directory; if it shall be "
				"called so: -o ./%s\n", path, path);
			return -1;
		}
	}
	args->out = path;
	return 0;
}

static int set_option(size_t command, struct takt_log_args *args, int option)
{
	if (check_once(args, option) < 0) {
		return -1;
	}
	switch (option) {
	case 'A':
		args->around = optarg;
		return 0;
	case 'W':
		args->window = optarg;
		return 0;
	case 'K':
		args->list = true;
		return 0;
	case 'x':
		args->remove = true;
		return 0;
	case 'F':
		args->force = true;
		return 0;
	case 'f':
		args->follow = true;
		return 0;
	case 'n':
		args->limited = true;
		return parse_count(optarg, &args->last);
	case 'o':
		if (strchr(commands[command].options, 'O')) {
			return set_out(args, optarg);
		}
		return takt_form_parse(optarg, &args->form);
	case 'T':
		args->task = optarg;
		return 0;
	case 't':
		return parse_time_way(optarg, &args->time);
	case 'L':
		return parse_level(optarg, &args->level);
	case 'g':
		return parse_regex(args, optarg);
	case 'S':
		args->since = optarg;
		return 0;
	case 'U':
		args->until = optarg;
		return 0;
	case 'd':
		args->deep = true;
		return 0;
	case 'p':
		args->repair = true;
		return 0;
	case 'X':
		args->discard = true;
		return 0;
	case 'V':
		args->verify = true;
		return 0;
	case 'D':
		args->log_dir = optarg;
		return 0;
	case 'R':
		args->run_dir = optarg;
		return 0;
	default:
		return -1;
	}
}

/* What getopt stumbled over; @option is its '?' or ':'. */
static void print_bad_option(size_t command, int option, const char *word)
{
	struct takt_suggest suggest;

	if (option == ':') {
		fprintf(stderr, "takt: %s needs a value: takt log %s --help\n", word,
			commands[command].name);
		return;
	}
	takt_suggest_init(&suggest, word + strspn(word, "-"));
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (takes(command, &rows[i])) {
			takt_suggest_put(&suggest, rows[i].name);
		}
	}
	if (optopt > 0) {
		fprintf(stderr, "takt: takt log %s has no option -%c: --help lists them\n",
			commands[command].name, optopt);
	} else if (suggest.name) {
		fprintf(stderr, "takt: takt log %s has no option %s, did you mean --%s?\n",
			commands[command].name, word, suggest.name);
	} else {
		fprintf(stderr, "takt: takt log %s has no option %s: --help lists them\n",
			commands[command].name, word);
	}
}

/* Tables for getopt_long of what @command takes. */
static void fill_tables(size_t command, char *letters, struct option *options)
{
	size_t count = 0;

	*letters++ = ':';		/* a missing value is told from an unknown option */
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!takes(command, &rows[i])) {
			continue;
		}
		options[count++] = (struct option){ rows[i].name,
			rows[i].argument ? required_argument : no_argument, NULL, rows[i].value };
		if (strchr("fnogh", rows[i].value)) {
			*letters++ = rows[i].value;
			if (rows[i].argument) {
				*letters++ = ':';
			}
		}
	}
	*letters = '\0';
	options[count] = (struct option){ 0 };
}

int takt_log_args_init(struct takt_log_args *args, int argc, char **argv, int *ret_status)
{
	const size_t command = command_index(argv[0]);
	char letters[2 * ROW_COUNT + 2];
	struct option options[ROW_COUNT + 1];
	int option;

	*args = (struct takt_log_args){ .form = TAKT_FORM_SHORT };
	fill_tables(command, letters, options);
	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (option == 'h') {
			print_help(command);
			*ret_status = TAKT_EXIT_OK;
			return -1;
		}
		if (option == '?' || option == ':') {
			print_bad_option(command, option, argv[optind - 1]);
			return usage(ret_status);
		}
		if (set_option(command, args, option) < 0) {
			return usage(ret_status);
		}
	}
	if (argc - optind > 1 && !takes_many(command)) {
		fprintf(stderr, "takt: one LOG at a time: '%s' is too much\n", argv[optind + 1]);
		return usage(ret_status);
	}
	args->log = optind < argc ? argv[optind] : NULL;
	args->words = argv + optind;
	args->word_count = argc - optind;
	return 0;
}

void takt_log_args_fini(struct takt_log_args *args)
{
	if (args->matched) {
		regfree(&args->regex);
	}
}

bool takt_log_args_match(const struct takt_log_args *args, const char *text)
{
	return !args->matched || regexec(&args->regex, text, 0, NULL, 0) == 0;
}
