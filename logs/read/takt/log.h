/* SPDX-License-Identifier: Apache-2.0 */
/* Read the logs that takt writes, finished or while they grow.
 *
 *     struct takt_log_error error = { 0 };
 *     struct takt_log *log;
 *     struct takt_log_cursor *cursor;
 *     const struct takt_log_record *record;
 *
 *     if (takt_log_open(path, NULL, &log, &error) < 0) { puts(error.text); return 1; }
 *     if (takt_log_cursor_create(log, NULL, &cursor, &error) == 0) {
 *             while (takt_log_next(cursor, &record, &error) > 0) { … }
 *     }
 *     takt_log_cursor_destroy(cursor);
 *     takt_log_close(log);
 *
 * Bytes of a log are outside input: what is damaged is skipped and reported (takt_log_damage_at),
 * what is good is read; nothing is lent before its checksum was found right.
 *
 * Threads: a log and its cursors are used by one thread at a time; different logs are independent.
 * Close the cursors before their log. Nothing here prints, ends the program or keeps a thread.
 * Functions return >= 0, or a negative errno with @error (may be NULL) filled. Times: mono is
 * CLOCK_MONOTONIC of the recording machine, real its CLOCK_REALTIME, both in nanoseconds. Structs
 * that the library lends grow only at their end. Pointers inside lent structs live until
 * takt_log_close unless it says otherwise. */
#ifndef TAKT_LOG_H
#define TAKT_LOG_H

#include <stddef.h>
#include <stdint.h>

#include <takt/type.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TAKT_LOG_API __attribute__((visibility("default")))
#define TAKT_LOG_NONE UINT32_MAX	/* no task, no limit: where it is said */

struct takt_log;
struct takt_log_cursor;
struct takt_log_runs;

struct takt_log_error {
	int code;			/* negative errno; 0: none yet, a set one stays */
	char text[1020];		/* one line, what and what to do */
};

/* The library's version, "0.1.0"; a constant string.  [any thread] */
TAKT_LOG_API const char *takt_log_version(void);

/* --- finding logs ---------------------------------------------------------------------------- */

enum takt_log_state {
	TAKT_LOG_CLEAN = 1,		/* ended and closed in order */
	TAKT_LOG_CUT = 2,		/* ended without a clean close: crash, power cut */
	TAKT_LOG_LIVE = 3		/* the run goes on */
};

enum takt_log_ending {			/* how the run ended; others may be added */
	TAKT_LOG_ENDED_UNKNOWN = 0,	/* it goes on, or the log was cut */
	TAKT_LOG_ENDED_COMPLETED = 1,	/* every source had nothing more to give */
	TAKT_LOG_ENDED_LIMIT = 2,	/* the time or the cycles that were asked for were over */
	TAKT_LOG_ENDED_REQUESTED = 3,	/* by a signal */
	TAKT_LOG_ENDED_ERROR = 4,	/* by a task's error */
	TAKT_LOG_ENDED_OVERRUN = 5,	/* by a cycle longer than the period */
	TAKT_LOG_ENDED_STUCK = 6,	/* a task did not return */
	TAKT_LOG_ENDED_CRASHED = 7,	/* a fatal signal, abort or exit in a task */
	TAKT_LOG_ENDED_INTERRUPTED = 8,	/* at once, by a second signal */
	TAKT_LOG_ENDED_NOT_STARTED = 9,	/* new or start of a task failed */
	TAKT_LOG_ENDED_KILLED = 10	/* takt-rt was gone without a word */
};

/* "completed", "limit reached", …; "unknown" for what this library does not know. Constant strings.
 * [any thread] */
TAKT_LOG_API const char *takt_log_ending_name(uint32_t ending);

