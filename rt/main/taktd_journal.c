/* SPDX-License-Identifier: Apache-2.0 */
/* A place of the table: free -> added (by the main thread) -> followed -> free (both by ours). */
#include "rt/main/taktd_journal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <takt/log.h>

#include "logs/write/writer.h"
#include "rt/clock/clock.h"
#include "rt/main/sd_journal.h"
#include "rt/os/thread.h"
#include "rt/shm/mailbox.h"

#define JOURNAL_BURST 100u
#define JOURNAL_PER_S 10u
#define LOOK_MS 100
#define TEXTS_A_LOOK 10000u
#define OPEN_TRIES_MAX 20u		/* looks */
#define LEFT_OUT_NS (10 * TAKT_NS_PER_S)	/* between two messages about what is left out */

enum place_state { PLACE_FREE = 0, PLACE_ADDED, PLACE_FOLLOWED };

struct place {
	_Atomic uint32_t state;		/* enum place_state; release by who sets it, acquire by the other */
	_Atomic uint64_t position_ns;	/* of the last text that was seen; ours, relaxed */
	uint64_t run;
	char path[PATH_MAX];		/* of the region */
	/* ours only, once added */
	struct takt_log *log;
	struct takt_log_cursor *cursor;
	uint32_t open_tries;
	uint64_t tokens_ns;		/* a text takes a second / JOURNAL_PER_S of it */
	uint64_t filled_ns;
	uint64_t left_out;
	uint64_t left_out_said_ns;
};

struct taktd_journal {
	struct takt_thread thread;
	struct takt_sd_journal out;
	const char *run_dir;
	int stop_fd;
	struct place places[TAKT_WRITER_RUNS_MAX];
};

/* --- messages -------------------------------------------------------------------------------- */

static const char *priority_of(uint32_t level)
{
	static const char *const priorities[] = { "7", "6", "4", "3", "2" };

	return priorities[level <= TAKT_LOG_CRITICAL ? level : TAKT_LOG_CRITICAL];
}

static void put_number(struct takt_text_buffer *message, const char *key, uint64_t value)
{
	takt_text_buffer_printf(message, "%s=%" PRIu64 "\n", key, value);
}

static void put_head(struct takt_text_buffer *message, const struct place *place, const char *priority)
{
	takt_sd_journal_put(message, "SYSLOG_IDENTIFIER", "takt");
	takt_sd_journal_put(message, "PRIORITY", priority);
	takt_sd_journal_put(message, "TAKT_GRAPH", takt_log_info_of(place->log)->graph);
	takt_text_buffer_printf(message, "TAKT_RUN=%016" PRIx64 "\n", place->run);
}

static void put_text(struct takt_text_buffer *message, const struct place *place,
		     const struct takt_log_record *record)
{
	const struct takt_log_format *format = takt_log_format_at(place->log, record->text->format);
	const struct takt_log_task *task = takt_log_task_at(place->log, record->text->task);
	char text[8192], line[8192 + 128];

	takt_log_text_format(place->log, record, text, sizeof(text));
	snprintf(line, sizeof(line), "%.80s: %s", task ? task->id : "takt", text);
	put_head(message, place, priority_of(record->text->level));
	takt_sd_journal_put(message, "MESSAGE", line);
	if (task) {
		takt_sd_journal_put(message, "TAKT_TASK", task->id);
	}
	put_number(message, "TAKT_CYCLE", record->cycle);
	put_number(message, "TAKT_MONOTONIC_NS", record->mono_ns);
	if (record->text->suppressed > 0) {
		put_number(message, "TAKT_SUPPRESSED", record->text->suppressed);
	}
	if (format) {
		takt_sd_journal_put(message, "CODE_FILE", format->file);
		put_number(message, "CODE_LINE", format->line);
	}
}

/* Send and free @message. */
static bool send_message(struct taktd_journal *journal, struct takt_text_buffer *message)
{
	const bool is_sent = message->error == 0 && takt_sd_journal_send(&journal->out, message) == 0;

	takt_text_buffer_fini(message);
	return is_sent;
}

