/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/replay_log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <takt/log.h>

#include "rt/graph/type_set.h"

struct takt_replay_reader {
	struct takt_replay_log replay;
	const struct takt_plan *plan;
	struct takt_log *log;
	struct takt_log_cursor *cursor;
	uint32_t *outputs;		/* of the log -> of the plan; TAKT_NO_OUTPUT: not wanted */
	uint32_t *tasks;		/* of the plan -> of the log; TAKT_LOG_NONE */
	uint32_t output_count;		/* of the log */
	bool *replayed;			/* [tasks of the plan] */
	bool *finished;
	bool *ran;
	int32_t *results;
	struct takt_replay_message *messages;
	uint32_t message_room;
	struct takt_replay_row row;
	char name[PATH_MAX];
};

/* --- what of the log is wanted ------------------------------------------------------------------ */

static uint32_t find_output(const struct takt_replay_reader *reader, uint32_t task, const char *port)
{
	for (uint32_t i = 0; i < reader->output_count; i++) {
		const struct takt_log_output *output = takt_log_output_at(reader->log, i);

		if (output->task == task && strcmp(output->port, port) == 0) {
			return i;
		}
	}
	return TAKT_LOG_NONE;
}

static int check_output(const struct takt_replay_reader *reader, const struct takt_plan_task *task,
			const struct takt_plan_output *wanted, uint32_t found, struct takt_err *err)
{
	const struct takt_type *here = wanted->layout->type;	/* an open port's is the graph's */
	const char *path = reader->plan->path, *port = wanted->port->name;
	const struct takt_log_output *output = takt_log_output_at(reader->log, found);
	const struct takt_log_type *type;
	char difference[400];

	if (!output) {
		return takt_err_at(err, -EINVAL, path, task->line, 1, "source `%s`: %s has no output `%s` of it",
				   task->id, reader->name, port);
	}
	if (!output->recorded) {
		return takt_err_at(err, -EINVAL, path, task->line, 1, "source `%s`: its output `%s` is not in %s: "
				   "it ran with `record: false`", task->id, port, reader->name);
	}
	type = takt_log_type_at(reader->log, output->type);
	if (strcmp(type->type->name, here->name) != 0) {
		return takt_err_at(err, -EINVAL, path, task->line, 1, "source `%s`: its output `%s` is a `%s` here, "
				   "and a `%s` in %s", task->id, port, here->name, type->type->name,
				   reader->name);
	}
	if (type->hash != wanted->layout->hash || type->bytes != wanted->layout->bytes) {
		takt_type_difference(here, type->type, difference, sizeof(difference));
		return takt_err_at(err, -EINVAL, path, task->line, 1, "source `%s`: its output `%s` (%s) differs "
				   "in %s (there): %s", task->id, port, type->type->name, reader->name,
				   difference);
	}
	return 0;
}

static int match_task(struct takt_replay_reader *reader, uint32_t number, struct takt_err *err)
{
	const struct takt_plan_task *task = &reader->plan->tasks[number];
	const uint32_t there = takt_log_task_find(reader->log, task->id);
	int r = 0;

	if (there == TAKT_LOG_NONE) {
		return takt_err_at(err, -EINVAL, reader->plan->path, task->line, 1,
				   "source `%s` is not in %s: takt log info shows the tasks of a log", task->id,
				   reader->name);
	}
	reader->tasks[number] = there;
	reader->replayed[number] = true;
	for (uint32_t i = 0; i < task->output_count && r == 0; i++) {
		const struct takt_plan_output *wanted = &reader->plan->outputs[task->first_output + i];
		const uint32_t found = find_output(reader, there, wanted->port->name);

		r = check_output(reader, task, wanted, found, err);
		if (r == 0) {
			reader->outputs[found] = task->first_output + i;
		}
	}
	return r;
}

static int match(struct takt_replay_reader *reader, struct takt_err *err)
{
	const uint32_t task_count = reader->plan->task_count;
	int r = 0;

	while (takt_log_output_at(reader->log, reader->output_count)) {
		reader->output_count++;
	}
	reader->outputs = calloc(reader->output_count + 1, sizeof(*reader->outputs));
	reader->tasks = calloc(task_count + 1, sizeof(*reader->tasks));
	reader->replayed = calloc(task_count + 1, sizeof(*reader->replayed));
	reader->finished = calloc(task_count + 1, sizeof(*reader->finished));
	reader->ran = calloc(task_count + 1, sizeof(*reader->ran));
	reader->results = calloc(task_count + 1, sizeof(*reader->results));
	if (!reader->outputs || !reader->tasks || !reader->replayed || !reader->finished || !reader->ran ||
	    !reader->results) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	for (uint32_t i = 0; i < reader->output_count; i++) {
		reader->outputs[i] = TAKT_NO_OUTPUT;
	}
	for (uint32_t i = 0; i < task_count && r == 0; i++) {
		if (reader->plan->tasks[i].type->kind == TAKT_SOURCE) {
			r = match_task(reader, i, err);
		}
	}
	return r;
}

