/* SPDX-License-Identifier: Apache-2.0 */
/* takt top: the figures of a running graph, from its log as it is recorded. A viewer only: nothing that is
 * done here is seen by the run. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "logs/read/live.h"
#include "rt/base/quantity.h"
#include "rt/clock/clock.h"
#include "rt/main/bad_option.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/out.h"
#include "rt/main/screen.h"
#include "rt/main/top_table.h"

#define LOOK_MS 50			/* between two looks at the log */
#define INTERVAL_MIN_NS (TAKT_NS_PER_S / 20)
#define INTERVAL_MAX_NS (3600 * TAKT_NS_PER_S)
#define CLOCK_RECORDS 64u		/* records between two looks at the clock */
#define NICE 10
#define FRAME_BYTES_MAX (1u << 20)

static const char help[] =
	"usage: takt top [OPTION]... [GRAPH|RUN]\n"
	"A live table of what the tasks of a running graph do: rate, time in process, jitter, how often\n"
	"an output (of a sink: an input) was absent, calls that ended later than one period behind plan\n"
	"(misses), and the newest status text. jitter is its p99; takt log stats --help says what each\n"
	"figure is. Without GRAPH or RUN: the only one that runs.\n"
	"\n"
	"Keys: r begins to count anew; q leaves, the run goes on.\n"
	"\n"
	"      --interval TIME  between two tables (default: 1s)\n"
	"  -n, --lines N        leave after N tables\n"
	"  -o, --output FORM    short, json or csv (one table), jsonl (a line each interval, of it alone)\n"
	"      --run-dir DIR    where the shared memory is (default: /run/takt and /dev/shm/takt-UID)\n"
	"  -h, --help           print this\n"
	"\n"
	"Where the output is no terminal, one table of one interval is printed.\n"
	"\n"
	"Exit status: 0, 1 error, 2 usage, 4 no such run.\n";

struct top {
	enum takt_form form;
	const char *word;
	const char *run_dir;
	uint64_t interval_ns;
	uint64_t tables;		/* to be shown; 0: no limit */
	char region[PATH_MAX];
	uint32_t found;			/* runs that are meant */
	char names[1024];		/* of them */
	struct takt_log *log;
	struct takt_log_cursor *cursor;
	struct takt_stats *stats;
	struct takt_run_status status;	/* the last that could be read */
	bool is_over;
};

/* --- the log ---------------------------------------------------------------------------------- */

static void fetch_status(struct top *top)
{
	struct takt_run_status status;

	if (takt_run_status_read(top->region, &status, NULL) == 0) {
		top->status = status;	/* else the region is gone: what was last known stays */
	}
}

static int visit(const char *path, void *user)
{
	struct takt_run_status status;
	struct top *top = user;
	const size_t used = strlen(top->names);

	if (takt_run_status_read(path, &status, NULL) < 0 || !status.alive ||
	    !takt_run_is_meant(&status, top->word)) {
		return 0;
	}
	top->found++;
	snprintf(top->region, sizeof(top->region), "%s", path);
	snprintf(top->names + used, sizeof(top->names) - used, " %s (%016" PRIx64 ")", status.graph,
		 status.run);
	return 0;
}

static int find_run(struct top *top)
{
	const int r = takt_log_live_scan(top->run_dir, visit, top);

	if (r < 0) {
		fprintf(stderr, "takt: %s: %s\n", top->run_dir ? top->run_dir : "run directories",
			strerror(-r));
		return TAKT_EXIT_ERROR;
	}
	if (top->found == 0) {
		fprintf(stderr,
			top->word ? "takt: no running graph is called %s, or has such an id; takt "
					    "status lists what there is\n"
					  : "takt: no graph runs: takt run GRAPH.yaml starts one\n",
					  top->word);
		return TAKT_EXIT_NO_LOG;
	}
	if (top->found > 1) {
		fprintf(stderr, "takt: several graphs run: name one of%s\n", top->names);
		return TAKT_EXIT_USAGE;
	}
	return TAKT_EXIT_OK;
}

