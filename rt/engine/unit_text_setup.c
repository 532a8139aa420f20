/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/engine/unit_text.h"

static const struct takt_plugin_handle *find_plugin(const struct takt_unit *unit)
{
	const struct takt_plan *plan = unit->engine->plan;

	for (uint32_t i = 0; i < plan->plugin_count; i++) {
		if (plan->plugins[i]->plugin == unit->plan->plugin) {
			return plan->plugins[i];
		}
	}
	return NULL;
}

int takt_unit_text_init(struct takt_unit *unit)
{
	const struct takt_plugin_handle *handle = find_plugin(unit);

	unit->first_text_site = handle ? handle->first_text_site : 0;
	for (uint32_t i = 0; handle && i < handle->text_site_count; i++) {
		if (handle->plugin->text_begin[i].limit != TAKT_TEXT_ALWAYS) {
			unit->limiter_count = handle->text_site_count;
		}
	}
	unit->limiters = calloc(unit->limiter_count + 1, sizeof(*unit->limiters));
	return unit->limiters ? 0 : -ENOMEM;
}

void takt_unit_text_end(struct takt_unit *unit)
{
	for (uint32_t i = 0; i < unit->limiter_count; i++) {
		const struct takt_text_site *site = &unit->plan->plugin->text_begin[i];
		const int64_t values[4] = { (int64_t)unit->limiters[i].suppressed, site->id };
		const char *slash = strrchr(site->file, '/');
		char place[128];

		if (values[0] > 0) {
			snprintf(place, sizeof(place), "%.100s:%u", slash ? slash + 1 : site->file,
				 site->line);
			takt_events_put(unit->events, takt_engine_cycle(unit->engine),
					takt_clock_now_ns(&unit->engine->clock),
					unit->ctx.task_index, TAKT_EVENT_texts_suppressed, values,
					place);
			unit->limiters[i].suppressed = 0;
		}
	}
}
