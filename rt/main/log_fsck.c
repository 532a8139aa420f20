/* SPDX-License-Identifier: Apache-2.0 */
/* takt log fsck: a row for each thing that is wrong, with what can be done about it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/read/handle.h"
#include "logs/read/run.h"
#include "logs/write/repair.h"
#include "logs/write/segment.h"
#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/out.h"
#include "rt/main/progress.h"

struct finding {
	const char *file;
	const char *what;
	const char *kind;
	uint64_t offset;
	uint64_t bytes;
	bool harmless;
	int result;			/* as struct takt_repair's */
};

struct fsck {
	const struct takt_log_args *args;
	struct takt_log *log;
	struct takt_out *out;
	char directory[PATH_MAX];	/* of the segments */
	char only[NAME_MAX + 1];	/* of them; "": all */
	uint64_t damaged;		/* and not repaired */
	uint64_t repaired;
	uint64_t harmless;
	int error;			/* first -errno of looking at the files */
};

/* --- printing --------------------------------------------------------------------------------- */

static const char *repair_text(int result)
{
	return result == TAKT_REPAIR_DONE ? "done" : result == TAKT_REPAIR_POSSIBLE ? "possible"
	       : result == -EBUSY ? "locked" : result == -ENOTSUP ? "" : "failed";
}

static void put_short(struct takt_text_buffer *out, const struct finding *finding)
{
	takt_out_put_plain(out, finding->file[0] ? finding->file : "(the log)");
	if (finding->bytes > 0) {
		takt_text_buffer_printf(out, " at %" PRIu64 ", %" PRIu64 " bytes", finding->offset,
					finding->bytes);
	}
	takt_text_buffer_printf(out, ": %s", finding->what);
	if (finding->result == TAKT_REPAIR_DONE) {
		takt_text_buffer_puts(out, ": repaired");
	} else if (finding->result == TAKT_REPAIR_POSSIBLE) {
		takt_text_buffer_puts(out, finding->harmless ? " (harmless; --repair removes it)"
							     : " (--repair writes it again)");
	} else if (finding->result == -EBUSY) {
		takt_text_buffer_puts(out, " (its writer has it locked: left alone)");
	} else if (finding->result != -ENOTSUP) {
		takt_text_buffer_printf(out, " (not repaired: %s)", strerror(-finding->result));
	}
	takt_text_buffer_puts(out, "\n");
}

static void put_json(struct takt_text_buffer *out, const struct finding *finding)
{
	takt_out_text_member(out, "{\"file\":", finding->file);
	takt_out_u64_member(out, ",\"offset\":", finding->offset);
	takt_out_u64_member(out, ",\"bytes\":", finding->bytes);
	takt_out_text_member(out, ",\"kind\":", finding->kind);
	takt_out_text_member(out, ",\"what\":", finding->what);
	takt_out_bool_member(out, ",\"harmless\":", finding->harmless);
	takt_out_text_member(out, ",\"repair\":", repair_text(finding->result));
	takt_text_buffer_puts(out, "}");
}

static void put_csv(struct takt_text_buffer *out, const struct finding *finding)
{
	takt_csv_puts(out, finding->file);
	takt_text_buffer_printf(out, ",%" PRIu64 ",%" PRIu64 ",%s,", finding->offset, finding->bytes,
				finding->kind);
	takt_csv_puts(out, finding->what);
	takt_text_buffer_printf(out, ",%s,%s", finding->harmless ? "true" : "false",
				repair_text(finding->result));
}

static void put(struct fsck *fsck, const struct finding *finding)
{
	const uint64_t count = fsck->repaired + fsck->harmless + fsck->damaged;

	if (finding->result == TAKT_REPAIR_DONE) {
		fsck->repaired++;
	} else if (finding->harmless) {
		fsck->harmless++;
	} else {
		fsck->damaged++;
	}
	if (fsck->args->form == TAKT_FORM_JSON || fsck->args->form == TAKT_FORM_JSONL) {
		takt_text_buffer_puts(&fsck->out->text, count == 0 ? "" : ",");
		put_json(&fsck->out->text, finding);
		return;		/* within the log's row */
	}
	takt_out_row_begin(fsck->out);
	if (fsck->args->form == TAKT_FORM_SHORT) {
		put_short(&fsck->out->text, finding);
	} else {
		put_csv(&fsck->out->text, finding);
	}
	takt_out_row_end(fsck->out);
}

