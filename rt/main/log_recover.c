/* SPDX-License-Identifier: Apache-2.0 */
/* takt log recover: what a dead takt-rt left in shared memory goes into its log, by the recorder that taktd
 * uses, in this process. Being killed meanwhile loses nothing: the region stays until all is on the disk. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "logs/read/live.h"
#include "logs/write/recorder.h"
#include "logs/write/writer.h"
#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/clock/clock.h"
#include "rt/main/commands.h"
#include "rt/main/out.h"
#include "rt/os/limits.h"

#define TEXT_BYTES 768u
#define LOOK_NS 5000000
#define PATIENCE_NS (3 * TAKT_NS_PER_S)		/* with a disk that does not take it */
#define STOP_PATIENCE_NS (10 * TAKT_NS_PER_S)

struct recover {
	const struct takt_log_args *args;
	struct takt_out out;
	struct takt_writer *writer;
	uint32_t seen;			/* regions that were meant */
	uint32_t dead;			/* of them */
	uint32_t failed;
	char log_dir[PATH_MAX];		/* that was asked for; "": where the run wants its log */
};

struct outcome {
	char graph[TAKT_GRAPH_NAME_MAX];
	char directory[PATH_MAX];
	char text[TEXT_BYTES];		/* what is wrong, "" when recovered */
	uint64_t run;
	uint64_t bytes;			/* that only the region had */
	bool is_cut;			/* some of it is lost: the region's files were truncated */
	bool is_discarded;
};

/* --- one region ------------------------------------------------------------------------------- */

static uint64_t pending_bytes(const struct takt_region *region)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < region->stream_count; i++) {
		const struct takt_stream_view view = takt_region_view(region, i);
		struct takt_stream_positions positions;

		if (takt_stream_positions(&view, &positions) == 0) {
			/* Behind a sealed chunk is padding that is not committed. */
			bytes += (positions.committed > positions.sealed ? positions.committed
									 : positions.sealed) -
				 positions.released;
		}
	}
	return bytes;
}

static void keep_status(const struct takt_recorder *recorder, struct outcome *outcome)
{
	const struct takt_recorder_status status = takt_recorder_status(recorder);

	snprintf(outcome->directory, sizeof(outcome->directory), "%s", status.directory);
	snprintf(outcome->text, sizeof(outcome->text), "%s", status.text);
	outcome->is_cut |= status.is_cut;
}

/* Tend until it has ended. One that fails for too long is stopped; returns GOES_ON when even that hangs. */
static enum takt_recorder_end tend(struct takt_recorder *recorder, struct takt_writer *writer)
{
	const struct timespec pause = { 0, LOOK_NS };
	uint64_t works_ns = takt_clock_mono_ns(), stopped_ns = 0;

	for (;;) {
		const uint64_t now_ns = takt_clock_mono_ns();
		const enum takt_recorder_end end = takt_recorder_tend(recorder, writer, now_ns);

		if (end != TAKT_RECORDER_GOES_ON) {
			return end;
		}
		if (takt_recorder_status(recorder).phase != TAKT_RECORDER_FAILING) {
			works_ns = now_ns;
		} else if (stopped_ns == 0 && now_ns - works_ns > PATIENCE_NS) {
			takt_recorder_stop(recorder);
			stopped_ns = now_ns;
		}
		if (stopped_ns != 0 && now_ns - stopped_ns > STOP_PATIENCE_NS) {
			return TAKT_RECORDER_GOES_ON;
		}
		nanosleep(&pause, NULL);
	}
}

/* Record the region at @path by @backend. Returns 0, -EAGAIN (try a simpler backend), -errno; the text says
 * why. */
static int record_by(struct recover *recover, const char *path, enum takt_backend_kind backend,
		     struct outcome *outcome)
{
	const struct takt_recorder_options options = {
		.backend = backend, .notify_fd = -1, .tries_max = 1,
		.log_dir = recover->log_dir[0] ? recover->log_dir : NULL,
	};
	struct takt_recorder *recorder;
	struct takt_err err = { 0 };
	enum takt_recorder_end end;
	int r = takt_recorder_create(path, &options, &recorder, &err);

	if (r < 0) {
		snprintf(outcome->text, sizeof(outcome->text), "%s", err.text);
		return r;
	}
	end = tend(recorder, recover->writer);
	keep_status(recorder, outcome);
	if (end == TAKT_RECORDER_GOES_ON) {
		return -ETIMEDOUT;	/* a thread hangs in the kernel: nothing can be freed */
	}
	takt_recorder_destroy(recorder);
	return end == TAKT_RECORDER_RUN_ENDED ? 0 : end == TAKT_RECORDER_LOST ? -EAGAIN : -EIO;
}