static void say_left_out(struct taktd_journal *journal, struct place *place, uint64_t now_ns)
{
	struct takt_text_buffer message;
	char line[160];

	if (place->left_out == 0) {
		return;
	}
	snprintf(line, sizeof(line), "%" PRIu64 " warnings and errors were not forwarded: takt log text "
		 "%016" PRIx64 " --level warning", place->left_out, place->run);
	takt_text_buffer_init(&message, 4096);
	put_head(&message, place, "4");
	takt_sd_journal_put(&message, "MESSAGE", line);
	put_number(&message, "TAKT_NOT_FORWARDED", place->left_out);
	place->left_out_said_ns = now_ns;
	if (send_message(journal, &message)) {
		place->left_out = 0;
	}
}

/* --- a run ----------------------------------------------------------------------------------- */

static bool take_token(struct place *place, uint64_t now_ns)
{
	const uint64_t one = TAKT_NS_PER_S / JOURNAL_PER_S;

	place->tokens_ns += now_ns - place->filled_ns;
	place->filled_ns = now_ns;
	if (place->tokens_ns > JOURNAL_BURST * one) {
		place->tokens_ns = JOURNAL_BURST * one;
	}
	if (place->tokens_ns < one) {
		return false;
	}
	place->tokens_ns -= one;
	return true;
}

static void forward(struct taktd_journal *journal, struct place *place,
		    const struct takt_log_record *record)
{
	struct takt_text_buffer message;
	bool is_sent = false;

	if (take_token(place, takt_clock_mono_ns())) {
		takt_text_buffer_init(&message, 64 << 10);
		put_text(&message, place, record);
		is_sent = send_message(journal, &message);
	}
	place->left_out += !is_sent;
	atomic_store_explicit(&place->position_ns, record->mono_ns, memory_order_relaxed);
}

static void forget(struct place *place)
{
	takt_log_cursor_destroy(place->cursor);
	takt_log_close(place->log);
	place->cursor = NULL;
	place->log = NULL;
	atomic_store_explicit(&place->state, PLACE_FREE, memory_order_release);
}

static bool open_log(struct taktd_journal *journal, struct place *place)
{
	const struct takt_log_options options = { sizeof(options), 1, journal->run_dir };
	const uint64_t position_ns = atomic_load_explicit(&place->position_ns, memory_order_relaxed);
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;

	filter.kinds = 1u << TAKT_LOG_TEXT;
	filter.level_min = TAKT_LOG_WARNING;
	if (position_ns > 0) {
		filter.since.at = TAKT_LOG_AT_MONO;
		filter.since.value = position_ns + 1;
	}
	if (takt_log_open(place->path, &options, &place->log, NULL) < 0) {
		return false;
	}
	if (takt_log_cursor_create(place->log, &filter, &place->cursor, NULL) < 0) {
		takt_log_close(place->log);
		place->log = NULL;
		return false;
	}
	place->filled_ns = takt_clock_mono_ns();
	place->left_out_said_ns = place->filled_ns;
	place->tokens_ns = JOURNAL_BURST * (TAKT_NS_PER_S / JOURNAL_PER_S);
	return true;
}

static void look(struct taktd_journal *journal, struct place *place)
{
	const struct takt_log_record *record;
	uint32_t count = 0;
	uint64_t now_ns;
	int r;

	if (!place->log && !open_log(journal, place)) {
		if (++place->open_tries == OPEN_TRIES_MAX) {
			forget(place);
		}
		return;
	}
	do {
		r = takt_log_next(place->cursor, &record, NULL);
		if (r > 0) {
			forward(journal, place, record);
		}
	} while (r > 0 && ++count < TEXTS_A_LOOK);
	now_ns = takt_clock_mono_ns();
	if (r < 0 || takt_log_ended(place->cursor)) {
		say_left_out(journal, place, now_ns);
		forget(place);
	} else if (now_ns - place->left_out_said_ns > LEFT_OUT_NS) {
		say_left_out(journal, place, now_ns);
	}
}

static void look_at_all(struct taktd_journal *journal)
{
	for (uint32_t i = 0; i < TAKT_WRITER_RUNS_MAX; i++) {
		struct place *place = &journal->places[i];
		/* Partner: taktd_journal_add; what it filled in is visible. */
		const uint32_t state = atomic_load_explicit(&place->state, memory_order_acquire);

		if (state == PLACE_ADDED) {
			atomic_store_explicit(&place->state, PLACE_FOLLOWED, memory_order_relaxed);
		}
		if (state != PLACE_FREE) {
			look(journal, place);
		}
	}
}

