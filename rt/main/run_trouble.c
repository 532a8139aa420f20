/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/run_trouble.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rt/base/quantity.h"
#include "rt/main/out.h"
#include "rt/shm/record.h"

#define LATE_MANY 10u			/* late starts, and one cycle in a hundred: then they are many */
#define LATE_PART 100u

/* NULL: of no task, or no memory. */
static struct takt_task_trouble *task_of(struct takt_run_trouble *trouble, const struct takt_log *log,
					 uint32_t task)
{
	if (!takt_log_task_at(log, task)) {
		return NULL;
	}
	if (task >= trouble->task_count) {
		struct takt_task_trouble *tasks = realloc(trouble->tasks, (task + 1) * sizeof(tasks[0]));

		if (!tasks) {
			return NULL;
		}
		memset(tasks + trouble->task_count, 0, (task + 1 - trouble->task_count) * sizeof(tasks[0]));
		trouble->tasks = tasks;
		trouble->task_count = task + 1;
	}
	return &trouble->tasks[task];
}

/* That of new or start ends the run before it begins, and is said by takt-rt. */
static bool put_failure(struct takt_task_trouble *task, const struct takt_log_record *record)
{
	const char *method = record->lifecycle->text;
	const bool counts = task && strcmp(method, "new") != 0 && strcmp(method, "start") != 0;
	const bool is_first = counts && !task->has_failed;

	if (counts) {
		task->result = is_first ? record->lifecycle->values[0] : task->result;
		task->has_failed = true;
		task->is_failing = true;
		task->failing_since = record->cycle;
	}
	return is_first;
}

static bool put_late(struct takt_run_trouble *trouble, const int64_t *values)
{
	trouble->late_starts += (uint64_t)values[2];
	if ((uint64_t)values[1] > trouble->worst_late_ns) {
		trouble->worst_late_ns = (uint64_t)values[1];
	}
	return false;
}

bool takt_run_trouble_put(struct takt_run_trouble *trouble, const struct takt_log *log,
			  const struct takt_log_record *record)
{
	const struct takt_log_lifecycle *event = record->lifecycle;
	struct takt_task_trouble *task;
	bool is_first;

	if (record->cycle > trouble->last_cycle) {
		trouble->last_cycle = record->cycle;
	}
	if (!event) {
		return false;
	}
	task = task_of(trouble, log, event->task);
	switch (event->event) {
	case TAKT_EVENT_overrun:
		is_first = trouble->overruns == 0;
		trouble->overruns += (uint64_t)event->values[3];
		trouble->skipped_cycles += (uint64_t)event->values[1];
		return is_first;
	case TAKT_EVENT_late_start:
		return put_late(trouble, event->values);
	case TAKT_EVENT_task_failed:
		return put_failure(task, record);
	case TAKT_EVENT_task_recovered:
		if (task) {
			task->failures += (uint64_t)event->values[0];
			task->is_failing = false;
		}
		return false;
	case TAKT_EVENT_input_dropped:
		is_first = task && task->dropped == 0;
		if (task) {
			task->dropped += (uint64_t)event->values[0];
		}
		return is_first;
	default:
		return false;
	}
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_failures(FILE *out, const struct takt_task_trouble *task, const char *id, const char *path)
{
	fputs("takt: task ", out);
	takt_out_print_plain(out, id);
	if (task->failures > 0) {
		fprintf(out, " failed %" PRIu64 " time%s", task->failures, plural(task->failures));
	}
	if (task->is_failing) {
		fprintf(out, "%s failed from #%" PRIu64 " to the end", task->failures > 0 ? ", and" : "",
			task->failing_since);
	}
	fprintf(out, " (%" PRId64 "%s%s): takt log lifecycle ", task->result,
		task->result < 0 && task->result > -4096 ? ", " : "",
		task->result < 0 && task->result > -4096 ? strerror((int)-task->result) : "");
	takt_out_print_plain(out, path);
	fputs("\n", out);
}

static void print_task(FILE *out, const struct takt_task_trouble *task, const char *id, const char *path)
{
	if (task->failures > 0 || task->is_failing) {
		print_failures(out, task, id, path);
	}
	if (task->dropped > 0) {
		fprintf(out, "takt: %" PRIu64 " message%s dropped, the queue of task ", task->dropped,
			plural(task->dropped));
		takt_out_print_plain(out, id);
		fputs(" was full: takt log lifecycle ", out);
		takt_out_print_plain(out, path);
		fputs("\n", out);
	}
}

void takt_run_trouble_print(FILE *out, const struct takt_run_trouble *trouble, const struct takt_log *log,
			    const char *path, bool is_cause_said)
{
	char worst[TAKT_QUANTITY_TEXT_BYTES];

	for (uint32_t i = 0; i < trouble->task_count; i++) {
		struct takt_task_trouble task = trouble->tasks[i];

		task.is_failing = task.is_failing && !is_cause_said;
		print_task(out, &task, takt_log_task_at(log, i)->id, path);
	}
	if (trouble->overruns > 0) {
		fprintf(out, "takt: %" PRIu64 " overrun%s, %" PRIu64 " cycle%s skipped: takt log stats ",
			trouble->overruns, plural(trouble->overruns), trouble->skipped_cycles,
			plural(trouble->skipped_cycles));
		takt_out_print_plain(out, path);
		fputs("\n", out);
	}
	if (trouble->late_starts >= LATE_MANY && trouble->late_starts >= trouble->last_cycle / LATE_PART) {
		fprintf(out, "takt: %" PRIu64 " cycles started late, the worst by %s: takt log stats ",
			trouble->late_starts, takt_quantity_format_ns(trouble->worst_late_ns, worst,
								      sizeof(worst)));
		takt_out_print_plain(out, path);
		fputs("\n", out);
	}
}

void takt_run_trouble_fini(struct takt_run_trouble *trouble)
{
	free(trouble->tasks);
	*trouble = (struct takt_run_trouble){ 0 };
}
