/* SPDX-License-Identifier: Apache-2.0 */
/* A sentence is a pattern over the record's values. In it %, a letter and the number of the value:
 *
 *     %n0 the number    %p0cycle; "1 cycle", "3 cycles"    %c0 a cycle, "#12"    %t0 ns as a duration
 *     %b0 bytes         %e0 an errno in words              %l0 a level           %g0 a signal's name
 *     %x0 an address    %s the record's text
 *
 * [ and ] enclose what is left out when a value in it is 0, or the text is empty. What a value is stands in
 * lifecycle.def; JSON has them all, as recorded. */
#include "logs/read/lifecycle_text.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "rt/base/quantity.h"
#include "rt/shm/record.h"

static const struct {
	uint32_t event;
	const char *pattern;
} sentences[] = {
	{ TAKT_EVENT_instantiated, "[takt %s, ]pid %n0" },
	{ TAKT_EVENT_mission_stopped, "[%s, ]exit code %n0" },
	{ TAKT_EVENT_task_started, "[failed with %e0]" },
	{ TAKT_EVENT_task_stopped, "[failed with %e0]" },
	{ TAKT_EVENT_task_failed, "[%s ]returned %n0 (%e0)" },
	{ TAKT_EVENT_task_recovered, "after %p0failure;" },
	{ TAKT_EVENT_overrun, "%p3cycle; too long from %c0, the worst by %t2[, %p1cycle; skipped]" },
	{ TAKT_EVENT_late_start, "%p2cycle; from %c0, the worst %t1 late" },
	{ TAKT_EVENT_gap, "%p2copperlist; lost, %c0 to %c1: memory was full" },
	{ TAKT_EVENT_events_lost, "%p0record; lost[, %p1text; among them]: memory was full" },
	{ TAKT_EVENT_panic, "[%g0 ][at address %x1 ][in %s]" },
	{ TAKT_EVENT_stuck, "%t0 in the cycle[, in %s]" },
	{ TAKT_EVENT_input_dropped, "%p0message;" },
	{ TAKT_EVENT_recorder_distrusted, "position %n0[ of %s]" },
	{ TAKT_EVENT_recorder_recovered, "%b0 in memory[, %p1segment; before]" },
	{ TAKT_EVENT_disk_full, "%b0 waiting[: %s]" },
	{ TAKT_EVENT_disk_failed, "%e0, %b1 waiting[: %s]" },
	{ TAKT_EVENT_disk_recovered, "after %t0[, %p1error;]" },
	{ TAKT_EVENT_segment_rolled, "segment %n0, %b1 in %p2chunk;[, %s]" },
	{ TAKT_EVENT_retention_deleted, "segment %n0[ of run %n2], %b1[: %s]" },
	{ TAKT_EVENT_rt_gone, "last cycle %c0[, seen %t1 later][: %s]" },
	{ TAKT_EVENT_level_changed, "from %l0[ to %s]" },
	{ TAKT_EVENT_texts_suppressed, "%p0call; of a limited text[: %s]" },
	{ TAKT_EVENT_texts_lost, "%p1text; of level %l0" },
	{ TAKT_EVENT_python_timeout, "call %n0 was not answered[ within %t1]" },
	{ TAKT_EVENT_python_in_time, "after %p0call; missed" },
	{ TAKT_EVENT_python_refused, "%s of call %n0 cannot be" },
	{ TAKT_EVENT_python_spawned, "pid %n0[, spawn %n1][, %s]" },
	{ TAKT_EVENT_python_ready, "after %t0[, %s]" },
	{ TAKT_EVENT_python_exception, "[call %n0, ][line %n1, ][%p2exception; before not told, ]%s" },
	{ TAKT_EVENT_python_killed, "pid %n0 after %t1[ in %s]" },
	{ TAKT_EVENT_python_exited, "pid %n0, exit code %n1[, %g2][, in call %n3][: %s]" },
	{ TAKT_EVENT_python_restart, "restart %n0[ in %t1]" },
	{ TAKT_EVENT_python_gave_up, "after %p0restart;[: %s]" },
	{ TAKT_EVENT_python_stopped, "after %t0" },
};

/* Four digits are enough to read. */
static uint64_t rounded_ns(uint64_t ns)
{
	uint64_t step = 1;

	while (ns / step >= 10000) {
		step *= 10;
	}
	return (ns + step / 2) / step * step;
}

