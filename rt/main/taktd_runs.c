/* SPDX-License-Identifier: Apache-2.0 */
/* A run of the table: attached, or put off (could not attach, or let go). It stays in the table until its
 * region is gone, so that each mistake is said once. Only so many can be attached at once; those that are put
 * off take nothing but their row, so any number of them keeps nobody out. */
#include "rt/main/taktd_runs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/write/recorder.h"
#include "logs/write/writer.h"
#include "rt/main/taktd_journal.h"
#include "rt/main/taktd_python.h"
#include "rt/main/taktd_requests.h"
#include "rt/main/taktd_stats.h"

#define RETRY_NS 1000000000ull
#define RETRY_NS_MAX 60000000000ull
#define TRIES_MAX 5u				/* of making a directory for a run that is over */
#define GAVE_UP_NS 5000000000ull		/* until it is tried again, at first; longer than an idle taktd stays */
#define ROWS_MAX (1u << 16)

struct run {
	char *path;				/* of the region */
	struct takt_recorder *recorder;		/* NULL: put off */
	struct taktd_python *python;		/* hosts of its Python tasks; NULL: it has none */
	enum takt_backend_kind backend;
	enum takt_recorder_phase shown_phase;
	uint64_t retry_at_ns;
	uint64_t retry_ns;
	uint64_t shown_broken;
	uint32_t changes;
	int error;				/* why it is put off */
	bool has_given_up;			/* of the directory, at least once */
	bool is_why_said;
	bool shown_cut;
	uint32_t stats_segment;			/* newest when the statistics' thread was told */
	bool is_seen;				/* by the scan under way */
};

struct taktd_runs {
	struct takt_writer *writer;
	struct taktd_stats *stats;		/* NULL: none are made */
	struct taktd_runs_options options;
	bool is_stopping;
	uint64_t now_ns;
	struct run *runs;			/* [count] */
	uint32_t count;
	uint32_t room;
	uint32_t attached;
	uint32_t next;				/* where the next of a scan probably is: as the time before */
};

int taktd_runs_create(const struct taktd_runs_options *options, struct taktd_runs **ret_runs,
		      struct takt_err *err)
{
	struct taktd_runs *runs = calloc(1, sizeof(*runs));
	int r;

	if (!runs) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	runs->options = *options;
	r = takt_writer_start(&runs->writer, err);
	if (r < 0) {
		free(runs);
		return r;
	}
	taktd_stats_start(&runs->stats, NULL);	/* recording does without */
	*ret_runs = runs;
	return 0;
}

void taktd_runs_destroy(struct taktd_runs *runs)
{
	if (!runs) {
		return;
	}
	taktd_stats_stop(runs->stats);
	takt_writer_stop(runs->writer);
	for (uint32_t i = 0; i < runs->count; i++) {
		taktd_python_destroy(runs->runs[i].python);
		takt_recorder_destroy(runs->runs[i].recorder);
		free(runs->runs[i].path);
	}
	free(runs->runs);
	free(runs);
}

static void tell_stats(struct taktd_runs *runs, struct run *run, bool is_over)
{
	const struct takt_recorder_status status = takt_recorder_status(run->recorder);

	if (status.segment != run->stats_segment || is_over) {
		run->stats_segment = status.segment;
		taktd_stats_put(runs->stats, status.directory);
	}
}

/* --- saying ---------------------------------------------------------------------------------- */

static void say(const struct takt_recorder_status *status, const char *text)
{
	const char *run = strrchr(status->region_path, '/');

	fprintf(stderr, "taktd: %s %s: %s\n", status->graph, run ? run + 1 : "", text);
}

static void say_changes(struct taktd_runs *runs, struct run *run)
{
	const struct takt_recorder_status status = takt_recorder_status(run->recorder);
	char text[PATH_MAX + 64];

	/* The first, then each time that they have doubled: damage that goes on must not fill a journal. */
	if (status.broken_chunks > 0 && status.broken_chunks / 2 >= run->shown_broken) {
		snprintf(text, sizeof(text), "%" PRIu64 " damaged chunks in shared memory",
			 status.broken_chunks);
		say(&status, text);
		run->shown_broken = status.broken_chunks;
	}
	if (status.is_cut && !run->shown_cut) {
		say(&status, "its files in shared memory were cut: what was not written yet is lost, "
			     "and what comes is not recorded");
		run->shown_cut = true;
	}
	if (status.changes == run->changes || (run->has_given_up && status.phase != TAKT_RECORDER_WRITING)) {
		return;
	}
	run->changes = status.changes;
	if (status.phase == TAKT_RECORDER_WRITING && runs->options.verbose) {
		snprintf(text, sizeof(text), "recording to %s (%s)", status.directory,
			 status.backend);
		say(&status, text);
	} else if (status.phase == TAKT_RECORDER_WRITING && run->shown_phase == TAKT_RECORDER_FAILING) {
		say(&status, "recording again");
	}
	if (status.text[0] != '\0') {
		say(&status, status.text);
	} else if (status.why[0] != '\0' && !run->is_why_said) {
		say(&status, status.why);
		run->is_why_said = true;
	}
	run->shown_phase = status.phase;
}

