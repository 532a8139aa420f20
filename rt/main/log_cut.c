/* SPDX-License-Identifier: Apache-2.0 */
/* takt log cut: a part of a log as a log of its own. */
#include <inttypes.h>
#include <stdio.h>

#include "logs/write/cut.h"
#include "rt/base/quantity.h"
#include "rt/main/commands.h"
#include "rt/main/log_find.h"
#include "rt/main/log_time.h"

static int parse_time(const struct takt_log *log, const char *option, const char *text,
		      struct takt_log_point *ret_point)
{
	struct takt_err err = { 0 };

	if (text && takt_log_time_parse(text, takt_log_info_of(log), ret_point, &err) < 0) {
		fprintf(stderr, "takt: %s: %s\n", option, err.text);
		return -1;
	}
	return 0;
}

static int cut_log(struct takt_log *log, const struct takt_log_args *args)
{
	struct takt_cut cut = { .record_count = 0 };
	char size[TAKT_QUANTITY_TEXT_BYTES];
	struct takt_err err = { 0 };

	if (parse_time(log, "--since", args->since, &cut.since) < 0 ||
	    parse_time(log, "--until", args->until, &cut.until) < 0) {
		return TAKT_EXIT_USAGE;
	}
	if (takt_cut_write(log, &cut, args->out, &err) < 0) {
		fprintf(stderr, "takt: %s\n", err.text);
		return TAKT_EXIT_ERROR;
	}
	printf("%s: %" PRIu64 " records, %s\n", args->out, cut.record_count,
	       takt_quantity_format_bytes(cut.bytes, size, sizeof(size)));
	if (cut.bad_chunk_count > 0) {
		fprintf(stderr, "takt: %" PRIu64 " damaged chunks of the log are left out\n",
			cut.bad_chunk_count);
		return TAKT_EXIT_DAMAGED;
	}
	return TAKT_EXIT_OK;
}

int takt_log_command_cut(const struct takt_log_args *args)
{
	struct takt_log *log;
	int status;

	if (!args->out || (!args->since && !args->until)) {
		fputs("takt: log cut needs -o OUT, and --since TIME, --until TIME or both: takt log cut --help\n",
		      stderr);
		return TAKT_EXIT_USAGE;
	}
	status = takt_log_find_files(args, &log);
	if (status != TAKT_EXIT_OK) {
		return status;
	}
	status = cut_log(log, args);
	takt_log_close(log);
	return status;
}
