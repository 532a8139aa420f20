/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/log_notes.h"

#include <stddef.h>
#include <string.h>

const char takt_log_time_notes[] =
	"\nTIME is one of\n"
	"  10s, 1.5min       since the run's start, the zero of the times that are shown\n"
	"  -10s              before the last thing that the run recorded\n"
	"  #120              a cycle\n"
	"  2026-01-31T12:00  a date, with or without time of day; 2026-01-31 12:00:00.5 too. Local time\n"
	"                    unless Z (UTC) or +01:00 follows\n"
	"  16:43, 16:43:47   local time of day: the last one in the log, else on the day when it began\n"
	"  now, today, yesterday\n";

const char takt_log_list_time_notes[] =
	"\nTIME is 2026-01-31, 2026-01-31T12:00 (local unless Z or +01:00 follows), 16:43 (today), now, today,\n"
	"yesterday, or -24h (before now). A run is shown when it has recorded something between the two.\n";

static const struct {
	const char *name;
	const char *text;
} notes[] = {
	{ "list",
	  "\nstart and length are from the first to the last record of takt-rt that is there; size is what\n"
	  "was written, of a run that goes on without the room set aside for it.\n" },
	{ "info",
	  "\nstart and length are from the first to the last record of takt-rt that is there: what taktd\n"
	  "says when it recovers a run is no time of it, and what retention has deleted is gone.\n" },
	{ "stats",
	  "\nWhat the figures are (p50, p99, p99.9: so many of a hundred are not greater; within 1 %):\n"
	  "  period      from one call of a task to the next, not across missing copperlists. Where the\n"
	  "              graph has a rate, within 1 % of its deviation from that\n"
	  "  process     begin to end of a call; of io and background tasks: of taking over their results\n"
	  "  jitter      |period - nominal period| of a lane's task; without one: |period - the one before|\n"
	  "  duration    of a cycle: begin of its first task to the end of its last one\n"
	  "  late        how long after its planned time a cycle began\n"
	  "  misses      calls (cycles) that ended more than one period after the cycle's planned time\n"
	  "  overruns    cycles that took longer than a period; skipped: planned times left out for them\n"
	  "  late starts cycles that began more than a tenth of a period (at least 50 us) late\n"
	  "  failed      calls with an error; aborted: not called, the cycle was given up before\n"
	  "  absent      the task was called and sent nothing; of a connection: the reader found nothing\n"
	  "  held        the reader found an older message, by hold\n"
	  "  end to end  from the begin of the earliest source (io: receive time) that a sink depends on\n"
	  "              in the same cycle, to the end of the sink\n"
	  "  rate        calls (messages) a second\n"
	  "  missing     copperlists that should be there by their numbers, and are not\n" },
	{ "digest",
	  "\nOf each stream, over its copperlists and texts as they were recorded, times included: two runs of one\n"
	  "graph with one seed in virtual time have the same. Not in it: lifecycle events and the texts of new,\n"
	  "start and stop, which are about the process. A run --virtual --source-from LOG has LOG's copperlists\n"
	  "(lane0), but not the texts of the sources, which do not run. --since and --until find where two\n"
	  "runs part. 64 bits, to tell apart what is not forged.\n" },
	{ "fsck",
	  "\nWithout --deep: superblocks, chunk headers, and the newest catalog. With it every checksum. The\n"
	  "room behind a chunk's records, up to the next 4 KiB, has none: what stands there is not looked at.\n" },
	{ "cut",
	  "\nOUT must not be there yet. A log called json is written by -o ./json.\n" },
};

const char *takt_log_notes(const char *name)
{
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		if (strcmp(notes[i].name, name) == 0) {
			return notes[i].text;
		}
	}
	return "";
}