/* Open the run's log where it stands an interval ago. */
static int open_log(struct top *top)
{
	const struct takt_log_options options = { sizeof(options), 1, top->run_dir };
	const uint64_t now_ns = takt_clock_mono_ns();
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	struct takt_log_error error = { 0 };
	int r;

	filter.kinds = 1u << TAKT_LOG_COPPERLIST | 1u << TAKT_LOG_LIFECYCLE;
	filter.since = (struct takt_log_point){ TAKT_LOG_AT_MONO, 0, now_ns > top->interval_ns
					? now_ns - top->interval_ns : 0 };
	r = takt_log_open(top->region, &options, &top->log, &error);
	if (r == 0) {
		r = takt_log_cursor_create(top->log, &filter, &top->cursor, &error);
	}
	if (r < 0) {
		return takt_log_error_print(r, &error);
	}
	if (takt_stats_create(top->log, &top->stats) < 0) {
		fputs("takt: no memory\n", stderr);
		return TAKT_EXIT_ERROR;
	}
	return TAKT_EXIT_OK;
}

static void close_log(struct top *top)
{
	takt_stats_destroy(top->stats);
	takt_log_cursor_destroy(top->cursor);
	takt_log_close(top->log);
}

/* Count what is new, until @until_ns at the latest. Returns 0, -errno. */
static int count(struct top *top, uint64_t until_ns)
{
	const struct takt_log_record *record;
	int r = 0;

	for (uint32_t i = 1; (r = takt_log_next(top->cursor, &record, NULL)) > 0; i++) {
		takt_stats_put(top->stats, record);
		if (i % CLOCK_RECORDS == 0 && takt_clock_mono_ns() >= until_ns) {
			return 0;
		}
	}
	top->is_over = r == 0 && takt_log_ended(top->cursor);
	return r;
}

static struct takt_top_view view_of(const struct top *top)
{
	return (struct takt_top_view){ top->log, top->stats, &top->status, 0 };
}

/* --- on a terminal ---------------------------------------------------------------------------- */

static int draw(struct top *top)
{
	struct takt_top_view view = view_of(top);
	struct takt_text_buffer text;
	int r;

	fetch_status(top);
	view.columns = takt_screen_columns();
	takt_text_buffer_init(&text, FRAME_BYTES_MAX);
	takt_top_put(&text, &view, TAKT_FORM_SHORT);
	takt_text_buffer_puts(&text, "\nr count anew   q leave, the run goes on\n");
	r = text.error ? text.error : takt_screen_draw(text.text, TAKT_TOP_BAR_LINE);
	takt_text_buffer_fini(&text);
	return r;
}

/* One look, one wait. Returns 1 to go on, 0 to leave, -errno. */
static int turn(struct top *top, uint64_t *next_ns)
{
	int event, r = count(top, *next_ns);
	uint64_t now_ns = takt_clock_mono_ns();

	if (r == 0 && now_ns >= *next_ns) {
		r = draw(top);
		*next_ns = now_ns + top->interval_ns;
		if (top->tables > 0 && --top->tables == 0) {
			return r;
		}
	}
	if (r < 0 || top->is_over) {
		return r;
	}
	event = takt_screen_wait(LOOK_MS);
	if (event == TAKT_SCREEN_LEAVE || event == 'q' || event == 'Q') {
		return 0;
	}
	if (event == 'r' || event == 'R') {
		takt_stats_reset(top->stats);
	}
	if (event != TAKT_SCREEN_NONE) {
		*next_ns = 0;
	}
	return 1;
}

static int show_live(struct top *top)
{
	uint64_t next_ns = takt_clock_mono_ns() + LOOK_MS * 1000000;
	int r = takt_screen_open();

	while (r >= 0 && (r = turn(top, &next_ns)) > 0) {
	}
	takt_screen_close();
	if (r < 0 && r != -EPIPE && r != -EIO) {
		fprintf(stderr, "takt: %s\n", strerror(-r));
		return TAKT_EXIT_ERROR;
	}
	if (top->is_over) {
		char id[24];

		snprintf(id, sizeof(id), "%016" PRIx64, top->status.run);
		fputs("takt: the run has ended: takt log stats ", stderr);
		takt_out_print_plain(stderr, top->status.directory[0] ? top->status.directory : id);
		fputs("\n", stderr);
	}
	return TAKT_EXIT_OK;
}

/* --- elsewhere -------------------------------------------------------------------------------- */

