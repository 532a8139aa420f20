/* SPDX-License-Identifier: Apache-2.0 */
/* takt log rm: deletes runs. Only what is takt's in a run's directory goes; one that is still recorded stays. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/read/handle.h"
#include "logs/write/segment_files.h"
#include "rt/base/json.h"
#include "rt/base/quantity.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/out.h"

struct removing {
	const struct takt_log_args *args;
	struct takt_out out;
	char path[PATH_MAX];
	uint64_t run;
	uint64_t bytes;
	uint32_t segment_count;
	uint32_t kept_count;
};

static int refuse(const struct removing *removing, const char *why)
{
	fprintf(stderr, "takt: %s: %s\n", removing->path, why);
	return TAKT_EXIT_ERROR;
}

/* What it is, and whether it may go. */
static int look(struct removing *removing)
{
	const struct takt_log_options options = { sizeof(options), 1, removing->args->run_dir };
	struct takt_log_error error = { 0 };
	const struct takt_log_file *file;
	struct takt_log *log;
	struct stat st;
	bool is_attached;
	uint32_t state;
	int r;

	if (stat(removing->path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		return refuse(removing, "is one segment; name the directory of its run");
	}
	r = takt_log_open(removing->path, &options, &log, &error);
	if (r < 0) {
		return takt_log_error_print(r, &error);
	}
	removing->run = takt_log_info_of(log)->run;
	removing->bytes = takt_log_info_of(log)->bytes;
	removing->segment_count = takt_log_info_of(log)->segment_count;
	removing->kept_count = 0;
	for (uint32_t i = 0; (file = takt_log_file_at(log, i)); i++) {
		removing->kept_count += file->is_kept;
	}
	is_attached = log->live != NULL;
	state = takt_log_info_of(log)->state;
	takt_log_close(log);
	if (state == TAKT_LOG_LIVE) {
		return refuse(removing, "the run goes on; stop it first");
	}
	if (is_attached) {
		return refuse(removing, "taktd is not through with it: the rest is in shared memory");
	}
	return removing->segment_count > 0 ? TAKT_EXIT_OK : refuse(removing, "is not the directory of a run");
}

static bool is_yes(void)
{
	char line[16] = "";

	return fgets(line, sizeof(line), stdin) && (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0);
}

/* Whether the user wants it. */
static bool ask(const struct removing *removing)
{
	char size[TAKT_QUANTITY_TEXT_BYTES];

	fprintf(stderr, "delete %s (%" PRIu32 " segment%s, %s", removing->path, removing->segment_count,
		removing->segment_count == 1 ? "" : "s",
		takt_quantity_format_bytes(removing->bytes, size, sizeof(size)));
	if (removing->kept_count) {
		fprintf(stderr, "; %" PRIu32 " marked to be kept", removing->kept_count);
	}
	fputs(")? [y/N] ", stderr);
	return is_yes();
}

static void show(struct removing *removing)
{
	struct takt_text_buffer *text = &removing->out.text;
	char size[TAKT_QUANTITY_TEXT_BYTES], id[24];

	snprintf(id, sizeof(id), "%016" PRIx64, removing->run);
	takt_out_row_begin(&removing->out);
	if (removing->out.form == TAKT_FORM_SHORT) {
		takt_text_buffer_puts(text, "deleted ");
		takt_out_put_plain(text, removing->path);
		takt_text_buffer_printf(text, " (%s)\n",
					takt_quantity_format_bytes(removing->bytes, size, sizeof(size)));
	} else if (removing->out.form == TAKT_FORM_CSV) {
		takt_text_buffer_printf(text, "%s,%" PRIu64 ",", id, removing->bytes);
		takt_csv_puts(text, removing->path);
	} else {
		takt_out_text_member(text, "{\"run\":", id);
		takt_out_u64_member(text, ",\"bytes\":", removing->bytes);
		takt_out_text_member(text, ",\"path\":", removing->path);
		takt_text_buffer_puts(text, "}");
	}
	takt_out_row_end(&removing->out);
}

static int remove_one(struct removing *removing, const char *word)
{
	struct takt_log_args args = *removing->args;
	int r;

	args.log = word;
	r = takt_log_find_path(&args, removing->path);
	if (r == TAKT_EXIT_OK) {
		r = look(removing);
	}
	if (r != TAKT_EXIT_OK) {
		return r;
	}
	if (!removing->args->force && !ask(removing)) {
		return TAKT_EXIT_OK;
	}
	r = takt_run_files_delete(removing->path);
	if (r == -EBUSY) {
		return refuse(removing, "is still being written");
	}
	if (r < 0 && r != -ENOTEMPTY) {
		return refuse(removing, strerror(-r));
	}
	show(removing);
	return r == 0 ? TAKT_EXIT_OK : refuse(removing, "the directory stays: other files are in it");
}

int takt_log_command_rm(const struct takt_log_args *args)
{
	struct removing removing = { .args = args };
	int status = TAKT_EXIT_OK, fini;

	if (args->word_count == 0) {
		fputs("takt: log rm: which one? name the LOG; takt log list shows them\n", stderr);
		return TAKT_EXIT_USAGE;
	}
	if (!args->force && (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))) {
		fputs("takt: log rm asks before it deletes, and there is no terminal: use --force\n", stderr);
		return TAKT_EXIT_USAGE;
	}
	takt_out_init(&removing.out, args->form);
	if (args->form == TAKT_FORM_CSV) {
		takt_text_buffer_puts(&removing.out.text, "run,bytes,path\r\n");
	}
	for (int i = 0; i < args->word_count; i++) {
		const int one = remove_one(&removing, args->words[i]);

		status = status == TAKT_EXIT_OK ? one : status;
		takt_out_flush(&removing.out);
	}
	fini = takt_out_fini(&removing.out);
	return status == TAKT_EXIT_OK ? fini : status;
}