struct takt_log_run {
	const char *path;		/* what takt_log_open takes */
	const char *graph;
	uint64_t run;			/* shown as 16 hexadecimal digits */
	uint32_t number;		/* of the run in its log directory; 0: unknown */
	uint32_t state;			/* enum takt_log_state */
	uint32_t segment_count;
	uint32_t ending;		/* enum takt_log_ending */
	int32_t exit_code;		/* of takt-rt; 0 when not known */
	uint32_t is_virtual;		/* 1: in virtual time; its real times are those of its making */
	uint64_t bytes;			/* written to its files */
	uint64_t start_mono_ns;		/* these as in struct takt_log_info */
	int64_t start_real_ns;
	int64_t end_real_ns;
	uint64_t lost_copperlists;	/* these two: there was no room in memory, they are not recorded; */
	uint64_t lost_events;		/* texts and lifecycle events; 0 when not known */
	uint32_t is_damaged;		/* 1: seen by the way, in heads and the newest catalog; not looked for */
	uint32_t reserved;
	int64_t first_real_ns;
	uint64_t first_mono_ns;
	uint64_t end_mono_ns;
	uint64_t file_bytes;
};

/* The default place of logs: /var/log/takt for root, else $XDG_STATE_HOME/takt or
 * ~/.local/state/takt.
 * Returns 0, -ENAMETOOLONG, -ENOENT when there is no home.  [any thread] */
TAKT_LOG_API int takt_log_default_dir(char *ret_path, size_t path_bytes);

/* The runs below @log_dir (NULL: the default), oldest first. @run_dir: base directory of the shared
 * regions, for the state; NULL: where each log says. A directory without any log is an empty list.
 * Close with takt_log_runs_close. Errors: -ENOENT no such directory, -EACCES, -ENOMEM. */
TAKT_LOG_API int takt_log_runs_open(const char *log_dir, const char *run_dir,
				    struct takt_log_runs **ret_runs, struct takt_log_error *error);
TAKT_LOG_API void takt_log_runs_close(struct takt_log_runs *runs);
TAKT_LOG_API uint32_t takt_log_runs_count(const struct takt_log_runs *runs);
/* NULL at @index >= count. Lent until takt_log_runs_close. */
TAKT_LOG_API const struct takt_log_run *takt_log_runs_at(const struct takt_log_runs *runs,
							 uint32_t index);

/* What @word means, in this order: a path that exists, "latest" (also NULL or ""), the number of a
 * run, the name of its directory, a run id or its unique prefix (hexadecimal digits), a graph's name
 * (its newest run). Directories as above. Writes
 * the path for takt_log_open. Errors: -ENOENT and -ENOTUNIQ list what there is, -ENAMETOOLONG. */
TAKT_LOG_API int takt_log_resolve(const char *word, const char *log_dir, const char *run_dir,
				  char *ret_path, size_t path_bytes, struct takt_log_error *error);

/* --- opening --------------------------------------------------------------------------------- */

struct takt_log_options {
	uint32_t bytes;			/* sizeof(struct takt_log_options) */
	uint32_t live;			/* 1: also the run's shared region and new files, while it
					 * goes on; 0: what the files hold when opened */
	const char *run_dir;		/* where shared regions are; NULL: where the log says */
};

/* Open a run's directory, one segment file, or a shared region's directory of a run that has no
 * file yet (live only). @options NULL: not live. Reads catalogs and chunk headers, not the data.
 * Errors: -ENOENT, -EACCES, -EBADMSG (not a log of takt, or nothing in it can be read), -ENOTUNIQ
 * (segments of several runs: names them), -EPROTO (a newer format), -ENOMEM, -EIO. */
TAKT_LOG_API int takt_log_open(const char *path, const struct takt_log_options *options,
			       struct takt_log **ret_log, struct takt_log_error *error);
TAKT_LOG_API void takt_log_close(struct takt_log *log);

/* --- what the log says about itself ---------------------------------------------------------- */

/* Two times begin a log. Its `start` is the run's, read from both clocks before anything was recorded:
 * relative times count from there, also when retention has deleted what was recorded first, or when the
 * log is a part that was cut out. Its range is what is there of takt-rt: from `first`, the earliest
 * record, to `end`, the latest one, of all streams but the recorder's own (what taktd says after a crash,
 * perhaps hours later, is no time of the run). Both are as far as the files say, also of a run that goes
 * on; in a log without such a record they are the start. */