/* --- what the files need ---------------------------------------------------------------------- */

static void put_repair(const struct takt_repair *repair, void *user)
{
	static const struct {
		const char *kind;
		const char *what;
		bool harmless;
	} texts[] = {
		[TAKT_REPAIR_SUPERBLOCK] = { "superblock", "superblock is damaged, its copy is good",
					     false },
		[TAKT_REPAIR_SUPERBLOCKS_DIFFER] = { "superblock", "superblock differs from its copy",
						     false },
		[TAKT_REPAIR_NO_SUPERBLOCK] = { "superblock", "both superblocks are damaged", false },
		[TAKT_REPAIR_PREALLOCATED] = { "preallocated", "room that was never written", true },
		[TAKT_REPAIR_UNFINISHED] = { "unfinished", "segment that was never begun", true },
	};
	struct fsck *fsck = user;
	char path[PATH_MAX + NAME_MAX + 2];

	snprintf(path, sizeof(path), "%s/%s", fsck->directory, repair->name);
	put(fsck, &(struct finding){
		.file = path, .what = texts[repair->kind].what, .kind = texts[repair->kind].kind,
		.offset = repair->offset, .bytes = repair->bytes,
		.harmless = texts[repair->kind].harmless, .result = repair->result });
}

static bool has_suffix(const char *name, const char *suffix)
{
	const size_t n = strlen(name), m = strlen(suffix);

	return name[0] != '.' && n > m && strcmp(name + n - m, suffix) == 0;
}

static void check_file(struct fsck *fsck, int dir_fd, const char *name)
{
	const bool goes_on = fsck->log && takt_log_info_of(fsck->log)->state == TAKT_LOG_LIVE;
	const bool repair = fsck->args->repair;
	int r = 0;

	if (fsck->only[0] && strcmp(name, fsck->only) != 0) {
		return;
	}
	if (has_suffix(name, TAKT_SEGMENT_SUFFIX)) {
		r = takt_repair_segment(dir_fd, name, repair, put_repair, fsck);
	} else if (!goes_on && has_suffix(name, TAKT_SEGMENT_SUFFIX TAKT_SEGMENT_NEW_SUFFIX)) {
		r = takt_repair_unfinished(dir_fd, name, repair, put_repair, fsck);
	}
	if (r < 0 && r != -ENOENT) {
		fprintf(stderr, "takt: %s/%s: %s\n", fsck->directory, name, strerror(-r));
		fsck->error = fsck->error ? fsck->error : r;
	}
}

