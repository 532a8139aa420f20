/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/text_line.h"

#include <unistd.h>

static const char *colour(uint32_t level)
{
	switch (level) {
	case TAKT_LOG_DEBUG:
		return "\033[2m";
	case TAKT_LOG_WARNING:
		return "\033[33m";
	case TAKT_LOG_ERROR:
	case TAKT_LOG_CRITICAL:
		return "\033[31m";
	default:
		return "";
	}
}

static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f) {
			fprintf(out, "\\x%02x", c);
		} else {
			fputc(c, out);
		}
	}
}

void takt_text_line_print(FILE *out, const struct takt_log *log,
			  const struct takt_log_record *record)
{
	const bool is_text = record->kind == TAKT_LOG_TEXT;
	const uint32_t number = is_text ? record->text->task : record->lifecycle->task;
	const struct takt_log_task *task = takt_log_task_at(log, number);
	const uint32_t level = is_text ? record->text->level : TAKT_LOG_INFO;
	const char *paint = isatty(fileno(out)) ? colour(level) : "";
	const int64_t since_ns =
		(int64_t)(record->mono_ns - takt_log_info_of(log)->start_mono_ns);
	char text[8192];

	takt_log_text_format(log, record, text, sizeof(text));
	fprintf(out, "%12.6f %s%-8s%s %-12s ", (double)since_ns / 1e9, paint,
		is_text ? takt_log_level_name(level) : "event", paint[0] ? "\033[0m" : "",
		task ? task->id : "takt");
	put_escaped(out, text);
	fputc('\n', out);
}
