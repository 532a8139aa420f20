/* SPDX-License-Identifier: Apache-2.0 */
#include "logs/stats/paths.h"

#include <string.h>

bool takt_stats_is_on_lane(const struct takt_log_task *task)
{
	return strcmp(task->exec, "lane") == 0;
}

static bool is_step(const struct takt_log *log, const struct takt_log_connection *connection)
{
	return connection->delay == 0 &&
	       takt_stats_is_on_lane(takt_log_task_at(log, connection->task));
}

void takt_stats_upstream(const struct takt_log *log, uint32_t sink, bool *ret_upstream)
{
	const struct takt_log_connection *connection;
	bool changed = true;

	for (uint32_t i = 0; takt_log_task_at(log, i); i++) {
		ret_upstream[i] = i == sink;
	}
	while (changed) {		/* at most once a task */
		changed = false;
		for (uint32_t i = 0; (connection = takt_log_connection_at(log, i)); i++) {
			const uint32_t from = takt_log_output_at(log, connection->output)->task;

			if (ret_upstream[connection->task] && !ret_upstream[from] &&
			    is_step(log, connection)) {
				ret_upstream[from] = true;
				changed = true;
			}
		}
	}
}
