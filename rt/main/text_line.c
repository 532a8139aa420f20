/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/text_line.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "rt/main/lost_line.h"
#include "rt/main/out.h"

static const char *colour_of(uint32_t level)
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

/* @word: what stands for the level of a lifecycle record. */
static void put(struct takt_text_buffer *out, const struct takt_log *log, const struct takt_log_record *record,
		enum takt_time_way way, const char *word, const char *text, bool colour)
{
	const bool is_text = record->kind == TAKT_LOG_TEXT;
	const uint32_t number = is_text ? record->text->task : record->lifecycle->task;
	const struct takt_log_task *task = takt_log_task_at(log, number);
	const uint32_t level = is_text ? record->text->level
			     : strcmp(word, "event") == 0 ? TAKT_LOG_INFO : TAKT_LOG_WARNING;
	const char *paint = colour ? colour_of(level) : "";

	takt_time_put(out, way, log, record);
	takt_text_buffer_printf(out, " %s%-8s%s ", paint,
				is_text ? takt_log_level_name(level) : word,
				paint[0] ? "\033[0m" : "");
	takt_out_put_padded(out, task ? task->id : "takt", 12);
	takt_text_buffer_puts(out, " ");
	takt_out_put_plain(out, text);
	if (is_text && record->text->suppressed > 0) {
		takt_text_buffer_printf(out, " (%" PRIu64 " left out before)", record->text->suppressed);
	}
	takt_text_buffer_puts(out, "\n");
}

void takt_text_line_put(struct takt_text_buffer *out, const struct takt_log *log,
			const struct takt_log_record *record, enum takt_time_way way,
			const char *text, bool colour)
{
	put(out, log, record, way, "event", text, colour);
}

void takt_text_line_put_lost(struct takt_text_buffer *out, const struct takt_log *log,
			     const struct takt_log_record *record, enum takt_time_way way, bool colour)
{
	char text[80];

	takt_lost_line_format(record, text, sizeof(text));
	put(out, log, record, way, "lost", text, colour);
}

void takt_text_line_print_lost(FILE *out, const struct takt_log *log,
			       const struct takt_log_record *record)
{
	struct takt_text_buffer buffer;
	char line[256];

	takt_text_buffer_init_fixed(&buffer, line, sizeof(line));
	takt_text_line_put_lost(&buffer, log, record, TAKT_TIME_REL, isatty(fileno(out)));
	fputs(line, out);
}

static void print(FILE *out, const struct takt_log *log, const struct takt_log_record *record, const char *word)
{
	char text[8192], line[4 * sizeof(text)];
	struct takt_text_buffer buffer;

	takt_log_text_format(log, record, text, sizeof(text));
	takt_text_buffer_init_fixed(&buffer, line, sizeof(line));
	put(&buffer, log, record, TAKT_TIME_REL, word, text, isatty(fileno(out)));
	fputs(line, out);
}

void takt_text_line_print(FILE *out, const struct takt_log *log, const struct takt_log_record *record)
{
	print(out, log, record, "event");
}

void takt_text_line_print_warning(FILE *out, const struct takt_log *log,
				  const struct takt_log_record *record)
{
	print(out, log, record, takt_log_level_name(TAKT_LOG_WARNING));
}