/* --- rows -------------------------------------------------------------------------------------- */

static int fill_messages(struct takt_replay_reader *reader, const struct takt_log_copperlist *list)
{
	uint32_t n = 0;

	if (list->message_count > reader->message_room) {
		struct takt_replay_message *more =
			realloc(reader->messages, list->message_count * sizeof(*reader->messages));

		if (!more) {
			return -ENOMEM;
		}
		reader->messages = more;
		reader->message_room = list->message_count;
	}
	for (uint32_t i = 0; i < list->message_count; i++) {
		const struct takt_log_message *m = &list->messages[i];

		if (m->output < reader->output_count && reader->outputs[m->output] != TAKT_NO_OUTPUT &&
		    m->payload) {
			reader->messages[n++] = (struct takt_replay_message){
				.output = reader->outputs[m->output], .bytes = m->payload_bytes,
				.payload = m->payload, .status = m->status, .tov = m->tov,
				.stamp_ns = m->stamp_mono_ns };
		}
	}
	reader->row.messages = reader->messages;
	reader->row.message_count = n;
	return 0;
}

static int next_row(void *user, const struct takt_replay_row **ret_row, struct takt_err *err)
{
	struct takt_replay_reader *reader = user;
	struct takt_log_error error = { 0 };
	const struct takt_log_record *record;
	const int r = takt_log_next(reader->cursor, &record, &error);

	if (r <= 0) {
		return r < 0 ? takt_err_set(err, r, "%s", error.text) : 0;
	}
	if (fill_messages(reader, record->copperlist) < 0) {
		return takt_err_set(err, -ENOMEM, "out of memory for a copperlist of %s", reader->name);
	}
	for (uint32_t i = 0; i < reader->plan->task_count; i++) {
		const bool is_there = reader->replayed[i] && reader->tasks[i] < record->copperlist->task_count;
		const struct takt_log_task_row *row = is_there ? &record->copperlist->tasks[reader->tasks[i]] : NULL;

		reader->finished[i] = row && (row->flags & TAKT_LOG_FINISHED);
		reader->ran[i] = row && (row->flags & TAKT_LOG_RAN);
		reader->results[i] = row ? row->result : 0;
	}
	reader->row.cycle = record->cycle;
	reader->row.mono_ns = record->mono_ns;
	reader->row.planned_ns = record->mono_ns - record->copperlist->late_ns;
	reader->row.finished = reader->finished;
	reader->row.ran = reader->ran;
	reader->row.results = reader->results;
	*ret_row = &reader->row;
	return 1;
}

/* --- open, close ------------------------------------------------------------------------------- */

static int open_log(struct takt_replay_reader *reader, const char *word, const char *log_dir,
		    const char *run_dir, struct takt_err *err)
{
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	struct takt_log_error error = { 0 };
	int r = takt_log_resolve(word, log_dir, run_dir, reader->name, sizeof(reader->name), &error);

	filter.kinds = 1u << TAKT_LOG_COPPERLIST;
	if (r >= 0) {
		r = takt_log_open(reader->name, NULL, &reader->log, &error);
	}
	if (r >= 0) {
		r = takt_log_cursor_create(reader->log, &filter, &reader->cursor, &error);
	}
	return r < 0 ? takt_err_set(err, r, "--source-from: %s", error.text) : 0;
}

int takt_replay_reader_open(const char *word, const char *log_dir, const char *run_dir,
			    const struct takt_plan *plan, struct takt_replay_reader **ret_reader,
			    struct takt_err *err)
{
	struct takt_replay_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	reader->plan = plan;
	r = open_log(reader, word, log_dir, run_dir, err);
	if (r == 0) {
		r = match(reader, err);
	}
	if (r < 0) {
		takt_replay_reader_close(reader);
		return r;
	}
	reader->replay = (struct takt_replay_log){
		.name = reader->name, .tasks = reader->replayed, .next = next_row, .user = reader,
		.origin_mono_ns = takt_log_info_of(reader->log)->start_mono_ns,
		.origin_real_ns = takt_log_info_of(reader->log)->start_real_ns,
	};
	*ret_reader = reader;
	return 0;
}

void takt_replay_reader_close(struct takt_replay_reader *reader)
{
	if (reader) {
		takt_log_cursor_destroy(reader->cursor);
		takt_log_close(reader->log);
		free(reader->outputs);
		free(reader->tasks);
		free(reader->replayed);
		free(reader->finished);
		free(reader->ran);
		free(reader->results);
		free(reader->messages);
		free(reader);
	}
}

const struct takt_replay_log *takt_replay_reader_log(const struct takt_replay_reader *reader)
{
	return &reader->replay;
}

bool takt_replay_reader_seed(const struct takt_replay_reader *reader, uint64_t *ret_seed)
{
	const struct takt_log_fact *fact;

	for (uint32_t i = 0; (fact = takt_log_fact_at(reader->log, i)); i++) {
		if (strcmp(fact->key, "seed") == 0) {
			*ret_seed = strtoull(fact->value, NULL, 10);
			return true;
		}
	}
	return false;
}