static void put_duration(struct takt_text_sink *sink, int64_t ns)
{
	char out[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_sink_puts(sink, ns < 0 ? "-" : "");
	takt_text_sink_puts(sink, takt_quantity_format_ns(rounded_ns(ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns),
							  out, sizeof(out)));
}

static void put_error(struct takt_text_sink *sink, int64_t value)
{
	const uint64_t error = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char out[32];

	if (error > 4095) {
		snprintf(out, sizeof(out), "error %" PRId64, value);
		takt_text_sink_puts(sink, out);
	} else {
		takt_text_sink_puts(sink, strerror((int)error));
	}
}

static void put_signal(struct takt_text_sink *sink, int64_t value)
{
	const char *name = value > 0 && value < NSIG ? sigabbrev_np((int)value) : NULL;
	char out[32];

	if (name) {
		takt_text_sink_puts(sink, "SIG");
		takt_text_sink_puts(sink, name);
	} else {
		snprintf(out, sizeof(out), "signal %" PRId64, value);
		takt_text_sink_puts(sink, out);
	}
}

static void put_value(struct takt_text_sink *sink, char letter, int64_t value)
{
	char out[TAKT_QUANTITY_TEXT_BYTES];

	switch (letter) {
	case 't':
		put_duration(sink, value);
		return;
	case 'b':
		takt_text_sink_puts(sink, takt_quantity_format_bytes(value > 0 ? (uint64_t)value : 0, out,
								     sizeof(out)));
		return;
	case 'e':
		put_error(sink, value);
		return;
	case 'g':
		put_signal(sink, value);
		return;
	case 'l':
		takt_text_sink_puts(sink, takt_log_level_name(value < 0 ? UINT32_MAX : (uint32_t)value));
		return;
	case 'x':
		snprintf(out, sizeof(out), "0x%" PRIx64, (uint64_t)value);
		break;
	default:
		snprintf(out, sizeof(out), letter == 'c' ? "#%" PRId64 : "%" PRId64, value);
	}
	takt_text_sink_puts(sink, out);
}

/* One %… at *@at; moves behind it. */
static void put_part(struct takt_text_sink *sink, const struct takt_log_lifecycle *event, const char **at)
{
	const char letter = (*at)[1];
	int64_t value;

	if (letter == 's') {
		takt_text_sink_puts(sink, event->text);
		*at += 2;
		return;
	}
	value = event->values[(*at)[2] - '0'];
	*at += 3;
	put_value(sink, letter, value);
	if (letter == 'p') {
		const size_t word = strcspn(*at, ";");

		takt_text_sink_puts(sink, " ");
		takt_text_sink_put(sink, *at, word);
		takt_text_sink_puts(sink, value == 1 ? "" : "s");
		*at += word + 1;
	}
}

/* Whether all that the part in brackets from @at on says is there. */
static bool is_there(const struct takt_log_lifecycle *event, const char *at)
{
	for (; *at != ']'; at++) {
		if (*at == '%' && (at[1] == 's' ? event->text[0] == '\0' : event->values[at[2] - '0'] == 0)) {
			return false;
		}
	}
	return true;
}

static void put_pattern(struct takt_text_sink *sink, const struct takt_log_lifecycle *event,
			const char *pattern)
{
	const char *at = pattern;

	while (*at) {
		if (*at == '[') {
			at += is_there(event, at) ? 1 : strcspn(at, "]") + 1;
		} else if (*at == '%') {
			put_part(sink, event, &at);
		} else {
			takt_text_sink_put(sink, at, *at != ']');
			at++;
		}
	}
}

static const char *pattern_of(uint32_t event)
{
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (sentences[i].event == event) {
			return sentences[i].pattern;
		}
	}
	return NULL;
}

/* Values by their names; all of an event that is not known. */
static void put_values(struct takt_text_sink *sink, const struct takt_log_lifecycle *event, bool is_known)
{
	const char *before = ": ";
	char out[32];

	for (uint32_t i = 0; i < 4; i++) {
		if (event->value_names[i][0] || (!is_known && event->values[i])) {
			takt_text_sink_puts(sink, before);
			takt_text_sink_puts(sink, event->value_names[i]);
			snprintf(out, sizeof(out), is_known ? " %" PRId64 : "%" PRId64, event->values[i]);
			takt_text_sink_puts(sink, out);
			before = ", ";
		}
	}
}

void takt_log_lifecycle_put(struct takt_text_sink *sink, const struct takt_log_lifecycle *event)
{
	const bool is_known = strcmp(event->name, "unknown") != 0;
	const char *pattern = is_known ? pattern_of(event->event) : NULL;
	struct takt_text_sink nothing = { NULL, 0, 0 };
	char out[32];

	for (const char *c = event->name; *c; c++) {
		takt_text_sink_put(sink, *c == '_' ? " " : c, 1);
	}
	if (!is_known) {
		snprintf(out, sizeof(out), " event %" PRIu32, event->event);
		takt_text_sink_puts(sink, out);
	}
	if (pattern) {
		put_pattern(&nothing, event, pattern);
		takt_text_sink_puts(sink, nothing.used > 0 ? ": " : "");
		put_pattern(sink, event, pattern);
	} else {
		put_values(sink, event, is_known);
	}
	if (event->text[0] && !(pattern && strstr(pattern, "%s"))) {
		takt_text_sink_puts(sink, ": ");
		takt_text_sink_puts(sink, event->text);
	}
}