struct takt_log_info {
	const char *path;
	const char *graph;
	uint64_t run;
	uint32_t state;			/* enum takt_log_state */
	uint32_t segment_count;
	uint64_t period_ns;		/* of a cycle; 0: free running */
	uint64_t counter_hz;
	uint64_t start_mono_ns;		/* zero of relative times */
	int64_t start_real_ns;
	uint64_t end_mono_ns;		/* of the last record of takt-rt */
	int64_t end_real_ns;
	uint64_t first_cycle;		/* of the copperlists; both 0 when there is none */
	uint64_t last_cycle;
	uint64_t chunk_count;
	uint64_t record_count;
	uint64_t copperlist_count;
	uint64_t bytes;			/* written to the files */
	uint64_t damage_count;		/* places, see takt_log_damage_at */
	uint64_t damaged_bytes;		/* in the files */
	uint64_t lost_chunk_count;	/* missing in the numbering */
	const char *config;		/* effective graph file, YAML */
	const char *config_path;
	const char *machine_id;		/* of the first segment */
	const char *boot_id;
	uint32_t number;		/* of the run in its log directory; 0: unknown */
	uint32_t ending;		/* enum takt_log_ending */
	int32_t exit_code;		/* of takt-rt; 0 when not known */
	uint32_t removed_count;		/* segments that retention has deleted */
	uint32_t is_part;		/* 1: cut out of a log, the rest of the run is elsewhere */
	uint32_t is_virtual;		/* 1: in virtual time; its clocks began at fixed numbers */
	uint32_t is_counted;		/* 1: the two below are known: the run goes on, or has said them */
	uint32_t reserved;
	uint64_t lost_copperlists;	/* there was no room in memory: they are not recorded */
	uint64_t lost_events;		/* likewise, texts and lifecycle events */
	uint64_t dropped_event_count;	/* the oldest lifecycle events of deleted segments, left out */
	uint64_t first_mono_ns;		/* of the first record of takt-rt */
	int64_t first_real_ns;
	uint64_t file_bytes;		/* of the files, with room set aside for what comes */
};

/* Lent; its contents follow the log (live) and grow with what cursors find. Never NULL. */
TAKT_LOG_API const struct takt_log_info *takt_log_info_of(const struct takt_log *log);

struct takt_log_file {			/* a segment of the log */
	const char *path;
	uint32_t number;		/* in the run, from 1; 0: not known */
	uint32_t is_kept;		/* marked: retention leaves it alone */
	uint64_t bytes;			/* of the file */
	uint64_t chunk_count;
	uint64_t first_mono_ns;		/* of its records; both 0 when it holds none */
	uint64_t last_mono_ns;
	uint64_t first_cycle;
	uint64_t last_cycle;
};

/* The segments by number; NULL behind the last. Lent until the next call on @log. */
TAKT_LOG_API const struct takt_log_file *takt_log_file_at(struct takt_log *log, uint32_t index);

enum takt_log_stream_kind { TAKT_LOG_COPPERLISTS = 1, TAKT_LOG_EVENTS = 2 };

struct takt_log_stream {
	const char *name;
	uint32_t kind;			/* enum takt_log_stream_kind */
	uint32_t lane;
	uint64_t chunk_count;
	uint64_t record_count;
	uint64_t bytes;			/* of records */
	uint64_t lost_chunk_count;
};

struct takt_log_task {
	const char *id;
	const char *type;
	const char *plugin;
	const char *exec;		/* "lane", "io", "background" */
	const char *params;		/* JSON text */
	uint32_t kind;			/* 1 source, 2 filter, 3 sink */
	uint32_t every;			/* cycles */
	uint32_t offset;
	uint32_t reserved;
};