static int record(struct recover *recover, const char *path, struct outcome *outcome)
{
	static const enum takt_backend_kind ways[] = { TAKT_BACKEND_AUTO, TAKT_BACKEND_DIRECT,
						       TAKT_BACKEND_BUFFERED };
	int r = -EAGAIN;

	for (uint32_t i = 0; i < 3 && r == -EAGAIN; i++) {
		r = record_by(recover, path, ways[i], outcome);
	}
	if (r == 0 && access(path, F_OK) == 0) {
		snprintf(outcome->text, sizeof(outcome->text), "is recorded, but cannot be removed");
		return -EPERM;
	}
	if (r < 0 && outcome->text[0] == '\0') {
		snprintf(outcome->text, sizeof(outcome->text), "%s", strerror(-r));
	}
	return r;
}

/* Remove the region at @path, unless somebody uses it. */
static int discard(const char *path, struct outcome *outcome)
{
	struct takt_region *region = NULL;
	struct takt_err err = { 0 };
	int r = takt_region_attach(path, TAKT_REGION_RECORDER, &region, &err);

	if (r == 0) {
		r = takt_region_remove(path);
		outcome->is_discarded = r == 0;
	}
	takt_region_close(region);
	if (r < 0) {
		snprintf(outcome->text, sizeof(outcome->text), "%s", err.code ? err.text : strerror(-r));
	}
	return r;
}

/* --- printing --------------------------------------------------------------------------------- */

static void put_short(struct takt_text_buffer *out, const struct outcome *outcome)
{
	char size[TAKT_QUANTITY_TEXT_BYTES];

	takt_out_put_plain(out, outcome->graph);
	if (outcome->is_discarded) {
		takt_text_buffer_printf(out, " %016" PRIx64 ": %s discarded\n", outcome->run,
					takt_quantity_format_bytes(outcome->bytes, size, sizeof(size)));
		return;
	}
	takt_text_buffer_printf(out, " %016" PRIx64 ": %s recovered into ", outcome->run,
				takt_quantity_format_bytes(outcome->bytes, size, sizeof(size)));
	takt_out_put_plain(out, outcome->directory);
	takt_text_buffer_puts(out, "\n");
}

static void put_row(struct recover *recover, const struct outcome *outcome, const char *path, int r)
{
	struct takt_text_buffer *out = &recover->out.text;
	const char *result;
	char id[24];

	if (r < 0) {
		recover->failed++;
		fprintf(stderr,
			"takt: %s %016" PRIx64 ": not %s: %s; what is there stays in %s%s\n",
			outcome->graph, outcome->run, recover->args->discard ? "discarded" : "recovered",
			outcome->text, path, recover->args->discard ? "" :
			"; takt log recover --log-dir DIR puts it elsewhere");
	}
	if (outcome->is_cut) {
		fprintf(stderr,
			"takt: %s %016" PRIx64 ": its files in shared memory were cut: what stood "
			"there is lost\n", outcome->graph, outcome->run);
	}
	if (r < 0 && recover->out.form == TAKT_FORM_SHORT) {
		return;
	}
	snprintf(id, sizeof(id), "%016" PRIx64, outcome->run);
	result = r < 0 ? "failed" : outcome->is_discarded ? "discarded" : "recovered";
	takt_out_row_begin(&recover->out);
	if (recover->out.form == TAKT_FORM_SHORT) {
		put_short(out, outcome);
	} else if (recover->out.form == TAKT_FORM_CSV) {
		takt_csv_puts(out, outcome->graph);
		takt_text_buffer_printf(out, ",%s,%s,%" PRIu64 ",", id, result, outcome->bytes);
		takt_csv_puts(out, outcome->directory);
	} else {
		takt_out_text_member(out, "{\"graph\":", outcome->graph);
		takt_out_text_member(out, ",\"run\":", id);
		takt_out_text_member(out, ",\"result\":", result);
		takt_out_u64_member(out, ",\"bytes\":", outcome->bytes);
		takt_out_text_member(out, ",\"directory\":", outcome->directory);
		takt_out_text_member(out, ",\"text\":", r < 0 ? outcome->text : "");
		takt_text_buffer_puts(out, "}");
	}
	takt_out_row_end(&recover->out);
}

/* --- which regions ---------------------------------------------------------------------------- */

/* Whether the region at @path is the one that the command line names: its path, the beginning of its run
 * id, its graph. */
static bool is_meant(const struct recover *recover, const char *path)
{
	const char *word = recover->args->log, *id = strrchr(path, '/') + 1;
	char own[PATH_MAX], asked[PATH_MAX];
	size_t bytes;

	if (!word) {
		return true;
	}
	bytes = strlen(word);
	if (bytes <= 16 && strncmp(id, word, bytes) == 0) {
		return true;
	}
	if ((size_t)(id - path) > bytes + 1 && id[-1] == '/' &&
	    strncmp(id - 1 - bytes, word, bytes) == 0 && id[-2 - (long)bytes] == '/') {
		return true;
	}
	return realpath(path, own) && realpath(word, asked) && strcmp(own, asked) == 0;
}

