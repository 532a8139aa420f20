/* SPDX-License-Identifier: Apache-2.0 */
/* Kahn's algorithm: of the tasks whose producers all have their place, the first in the file is
 * next. Connections with a delay carry the previous cycle's message and bind nothing. */
#include <errno.h>
#include <string.h>

#include "rt/graph/loader.h"

#define UNPLACED UINT32_MAX

static bool binds(const struct takt_link *link)
{
	return link->connection->delay == 0;
}

/* The first unplaced producer of @task, UNPLACED when it has none. */
static uint32_t missing_producer(const struct takt_loader *loader,
				 const struct takt_load_task *task,
				 const struct takt_link **ret_link)
{
	for (uint32_t i = 0; i < task->input_count; i++) {
		const struct takt_link *link = &task->links[i];

		if (binds(link) && loader->tasks[link->from_task].position == UNPLACED) {
			*ret_link = link;
			return link->from_task;
		}
	}
	return UNPLACED;
}

/* "a -> b -> a" into @out. @loop: the tasks, each the producer of the one before it. */
static void loop_format(const struct takt_loader *loader, const uint32_t *loop, uint32_t count,
			char *out, size_t out_bytes)
{
	size_t used = 0;

	for (uint32_t i = 0; i <= count && used < out_bytes; i++) {
		const uint32_t task = loop[(count - i) % count];

		used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", i ? " -> " : "",
					 loader->config->tasks[task].keys.id.text);
	}
}

/* Nothing can be placed: who goes from a task to a missing producer, again and again, walks in a
 * loop. */
static int loop_error(struct takt_loader *loader)
{
	const struct takt_config *config = loader->config;
	uint32_t loop[TAKT_CONFIG_TASKS_MAX], count = 0, at = 0, first;
	const struct takt_link *link = NULL;
	char text[600];

	while (loader->tasks[at].position != UNPLACED) {
		at++;
	}
	for (uint32_t step = 0; step < config->task_count; step++) {
		at = missing_producer(loader, &loader->tasks[at], &link);
	}
	first = at;		/* in the loop: go round for its first in the file, and again */
	for (uint32_t step = 0; step < config->task_count; step++) {
		at = missing_producer(loader, &loader->tasks[at], &link);
		first = at < first ? at : first;
	}
	at = first;
	do {
		loop[count++] = at;
		at = missing_producer(loader, &loader->tasks[at], &link);
	} while (at != first);
	loop_format(loader, loop, count, text, sizeof(text));
	return takt_place_error(config->path, link->connection->from.line,
				link->connection->from.column,
				loader->err, "a cycle without delay: %s; give one of these "
				"connections `delay: 1`", text);
}

int takt_load_order(struct takt_loader *loader)
{
	const uint32_t task_count = loader->config->task_count;
	const struct takt_link *link;

	for (uint32_t i = 0; i < task_count; i++) {
		loader->tasks[i].position = UNPLACED;
	}
	for (uint32_t position = 0; position < task_count; position++) {
		uint32_t next = 0;

		while (next < task_count &&
		       (loader->tasks[next].position != UNPLACED ||
			missing_producer(loader, &loader->tasks[next], &link) != UNPLACED)) {
			next++;
		}
		if (next == task_count) {
			return loop_error(loader);
		}
		loader->tasks[next].position = position;
	}
	return 0;
}