struct takt_log_output {
	const char *port;
	uint32_t task;
	uint32_t type;			/* index of its type */
	uint32_t slots;			/* messages per cycle at most */
	uint32_t recorded;		/* 0: its messages have no payload */
};

struct takt_log_connection {
	const char *port;		/* of the reading task */
	uint32_t output;
	uint32_t task;			/* that reads */
	uint32_t delay;			/* cycles */
	uint32_t reserved;
	uint64_t hold_ns;
};

struct takt_log_format {		/* one call of the text log in the source */
	const char *format;		/* printf's */
	const char *file;
	const char *tags;		/* one an argument: i signed, u unsigned, f double,
					 * s string, p pointer */
	uint32_t line;
	uint32_t level;			/* enum takt_log_level */
};

struct takt_log_fact {			/* about build, host, kernel, isolation, what was missing */
	const char *key;
	const char *value;
};

struct takt_log_place {			/* of a field in the payload */
	uint32_t offset_bytes;		/* of the field; of the u32 count for a list */
	uint32_t items_offset_bytes;	/* of the first item */
	uint32_t item_bytes;
	uint32_t of;			/* index of the nested type; TAKT_LOG_NONE */
};

struct takt_log_type {			/* nested ones too, before those that contain them */
	const struct takt_type *type;	/* names, units, docs; its `of` are types of this log */
	const struct takt_log_place *places;	/* [type->field_count] */
	uint64_t hash;			/* of the layout */
	uint32_t bytes;			/* of a whole payload */
	uint32_t fixed_bytes;		/* the least recorded: all but items of a list at the end */
};

/* Tables of the catalog by index, from 0; NULL behind the last. Lent until takt_log_close. */
TAKT_LOG_API const struct takt_log_stream *takt_log_stream_at(const struct takt_log *log,
							      uint32_t index);
TAKT_LOG_API const struct takt_log_task *takt_log_task_at(const struct takt_log *log,
							  uint32_t index);
TAKT_LOG_API const struct takt_log_output *takt_log_output_at(const struct takt_log *log,
							      uint32_t index);
TAKT_LOG_API const struct takt_log_connection *takt_log_connection_at(const struct takt_log *log,
								   uint32_t index);
TAKT_LOG_API const struct takt_log_format *takt_log_format_at(const struct takt_log *log,
							      uint32_t index);
TAKT_LOG_API const struct takt_log_fact *takt_log_fact_at(const struct takt_log *log,
							  uint32_t index);
TAKT_LOG_API const struct takt_log_type *takt_log_type_at(const struct takt_log *log,
							  uint32_t index);

/* The task's index, TAKT_LOG_NONE when there is none of that id. */
TAKT_LOG_API uint32_t takt_log_task_find(const struct takt_log *log, const char *id);

/* How many items of @field can be read in a value of @type at @value of which @bytes are there: 1
 * or 0 for a single item, the length of an array, the valid items of a list, the characters of a
 * text. Counts inside payloads are outside input: this function bounds them.  [any thread] */
TAKT_LOG_API uint32_t takt_log_item_count(const struct takt_log_type *type, uint32_t field,
					  const void *value, uint32_t bytes);

/* CLOCK_REALTIME for a mono time of this log and back, by the anchor at the run's start. */
TAKT_LOG_API int64_t takt_log_real_ns(const struct takt_log *log, uint64_t mono_ns);
TAKT_LOG_API uint64_t takt_log_mono_ns(const struct takt_log *log, int64_t real_ns);

enum takt_log_damage_kind {
	TAKT_LOG_BAD_FILE = 1,		/* no segment, or its head is gone */
	TAKT_LOG_BAD_CATALOG,
	TAKT_LOG_BAD_HEADER,		/* bytes that are no chunk of this segment */
	TAKT_LOG_BAD_PAYLOAD,		/* checksum of a chunk's records is wrong */
	TAKT_LOG_BAD_RECORD,		/* checksum right, contents impossible */
	TAKT_LOG_CUT_CHUNK,		/* the file ends inside a chunk */
	TAKT_LOG_LOST_CHUNKS,		/* missing in a stream's numbering */
	TAKT_LOG_BAD_INDEX		/* checksum of an index: found by takt_log_verify only, costs nothing
					 * but time */
};