static void say_end(const struct taktd_runs *runs, const struct run *run, enum takt_recorder_end end)
{
	const struct takt_recorder_status status = takt_recorder_status(run->recorder);
	const char *id = strrchr(status.region_path, '/');

	if (end == TAKT_RECORDER_GAVE_UP) {
		fprintf(stderr, "taktd: %s %s: %s. The run is over, and waits in %s; to record it elsewhere: "
			"takt log recover --log-dir DIR %s; to throw it away: takt log recover --discard %s\n",
			status.graph, id ? id + 1 : "", status.text, status.region_path, status.region_path,
			status.region_path);
	} else if (end == TAKT_RECORDER_LOST) {
		say(&status, "the way to the disk broke, trying a simpler one");
	} else if (status.phase != TAKT_RECORDER_DETACHED || status.text[0] != '\0') {
		say(&status, end == TAKT_RECORDER_STOPPED
				     ? "not everything could be written, the rest stays in memory"
				     : status.text);
	} else if (runs->options.verbose) {
		say(&status, end == TAKT_RECORDER_RUN_ENDED ? "ended, all is recorded"
							    : "let go, another taktd may go on");
	}
}

/* --- finding --------------------------------------------------------------------------------- */

static struct run *add_run(struct taktd_runs *runs, const char *path)
{
	const uint32_t room = runs->room ? runs->room * 2 : TAKT_WRITER_RUNS_MAX;
	struct run *grown, *run;

	if (runs->count == runs->room) {
		grown = runs->room < ROWS_MAX ? realloc(runs->runs, room * sizeof(*grown)) : NULL;
		if (!grown) {
			return NULL;
		}
		runs->runs = grown;
		runs->room = room;
	}
	run = &runs->runs[runs->count];
	*run = (struct run){ .path = strdup(path), .backend = runs->options.backend,
			     .retry_ns = RETRY_NS };
	runs->count += run->path != NULL;
	return run->path ? run : NULL;
}

static struct run *find_run(struct taktd_runs *runs, const char *path)
{
	for (uint32_t i = 0; i < runs->count; i++) {
		const uint32_t at = (runs->next + i) % runs->count;

		if (strcmp(runs->runs[at].path, path) == 0) {
			runs->next = at + 1;
			return &runs->runs[at];
		}
	}
	return add_run(runs, path);
}

/* What the hosts of Python tasks record belongs to the run: it is not over before they are. */
static void start_python(const struct taktd_runs *runs, struct run *run)
{
	struct takt_region *region = takt_recorder_region(run->recorder);

	if (!runs->options.no_python && takt_region_rt_alive(region) == 1) {
		run->python = taktd_python_create(region);
		takt_recorder_keep_open(run->recorder, run->python != NULL);
	}
}

static void attach(struct taktd_runs *runs, struct run *run)
{
	const struct takt_recorder_options options = { .backend = run->backend,
						       .notify_fd = runs->options.notify_fd,
						       .tries_max = run->has_given_up ? 1 : TRIES_MAX };
	struct takt_err err = { 0 };
	int r;

	r = takt_recorder_create(run->path, &options, &run->recorder, &err);
	if (r == 0) {
		taktd_requests_add(runs->options.requests, takt_recorder_region(run->recorder));
		taktd_journal_add(runs->options.journal, takt_recorder_region(run->recorder));
		start_python(runs, run);
		run->error = 0;
		run->changes = 0;
		run->retry_ns = run->has_given_up ? run->retry_ns : RETRY_NS;
		runs->attached++;
		return;
	}
	run->retry_at_ns = runs->now_ns + run->retry_ns;
	if (r != -ENOENT && r != -EBUSY && run->retry_ns < RETRY_NS_MAX) {
		run->retry_ns *= 2;
	}
	/* Gone meanwhile, or still in the hands of a taktd that dies: nothing to be said. */
	if (r != run->error && r != -ENOENT && r != -EBUSY) {
		fprintf(stderr, "taktd: %s\n", err.text);
	}
	run->error = r;
}