static void check_files(struct fsck *fsck)
{
	struct dirent **names;
	const int dir_fd = open(fsck->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int count = dir_fd < 0 ? -1 : scandir(fsck->directory, &names, NULL, alphasort);

	if (count < 0) {
		fsck->error = -errno;
		fprintf(stderr, "takt: %s: %s\n", fsck->directory, strerror(errno));
	}
	for (int i = 0; i < count; i++) {
		check_file(fsck, dir_fd, names[i]->d_name);
		free(names[i]);
	}
	if (count >= 0) {
		free(names);
	}
	if (dir_fd >= 0) {
		close(dir_fd);
	}
}

/* --- what readers find ------------------------------------------------------------------------ */

static const char *kind_name(uint32_t kind)
{
	static const char *const names[] = {
		[TAKT_LOG_BAD_FILE] = "file", [TAKT_LOG_BAD_CATALOG] = "catalog",
		[TAKT_LOG_BAD_HEADER] = "header", [TAKT_LOG_BAD_PAYLOAD] = "payload",
		[TAKT_LOG_BAD_RECORD] = "record", [TAKT_LOG_CUT_CHUNK] = "cut",
		[TAKT_LOG_LOST_CHUNKS] = "lost", [TAKT_LOG_BAD_INDEX] = "index" };

	return kind < sizeof(names) / sizeof(names[0]) && names[kind] ? names[kind] : "other";
}

static void put_damages(struct fsck *fsck)
{
	const struct takt_log_damage *damage;
	char what[160];

	for (uint32_t i = 0; (damage = takt_log_damage_at(fsck->log, i)); i++) {
		const struct takt_log_stream *stream = takt_log_stream_at(fsck->log, damage->stream);

		if (damage->kind == TAKT_LOG_BAD_HEADER && damage->offset < TAKT_SEGMENT_CHUNKS_AT) {
			continue;	/* superblocks: looked at above */
		}
		snprintf(what, sizeof(what), "%s", damage->what);
		if (damage->kind == TAKT_LOG_LOST_CHUNKS && stream) {
			snprintf(what, sizeof(what), "chunks %" PRIu64 " to %" PRIu64
				 " of stream %.64s are missing", damage->first_seq, damage->last_seq,
				 stream->name);
		}
		put(fsck, &(struct finding){ .file = damage->file, .what = what,
			.kind = kind_name(damage->kind), .offset = damage->offset,
			.bytes = damage->bytes, .result = -ENOTSUP });
	}
}

/* As takt_log_verify, with a bar. */
static int read_all(struct fsck *fsck, struct takt_log_error *error)
{
	const struct takt_log_info *info = takt_log_info_of(fsck->log);
	const uint64_t total_ns = info->end_mono_ns - info->first_mono_ns;
	const uint64_t start_ns = info->first_mono_ns;
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	struct takt_progress progress;
	int r = takt_log_cursor_create(fsck->log, NULL, &cursor, error);

	if (r < 0) {
		return r;
	}
	takt_progress_init(&progress, "checking", total_ns);
	while ((r = takt_log_next(cursor, &record, error)) > 0) {
		takt_progress_put(&progress, record->mono_ns > start_ns ? record->mono_ns - start_ns : 0);
	}
	takt_progress_fini(&progress);
	takt_log_cursor_destroy(cursor);
	return r < 0 ? r : takt_log_verify_rest(fsck->log, error);
}

/* ---------------------------------------------------------------------------------------------- */

static void put_summary(struct fsck *fsck)
{
	const struct takt_log_info *info = takt_log_info_of(fsck->log);
	struct takt_text_buffer *out = &fsck->out->text;

	takt_out_put_plain(out, info->graph);
	takt_text_buffer_printf(out, " run %016" PRIx64 ", %s: %" PRIu32 " segments, %" PRIu64 " chunks, %"
				PRIu64 " records: ", info->run, takt_log_state_name(info->state),
				info->segment_count, info->chunk_count, info->record_count);
	if (fsck->damaged == 0) {
		takt_text_buffer_puts(out, fsck->repaired ? "now sound" : "sound");
	} else {
		takt_text_buffer_printf(out, "damaged in %" PRIu64 " place%s", fsck->damaged,
					fsck->damaged == 1 ? "" : "s");
	}
	if (fsck->repaired) {
		takt_text_buffer_printf(out, ", %" PRIu64 " repaired", fsck->repaired);
	}
	takt_text_buffer_puts(out, fsck->args->deep ? " (every checksum)\n"
						    : " by headers (--deep: every checksum)\n");
	if (info->state == TAKT_LOG_LIVE) {
		takt_text_buffer_puts(out, "the run goes on: what is being written was left out\n");
	}
}

static void put_json_head(struct fsck *fsck, const char *path)
{
	const struct takt_log_info *info = fsck->log ? takt_log_info_of(fsck->log) : NULL;
	struct takt_text_buffer *out = &fsck->out->text;
	char id[24];

	takt_out_text_member(out, "{\"path\":", path);
	if (info) {
		snprintf(id, sizeof(id), "%016" PRIx64, info->run);
		takt_out_text_member(out, ",\"run\":", id);
		takt_out_text_member(out, ",\"graph\":", info->graph);
		takt_out_text_member(out, ",\"state\":", takt_log_state_name(info->state));
	}
	takt_out_text_member(out, ",\"checked\":", fsck->args->deep ? "checksums" : "headers");
	takt_text_buffer_puts(out, ",\"findings\":[");
}

static void put_json_tail(struct fsck *fsck)
{
	const struct takt_log_info *info = fsck->log ? takt_log_info_of(fsck->log) : NULL;
	struct takt_text_buffer *out = &fsck->out->text;

	takt_out_u64_member(out, "],\"damaged\":", fsck->damaged);
	takt_out_u64_member(out, ",\"repaired\":", fsck->repaired);
	takt_out_u64_member(out, ",\"harmless\":", fsck->harmless);
	if (info) {
		takt_out_u64_member(out, ",\"segments\":", info->segment_count);
		takt_out_u64_member(out, ",\"chunks\":", info->chunk_count);
		takt_out_u64_member(out, ",\"records\":", info->record_count);
	}
	takt_text_buffer_puts(out, "}");
}

/* A run that does not go on is looked at as its files are, without what its shared memory still holds. */
static void settle(struct fsck *fsck)
{
	struct takt_log *log;
	char path[PATH_MAX];

	if (takt_log_info_of(fsck->log)->state == TAKT_LOG_LIVE) {
		return;
	}
	snprintf(path, sizeof(path), "%s", takt_log_info_of(fsck->log)->path);
	if (takt_log_open(path, NULL, &log, NULL) == 0) {
		takt_log_close(fsck->log);
		fsck->log = log;
	}
}

static void find_directory(struct fsck *fsck, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!has_suffix(slash ? slash + 1 : path, TAKT_SEGMENT_SUFFIX)) {
		snprintf(fsck->directory, sizeof(fsck->directory), "%s", path);
		return;
	}
	snprintf(fsck->directory, sizeof(fsck->directory), "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	snprintf(fsck->only, sizeof(fsck->only), "%.255s", slash ? slash + 1 : path);
}

/* Look at all, put what is found. Of a log of which not even the catalog can be read, @error says why.
 * Returns 0, -errno with @error. */
static int look(struct fsck *fsck, const char *path, struct takt_log_error *error)
{
	const bool is_json = fsck->args->form == TAKT_FORM_JSON || fsck->args->form == TAKT_FORM_JSONL;
	int r = 0;

	if (is_json) {
		takt_out_row_begin(fsck->out);
		put_json_head(fsck, path);
	}
	check_files(fsck);
	if (!fsck->log) {
		put(fsck, &(struct finding){ .file = path, .what = error->text, .kind = "catalog",
					     .offset = TAKT_SEGMENT_CHUNKS_AT, .result = -ENOTSUP });
	} else {
		r = fsck->args->deep ? read_all(fsck, error) : 0;
		put_damages(fsck);
	}
	if (is_json) {
		put_json_tail(fsck);
		takt_out_row_end(fsck->out);
	} else if (fsck->log && fsck->args->form == TAKT_FORM_SHORT) {
		put_summary(fsck);
	}
	takt_out_flush(fsck->out);
	return r;
}

/* The log that @word means. Returns the exit status. */
static int check(const struct takt_log_args *args, const char *word, struct takt_out *out)
{
	const struct takt_log_options options = { sizeof(options), 1, args->run_dir };
	struct fsck fsck = { .args = args, .out = out };
	struct takt_log_error error = { 0 };
	struct takt_log_args one = *args;
	char path[PATH_MAX];
	int status, r;

	one.log = word;
	status = takt_log_find_path(&one, path);
	if (status != TAKT_EXIT_OK) {
		return status;
	}
	r = takt_log_open(path, &options, &fsck.log, &error);
	if (r < 0 && (r != -EBADMSG || !takt_log_run_is_here(path))) {
		return takt_log_error_print(r, &error);
	}
	find_directory(&fsck, path);
	if (fsck.log) {
		settle(&fsck);
	}
	r = look(&fsck, path, &error);
	takt_log_close(fsck.log);
	if (r < 0) {
		return takt_log_error_print(r, &error);
	}
	return fsck.error ? TAKT_EXIT_ERROR : fsck.damaged ? TAKT_EXIT_DAMAGED : TAKT_EXIT_OK;
}

int takt_log_command_fsck(const struct takt_log_args *args)
{
	struct takt_out out;
	int status = TAKT_EXIT_OK, written;

	takt_out_init(&out, args->form);
	if (args->form == TAKT_FORM_CSV) {
		takt_text_buffer_puts(&out.text, "file,offset,bytes,kind,what,harmless,repair\r\n");
	}
	for (int i = 0; i == 0 || i < args->word_count; i++) {
		const int one = check(args, i < args->word_count ? args->words[i] : NULL, &out);

		/* What could not be looked at counts for more than what was found. */
		status = status == TAKT_EXIT_OK || (status == TAKT_EXIT_DAMAGED && one != TAKT_EXIT_OK)
				 ? one : status;
	}
	if (out.rows == 0 && status != TAKT_EXIT_OK && status != TAKT_EXIT_DAMAGED) {
		takt_out_drop(&out);
	}
	written = takt_out_fini(&out);
	return written != TAKT_EXIT_OK ? written : status;
}