struct takt_log_damage {
	const char *file;		/* "" for lost chunks */
	const char *what;		/* one phrase for people */
	uint32_t kind;			/* enum takt_log_damage_kind */
	uint32_t stream;		/* TAKT_LOG_NONE when it can't be known */
	uint64_t offset;		/* in the file */
	uint64_t bytes;
	uint64_t first_seq;		/* of the chunks concerned */
	uint64_t last_seq;
};

/* What could not be read so far, in the order it was found; NULL behind the last. Checksums of
 * records are checked when a cursor comes to them, so the list is whole only after takt_log_verify.
 */
TAKT_LOG_API const struct takt_log_damage *takt_log_damage_at(const struct takt_log *log,
							      uint32_t index);

/* Check every checksum in the files: of superblocks, chunk headers, records, catalogs and indexes. The
 * room behind a chunk's records, up to the next 4 KiB, has none and is not looked at. Returns 0 also when
 * there is damage (see info), or a negative errno. */
TAKT_LOG_API int takt_log_verify(struct takt_log *log, struct takt_log_error *error);

/* --- records --------------------------------------------------------------------------------- */

enum takt_log_kind { TAKT_LOG_COPPERLIST = 1, TAKT_LOG_TEXT = 2, TAKT_LOG_LIFECYCLE = 3 };
enum takt_log_level {
	TAKT_LOG_DEBUG = 0, TAKT_LOG_INFO, TAKT_LOG_WARNING, TAKT_LOG_ERROR, TAKT_LOG_CRITICAL
};
enum takt_log_task_flag {
	TAKT_LOG_RAN = 1,		/* process was called: begin, end and result are valid */
	TAKT_LOG_FAILED = 2,
	TAKT_LOG_ABORTED = 4,		/* not called: the cycle was aborted before */
	TAKT_LOG_FINISHED = 8		/* a source that has nothing more to give */
};

struct takt_log_task_row {		/* index = task */
	uint64_t begin_mono_ns;
	uint64_t end_mono_ns;
	int32_t result;
	uint32_t flags;			/* enum takt_log_task_flag */
};

struct takt_log_message {
	const void *payload;		/* 8-byte aligned; NULL when not recorded */
	const char *status;		/* "" when there is none */
	uint32_t output;
	uint32_t payload_bytes;		/* fixed_bytes .. bytes of its type: may be cut short */
	struct takt_tov tov;
	uint64_t stamp_mono_ns;		/* its producer's call began, or it was received (io) */
	uint64_t age_cycles;		/* since that call, of a task in Python; 65535: that many or more */
};

#define TAKT_LOG_LATE_MAX_NS 4294967295u

struct takt_log_copperlist {
	const struct takt_log_task_row *tasks;
	const struct takt_log_message *messages;	/* of one output in order of time */
	uint32_t task_count;
	uint32_t message_count;
	uint32_t lane;
	uint32_t complete;		/* 0: other lanes' parts are in other records or lost */
	uint64_t late_ns;		/* start behind plan; TAKT_LOG_LATE_MAX_NS: that or more */
	uint64_t duration_ns;		/* of the cycle */
};

struct takt_log_arg {
	char tag;			/* as in takt_log_format.tags; 0: not known, see u */
	char reserved[3];
	uint32_t bytes;			/* of a string, without NUL */
	int64_t i;
	uint64_t u;			/* also p, and the bits of everything else */
	double f;
	const char *s;			/* NUL-terminated; may have NULs inside */
};

struct takt_log_text {
	uint32_t level;			/* enum takt_log_level */
	uint32_t task;			/* TAKT_LOG_NONE: the runtime itself */
	uint32_t format;		/* index into the formats; may be one that is not there */
	uint32_t arg_count;
	const struct takt_log_arg *args;
	uint64_t suppressed;		/* calls of a limited text (takt_info_once…) that were left out
					 * since the record of it before */
};