static int visit(const char *path, void *user)
{
	struct taktd_runs *runs = user;
	struct run *run = find_run(runs, path);

	if (!run) {
		return 0;	/* no memory: later */
	}
	run->is_seen = true;
	if (!run->recorder && !runs->is_stopping && runs->now_ns >= run->retry_at_ns &&
	    runs->attached < TAKT_WRITER_RUNS_MAX) {
		attach(runs, run);
	}
	return 0;
}

uint32_t taktd_runs_scan(struct taktd_runs *runs, const char *run_dir, uint64_t now_ns)
{
	uint32_t count = 0;

	runs->now_ns = now_ns;
	for (uint32_t i = 0; i < runs->count; i++) {
		runs->runs[i].is_seen = false;
	}
	takt_region_scan(run_dir, visit, runs);
	for (uint32_t i = runs->count; i-- > 0;) {
		struct run *run = &runs->runs[i];

		count += run->recorder || (run->is_seen && run->error == -EBUSY);
		if (!run->recorder && !run->is_seen) {
			free(run->path);
			*run = runs->runs[--runs->count];
		}
	}
	return count;
}

/* --- tending --------------------------------------------------------------------------------- */

/* Python tasks end with their takt-rt, and before their recording. */
static void tend_python(struct taktd_runs *runs, struct run *run)
{
	if (!run->python) {
		return;
	}
	if (runs->is_stopping || takt_region_rt_alive(takt_recorder_region(run->recorder)) == 0) {
		taktd_python_ask_end(run->python);
	}
	if (taktd_python_is_over(run->python)) {
		taktd_python_destroy(run->python);
		run->python = NULL;
		takt_recorder_keep_open(run->recorder, false);
		if (runs->is_stopping) {
			takt_recorder_stop(run->recorder);
		}
	}
}

static void let_go(struct taktd_runs *runs, struct run *run, enum takt_recorder_end end)
{
	say_end(runs, run, end);
	taktd_python_destroy(run->python);
	run->python = NULL;
	taktd_requests_remove(runs->options.requests, takt_recorder_region(run->recorder));
	takt_recorder_destroy(run->recorder);
	run->recorder = NULL;
	runs->attached--;
	run->retry_at_ns = runs->now_ns + RETRY_NS;
	run->error = -EBUSY;
	if (end == TAKT_RECORDER_GAVE_UP) {
		run->retry_ns = run->has_given_up ? run->retry_ns * 2 : GAVE_UP_NS;
		run->retry_ns = run->retry_ns < RETRY_NS_MAX ? run->retry_ns : RETRY_NS_MAX;
		run->retry_at_ns = runs->now_ns + run->retry_ns;
		run->has_given_up = true;
		run->error = -ENOTDIR;	/* not one to stay for */
	} else if (end == TAKT_RECORDER_LOST) {
		run->backend = run->backend == TAKT_BACKEND_DIRECT ? TAKT_BACKEND_BUFFERED
								   : TAKT_BACKEND_DIRECT;
	} else if (end == TAKT_RECORDER_RUN_ENDED && access(run->path, F_OK) == 0) {
		fprintf(stderr, "taktd: %s: is recorded, but cannot be removed; remove it by hand\n",
			run->path);
		run->error = -EPERM;
		run->retry_at_ns = UINT64_MAX;
	}
}

uint32_t taktd_runs_tend(struct taktd_runs *runs, uint64_t now_ns)
{
	uint32_t count = 0;

	runs->now_ns = now_ns;
	for (uint32_t i = 0; i < runs->count; i++) {
		struct run *run = &runs->runs[i];
		enum takt_recorder_end end;

		if (!run->recorder) {
			continue;
		}
		tend_python(runs, run);
		taktd_journal_note(runs->options.journal, takt_recorder_region(run->recorder));
		end = takt_recorder_tend(run->recorder, runs->writer, now_ns);
		say_changes(runs, run);
		tell_stats(runs, run, end != TAKT_RECORDER_GOES_ON);
		if (end != TAKT_RECORDER_GOES_ON) {
			let_go(runs, run, end);
		} else {
			count++;
		}
	}
	return count;
}

void taktd_runs_stop(struct taktd_runs *runs)
{
	runs->is_stopping = true;
	for (uint32_t i = 0; i < runs->count; i++) {
		if (runs->runs[i].python) {
			taktd_python_ask_end(runs->runs[i].python);
		} else if (runs->runs[i].recorder) {
			takt_recorder_stop(runs->runs[i].recorder);
		}
	}
}
