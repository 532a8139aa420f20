/* SPDX-License-Identifier: Apache-2.0 */
/* Real-time code but for the setting up and the end, which are in unit_text_setup.c:
 * see tests/hot.sh. */
#include "rt/engine/unit_text.h"

#include "rt/shm/mailbox.h"

/* NULL: not limited, or the call of another plug-in's. */
static struct takt_text_limiter *find_limiter(struct takt_unit *unit,
					      const struct takt_text_site *site)
{
	const uint32_t index = site->id - unit->first_text_site;

	return site->limit != TAKT_TEXT_ALWAYS && index < unit->limiter_count
		       ? &unit->limiters[index] : NULL;
}

void takt_unit_text(struct takt_unit *unit, const struct takt_text_site *site, const uint64_t *args,
		    uint64_t now_ns)
{
	struct takt_text_limiter *limiter = find_limiter(unit, site);
	const struct takt_text_call call = {
		.site = site, .args = args, .cycle = unit->ctx.cycle, .mono_ns = now_ns,
		.suppressed = limiter ? limiter->suppressed : 0, .task = unit->ctx.task_index,
	};
	const bool is_recorded = takt_events_text(unit->events, &call);

	if (limiter) {
		takt_text_limiter_tell(limiter, (enum takt_text_limit)site->limit, is_recorded);
	}
}

bool takt_unit_text_is_due(struct takt_ctx *ctx, const struct takt_text_site *site, uint64_t number)
{
	struct takt_text_limiter *limiter = find_limiter(takt_unit_of(ctx), site);

	return !limiter || takt_text_limiter_is_due(limiter, (enum takt_text_limit)site->limit,
						    number, ctx->now_ns);
}

void takt_unit_take_level(struct takt_unit *unit, uint64_t cycle, uint64_t now_ns)
{
	static const char *const names[] = { "debug", "info", "warning", "error", "critical" };
	const struct takt_region *region = unit->engine->region;
	const uint32_t before = unit->ctx.text_level;
	const uint32_t level = takt_mailbox_level_asked(region, unit->ctx.task_index);
	const int64_t values[4] = { before, level };

	if (level == TAKT_NO_LEVEL || level == before) {
		return;
	}
	unit->ctx.text_level = level;
	takt_mailbox_publish_level(region, unit->ctx.task_index, level);
	takt_events_put(unit->events, cycle, now_ns, unit->ctx.task_index,
			TAKT_EVENT_level_changed, values, names[level]);
}