struct takt_log_lifecycle {
	uint32_t event;			/* number */
	uint32_t task;			/* TAKT_LOG_NONE: none */
	const char *name;		/* "overrun", …; "unknown" of a later version */
	const char *text;		/* "" when there is none */
	int64_t values[4];
	const char *value_names[4];	/* "" for unused ones */
};

struct takt_log_record {
	uint32_t kind;			/* enum takt_log_kind */
	uint32_t stream;
	uint64_t cycle;
	uint64_t mono_ns;		/* of a copperlist: start of the cycle */
	int64_t real_ns;
	const void *bytes;		/* the record as it was written */
	uint32_t bytes_count;
	uint32_t reserved;
	const struct takt_log_copperlist *copperlist;	/* by kind, else NULL */
	const struct takt_log_text *text;
	const struct takt_log_lifecycle *lifecycle;
};

/* --- cursors --------------------------------------------------------------------------------- */

enum takt_log_at { TAKT_LOG_AT_NOWHERE = 0, TAKT_LOG_AT_CYCLE, TAKT_LOG_AT_MONO, TAKT_LOG_AT_REAL };

struct takt_log_point {
	uint32_t at;			/* enum takt_log_at; TAKT_LOG_AT_NOWHERE: no limit */
	uint32_t reserved;
	uint64_t value;			/* cycle or ns; a real time as (uint64_t)int64_t */
};

struct takt_log_filter {		/* zeroed but for bytes, task: everything */
	uint32_t bytes;			/* sizeof(struct takt_log_filter) */
	uint32_t kinds;			/* 1u << enum takt_log_kind, or'ed; 0: all */
	uint32_t level_min;		/* of texts */
	uint32_t task;			/* its texts and lifecycle, copperlists in which it ran or
					 * has a message; TAKT_LOG_NONE: all */
	struct takt_log_point since;	/* included */
	struct takt_log_point until;	/* included */
};

#define TAKT_LOG_FILTER_ALL                                                                        \
	{ (uint32_t)sizeof(struct takt_log_filter), 0, 0, TAKT_LOG_NONE, { 0, 0, 0 }, { 0, 0, 0 } }

/* A cursor at the first record that passes @filter (copied; NULL: all). Several may be in use.
 * Errors: -EINVAL (filter), -ENOMEM. */
TAKT_LOG_API int takt_log_cursor_create(struct takt_log *log, const struct takt_log_filter *filter,
					struct takt_log_cursor **ret_cursor,
					struct takt_log_error *error);
TAKT_LOG_API void takt_log_cursor_destroy(struct takt_log_cursor *cursor);

/* The next record: in order of mono_ns over the streams, then of the stream's number; in a stream
 * as written. A live cursor keeps that order within what is there when it looks. The record and all
 * that it points to are lent until the next call on @cursor. Returns 1; 0 at the end, or when a
 * live log has nothing new yet: call again later, see takt_log_ended; -EIO, -ENOMEM. Damage is
 * skipped, not an error. */
TAKT_LOG_API int takt_log_next(struct takt_log_cursor *cursor,
			       const struct takt_log_record **ret_record,
			       struct takt_log_error *error);

/* How long to wait before the next call of takt_log_next after it has returned 0 of a live log: so
 * that a record is seen within 2 ms of its commit in the median, and little CPU is used. Shorter
 * while records come, longer when none came for a while. */
TAKT_LOG_API uint64_t takt_log_pause_ns(struct takt_log_cursor *cursor);

/* 1 when takt_log_next has returned 0 and nothing more can come; 0 otherwise. */
TAKT_LOG_API int takt_log_ended(const struct takt_log_cursor *cursor);

/* Move: the next record is the first at or behind @point in each stream (and passes the filter).
 * Binary search over chunk headers; reads one chunk per stream. A point behind the end is the end.
 * Returns 0, -EINVAL, -EIO, -ENOMEM. */