/* Count for an interval; the first one is over already, if the run has cycles in it. Returns 0, -errno. */
static int wait_interval(struct top *top, bool is_first)
{
	const struct timespec pause = { 0, LOOK_MS * 1000000 };
	const uint64_t until_ns = takt_clock_mono_ns() + top->interval_ns;
	int r;

	do {
		r = count(top, until_ns);
		if (r < 0 || top->is_over ||
		    (is_first && takt_stats_cycles(top->stats).count > 0)) {
			return r;
		}
		nanosleep(&pause, NULL);
	} while (takt_clock_mono_ns() < until_ns);
	return count(top, takt_clock_mono_ns() + top->interval_ns);
}

static int print(struct top *top)
{
	const struct takt_top_view view = view_of(top);
	const bool goes_on = top->form == TAKT_FORM_JSONL;
	struct takt_out out;
	int r, status;

	/* The forms are written whole: no array around rows. */
	takt_out_init(&out, top->form == TAKT_FORM_JSON ? TAKT_FORM_JSONL : top->form);
	do {
		r = wait_interval(top, out.rows == 0);
		fetch_status(top);
		out.rows++;
		takt_top_put(&out.text, &view, top->form);
		takt_out_flush(&out);
		takt_stats_reset(top->stats);
	} while (r == 0 && goes_on && !top->is_over && !takt_out_done(&out) &&
		 out.rows != top->tables);
	status = takt_out_fini(&out);
	if (r < 0) {
		fprintf(stderr, "takt: %s\n", strerror(-r));
		return TAKT_EXIT_ERROR;
	}
	return status;
}

static int show(struct top *top)
{
	int status = find_run(top);

	if (status != TAKT_EXIT_OK) {
		return status;
	}
	(void)!nice(NICE);		/* a viewer may wait */
	status = open_log(top);
	fetch_status(top);
	if (status == TAKT_EXIT_OK && top->form == TAKT_FORM_SHORT && isatty(STDOUT_FILENO)) {
		status = show_live(top);
	} else if (status == TAKT_EXIT_OK) {
		if (top->form == TAKT_FORM_SHORT) {
			fputs("takt: the output is no terminal: one table\n", stderr);
		}
		status = print(top);
	}
	close_log(top);
	return status;
}

/* --- the command line ------------------------------------------------------------------------- */

static int parse_interval(const char *text, uint64_t *ret_ns)
{
	struct takt_err err = { 0 };
	uint64_t ns = 0;

	if (takt_quantity_parse_ns(text, &ns, &err) < 0) {
		fprintf(stderr, "takt: --interval %s: %s\n", text, err.text);
		return -1;
	}
	if (ns < INTERVAL_MIN_NS || ns > INTERVAL_MAX_NS) {
		fprintf(stderr, "takt: --interval %s: it must be between 50ms and 1h\n", text);
		return -1;
	}
	*ret_ns = ns;
	return 0;
}

static int parse_tables(const char *text, uint64_t *ret_count)
{
	char *end = NULL;

	errno = 0;
	*ret_count = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || *ret_count == 0) {
		fprintf(stderr, "takt: -n %s: it must be a number like 20\n", text);
		return -1;
	}
	return 0;
}

static int take_option(struct top *top, int option)
{
	switch (option) {
	case 'o':
		return takt_form_parse(optarg, &top->form);
	case 'n':
		return parse_tables(optarg, &top->tables);
	case 'i':
		return parse_interval(optarg, &top->interval_ns);
	default:
		top->run_dir = optarg;
		return 0;
	}
}

int takt_command_top(int argc, char **argv)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "lines", required_argument, NULL, 'n' },
		{ "output", required_argument, NULL, 'o' },
		{ "run-dir", required_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct top top = { .form = TAKT_FORM_SHORT, .interval_ns = TAKT_NS_PER_S };
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "n:o:h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return TAKT_EXIT_OK;
		}
		if (option == '?') {
			return takt_bad_option("top", options, argv[optind - 1]);
		}
		if (take_option(&top, option) < 0) {
			return TAKT_EXIT_USAGE;
		}
	}
	if (argc - optind > 1) {
		fprintf(stderr, "takt: one GRAPH or RUN at a time: '%s' is too much\n",
			argv[optind + 1]);
		return TAKT_EXIT_USAGE;
	}
	top.word = optind < argc ? argv[optind] : NULL;
	signal(SIGPIPE, SIG_IGN);
	return show(&top);
}