/* Who has the region, when it is not ours to take. */
static void say_busy(struct recover *recover, const struct takt_region *region, const struct outcome *outcome)
{
	const struct takt_recorder_state *recorder = region->recorder;
	const bool is_failing = takt_region_rt_alive(region) == 0 &&
				atomic_load_explicit(&recorder->phase, memory_order_acquire) ==
					TAKT_RECORDER_FAILING;
	char text[sizeof(recorder->text)];

	if (!is_failing) {
		return;
	}
	memcpy(text, recorder->text, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	fprintf(stderr, "takt: %s %016" PRIx64 ": taktd has it, and cannot record it: %s; it gives up soon, or end "
		"it, then try again\n", outcome->graph, outcome->run, text);
	recover->failed++;
}

static int visit(const char *path, void *user)
{
	struct recover *recover = user;
	struct outcome outcome = { 0 };
	struct takt_region *region = NULL;
	struct takt_err err = { 0 };
	int r;

	if (!is_meant(recover, path)) {
		return 0;
	}
	recover->seen++;
	r = takt_region_attach(path, TAKT_REGION_READER, &region, &err);
	if (r == -ENOENT) {
		return 0;		/* just removed: its taktd has it all */
	}
	if (r < 0) {
		recover->failed++;
		fprintf(stderr, "takt: %s\n", err.text);
		return 0;
	}
	snprintf(outcome.graph, sizeof(outcome.graph), "%.*s", (int)sizeof(outcome.graph) - 1,
		 region->info->graph);
	outcome.run = region->info->run;
	outcome.bytes = pending_bytes(region);
	if (takt_region_rt_alive(region) == 0 && takt_region_recorder_alive(region) == 0) {
		recover->dead++;
		r = recover->args->discard ? discard(path, &outcome) : record(recover, path, &outcome);
		if (r == -EBUSY) {
			recover->dead--;	/* a taktd was quicker */
		} else {
			put_row(recover, &outcome, path, r);
		}
	} else {
		say_busy(recover, region, &outcome);
	}
	takt_region_close(region);
	return 0;
}

/* ---------------------------------------------------------------------------------------------- */

static int recover_all(struct recover *recover)
{
	const struct takt_log_args *args = recover->args;
	char control[PATH_MAX + 16];
	int r;

	snprintf(control, sizeof(control), "%s/control", args->log ? args->log : "");
	if (args->log && strchr(args->log, '/') && access(control, F_OK) == 0) {
		char path[PATH_MAX];

		r = realpath(args->log, path) ? visit(path, recover) : -errno;
	} else {
		r = takt_log_live_scan(args->run_dir, visit, recover);
	}
	if (r < 0) {
		fprintf(stderr, "takt: %s\n", strerror(-r));
		return TAKT_EXIT_ERROR;
	}
	if (recover->failed) {
		return TAKT_EXIT_ERROR;
	}
	if (args->log && recover->seen == 0) {
		fprintf(stderr, "takt: %s: no run with shared memory is of that path, id or graph\n",
			args->log);
		return TAKT_EXIT_NO_LOG;
	}
	if (recover->dead == 0 && recover->seen > 0) {
		fputs("takt: nothing to recover: what is there goes on, or taktd records it\n",
		      stderr);
		return args->log ? TAKT_EXIT_ERROR : TAKT_EXIT_OK;
	}
	if (recover->dead == 0) {
		fputs("takt: nothing to recover: no run has left shared memory\n", stderr);
	}
	return TAKT_EXIT_OK;
}

static int absolute(const char *path, char *out)
{
	char cwd[PATH_MAX];
	int n;

	if (path[0] == '/') {
		n = snprintf(out, PATH_MAX, "%s", path);
	} else if (getcwd(cwd, sizeof(cwd))) {
		n = snprintf(out, PATH_MAX, "%s/%s", cwd, path);
	} else {
		return -errno;
	}
	return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int takt_log_command_recover(const struct takt_log_args *args)
{
	struct recover recover = { .args = args };
	struct takt_err err = { 0 };
	int status, written;

	if (args->discard && (!args->log || args->log_dir)) {
		fputs(args->log ? "takt: log recover: --discard or --log-dir, not both\n"
				: "takt: log recover --discard: which one? name the REGION\n", stderr);
		return TAKT_EXIT_USAGE;
	}
	if (args->log_dir && absolute(args->log_dir, recover.log_dir) < 0) {
		fprintf(stderr, "takt: --log-dir %s: the path is too long\n", args->log_dir);
		return TAKT_EXIT_USAGE;
	}
	signal(SIGXFSZ, SIG_IGN);	/* a file at its limit is an error of that write */
	takt_limit_raise(RLIMIT_MEMLOCK);
	takt_limit_raise(RLIMIT_NOFILE);
	if (takt_writer_start(&recover.writer, &err) < 0) {
		fprintf(stderr, "takt: %s\n", err.text);
		return TAKT_EXIT_ERROR;
	}
	takt_out_init(&recover.out, args->form);
	if (args->form == TAKT_FORM_CSV) {
		takt_text_buffer_puts(&recover.out.text, "graph,run,result,bytes,directory\r\n");
	}
	status = recover_all(&recover);
	written = takt_out_fini(&recover.out);
	takt_writer_stop(recover.writer);
	return status ? status : written;
}