TAKT_LOG_API int takt_log_seek(struct takt_log_cursor *cursor, struct takt_log_point point,
			       struct takt_log_error *error);

/* Move so that about @count records passing the filter's kinds come before the end (chunk counts
 * are used: it may be more, never less unless there are not so many). Returns 0, -EIO, -ENOMEM. */
TAKT_LOG_API int takt_log_seek_last(struct takt_log_cursor *cursor, uint64_t count,
				    struct takt_log_error *error);

/* --- statistics ------------------------------------------------------------------------------ */

struct takt_log_series {		/* a numeric field of an output, or an item of one */
	const char *name;		/* "count", "at.x", "acceleration[2]" */
	const char *unit;
	uint32_t output;
	uint32_t offset_bytes;		/* of the value in the payload */
	uint32_t scalar;		/* enum takt_scalar */
	uint32_t reserved;
};

/* Numbers of the recorded outputs, by output: also in nested structs, and in arrays of up to 16
 * items; not in lists. NULL behind the last. Lent until takt_log_close. */
TAKT_LOG_API const struct takt_log_series *takt_log_series_at(struct takt_log *log,
							      uint32_t index);

struct takt_log_stat {			/* of the values in some cycles */
	uint64_t first_cycle;		/* a multiple of cycle_count */
	uint64_t cycle_count;		/* a power of two */
	uint64_t value_count;
	uint64_t first_mono_ns;		/* of the first and the last cycle with a value */
	uint64_t last_mono_ns;
	double min;
	double max;
	double last;
};

/* What a plot of @series over [@since, @until] needs, both included (TAKT_LOG_AT_NOWHERE: the log's
 * ends): at most @max stats into @ret_stats, in order; each of as few cycles as that allows, those
 * without a value left out. The first and the last one are whole: they may reach out of the range.
 * NaN is no value; 64-bit integers are rounded to double. Fast where the segments have statistics
 * beside them (takt_log_stats_make, taktd), else the records are read: the answer is the same. Of a
 * live log: what the files hold.
 * Returns the number of stats, -EINVAL, -EIO, -ENOMEM. */
TAKT_LOG_API int takt_log_stats(struct takt_log *log, uint32_t series, struct takt_log_point since,
				struct takt_log_point until, struct takt_log_stat *ret_stats,
				uint32_t max, struct takt_log_error *error);

typedef int takt_log_goes_on(void *user);	/* asked now and then; 0: give up */

/* Write statistics beside the segment file @path, as <path>.stats, unless those that are there are
 * right. They can be removed at any time. @goes_on may be NULL.
 * Returns 1 (made), 0 (there already), -ECANCELED, -EFBIG (too many values), errors of
 * takt_log_open, -EACCES, -ENOSPC, -errno. */
TAKT_LOG_API int takt_log_stats_make(const char *path, takt_log_goes_on *goes_on, void *user,
				     struct takt_log_error *error);

/* --- text ------------------------------------------------------------------------------------ */

/* The text of a text or lifecycle record as one string: the format with its arguments, or "late
 * start: 3 cycles from #12, the worst 1.2ms late". Written into @out, cut to @out_bytes, always
 * NUL-terminated (out_bytes >= 1). Bytes of strings are given as recorded: a program that shows
 * them on a terminal must escape control characters. A format and arguments that disagree are shown
 * as such.
 * Returns the bytes of the whole text without NUL, 0 for other kinds. */
TAKT_LOG_API size_t takt_log_text_format(const struct takt_log *log,
					 const struct takt_log_record *record, char *out,
					 size_t out_bytes);

/* "debug" … "critical", "unknown"; and back: the level, or -EINVAL.  [any thread] */
TAKT_LOG_API const char *takt_log_level_name(uint32_t level);
TAKT_LOG_API int takt_log_level_parse(const char *name);

#ifdef __cplusplus
}
#endif

#endif