static void *journal_main(void *arg)
{
	struct taktd_journal *journal = arg;
	struct pollfd stop = { .fd = journal->stop_fd, .events = POLLIN };

	do {
		look_at_all(journal);
	} while (poll(&stop, 1, LOOK_MS) <= 0);
	look_at_all(journal);
	for (uint32_t i = 0; i < TAKT_WRITER_RUNS_MAX; i++) {
		if (journal->places[i].log) {
			say_left_out(journal, &journal->places[i], takt_clock_mono_ns());
			forget(&journal->places[i]);
		}
	}
	return NULL;
}

/* --- the main thread's side ------------------------------------------------------------------ */

static int start_thread(struct taktd_journal *journal)
{
	const struct takt_thread_spec spec = { .name = "journal", .cpu = -1, .main = journal_main,
						.arg = journal };
	sigset_t all, before;
	int r;

	sigfillset(&all);
	sigdelset(&all, SIGBUS);	/* of a region that is cut: see region_guard.h */
	pthread_sigmask(SIG_BLOCK, &all, &before);
	r = takt_thread_start(&journal->thread, &spec);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

int taktd_journal_start(const char *path, const char *run_dir, struct taktd_journal **ret_journal,
			struct takt_err *err)
{
	struct taktd_journal *journal = calloc(1, sizeof(*journal));
	int r = journal ? takt_sd_journal_open(path, &journal->out) : -ENOMEM;

	if (r == 0) {
		journal->run_dir = run_dir;
		journal->stop_fd = eventfd(0, EFD_CLOEXEC);
		r = journal->stop_fd < 0 ? -errno : start_thread(journal);
		if (r < 0) {
			close(journal->stop_fd);
			takt_sd_journal_close(&journal->out);
		}
	}
	if (r < 0) {
		free(journal);
		return takt_err_set(err, r, "%s: %s", path, strerror(-r));
	}
	*ret_journal = journal;
	return 0;
}

static struct place *find_place(struct taktd_journal *journal, uint64_t run, struct place **ret_free)
{
	for (uint32_t i = 0; i < TAKT_WRITER_RUNS_MAX; i++) {
		struct place *place = &journal->places[i];
		/* Partner: forget; the place is no longer in use. */
		const uint32_t state = atomic_load_explicit(&place->state, memory_order_acquire);

		if (state != PLACE_FREE && place->run == run) {
			return place;
		}
		if (state == PLACE_FREE) {
			*ret_free = place;
		}
	}
	return NULL;
}

void taktd_journal_add(struct taktd_journal *journal, const struct takt_region *region)
{
	struct place *place = NULL;

	/* Without a free place the runs that ended are still being read: they are few, and the next one waits. */
	if (!journal || find_place(journal, region->run, &place) || !place) {
		return;
	}
	memset(place, 0, sizeof(*place));
	place->run = region->run;
	memcpy(place->path, region->path, sizeof(place->path));
	if (region->mailbox) {
		atomic_store_explicit(&place->position_ns,
				      atomic_load_explicit(&region->mailbox->journal_ns, memory_order_relaxed),
				      memory_order_relaxed);
	}
	atomic_store_explicit(&place->state, PLACE_ADDED, memory_order_release);
}

void taktd_journal_note(struct taktd_journal *journal, struct takt_region *region)
{
	struct place *free_place = NULL;
	const struct place *place = journal ? find_place(journal, region->run, &free_place) : NULL;

	if (place && region->mailbox) {
		atomic_store_explicit(&region->mailbox->journal_ns,
				      atomic_load_explicit(&place->position_ns, memory_order_relaxed),
				      memory_order_relaxed);
	}
}

void taktd_journal_stop(struct taktd_journal *journal)
{
	const uint64_t one = 1;

	if (!journal) {
		return;
	}
	(void)!write(journal->stop_fd, &one, sizeof(one));
	takt_thread_join(&journal->thread);
	close(journal->stop_fd);
	takt_sd_journal_close(&journal->out);
	free(journal);
}
