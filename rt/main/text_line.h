/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the text log for people. */
#ifndef TAKT_MAIN_TEXT_LINE_H
#define TAKT_MAIN_TEXT_LINE_H

#include <stdbool.h>
#include <stdio.h>

#include <takt/log.h>

#include "rt/base/text_buffer.h"
#include "rt/main/log_time.h"

/* "   12.345678 info     nmea         fix 3d, 0.9 m": seconds since the run's start, level (coloured on a
 * terminal), task, text with control characters escaped. @record: a text or lifecycle record. */
void takt_text_line_print(FILE *out, const struct takt_log *log,
			  const struct takt_log_record *record);

/* The same for a lifecycle record that a user should know of, as a warning of the runtime. */
void takt_text_line_print_warning(FILE *out, const struct takt_log *log,
				  const struct takt_log_record *record);

/* The same for a record that says which texts are missing there (lost_line.h). */
void takt_text_line_print_lost(FILE *out, const struct takt_log *log,
			       const struct takt_log_record *record);

/* The same into a buffer, its time shown as @way says; @text is the record's. */
void takt_text_line_put(struct takt_text_buffer *out, const struct takt_log *log,
			const struct takt_log_record *record, enum takt_time_way way,
			const char *text, bool colour);
void takt_text_line_put_lost(struct takt_text_buffer *out, const struct takt_log *log,
			     const struct takt_log_record *record, enum takt_time_way way, bool colour);

#endif
