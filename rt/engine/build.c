/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a run: everything that a cycle touches is allocated here, before the first one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rt/engine/python.h"
#include "rt/engine/seed.h"
#include "rt/engine/setup.h"
#include "rt/engine/unit_text.h"
#include "rt/engine/worker.h"

static void *make(size_t count, size_t bytes)
{
	return calloc(count > 0 ? count : 1, bytes);
}

static int build_outlets(struct takt_engine *engine)
{
	const struct takt_plan *plan = engine->plan;

	engine->outlets = make(plan->output_count, sizeof(*engine->outlets));
	if (!engine->outlets) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < plan->output_count; i++) {
		const struct takt_plan_output *p = &plan->outputs[i];
		struct takt_outlet *outlet = &engine->outlets[i];

		outlet->layout = p->layout;
		outlet->slots = p->slots;
		outlet->number = i;
		outlet->recorded = p->recorded;
		outlet->delayed = p->delayed;
		outlet->messages = make(p->slots, sizeof(*outlet->messages));
		outlet->previous = make(p->slots, sizeof(*outlet->previous));
		if (!outlet->messages || !outlet->previous) {
			return -ENOMEM;
		}
		engine->lane.message_rows_bytes += p->slots * (uint32_t)sizeof(struct takt_message_row);
	}
	return 0;
}

static int build_hold(struct takt_unit *unit, const struct takt_plan_input *p, uint32_t input)
{
	struct takt_hold *hold = &unit->holds[unit->hold_count];

	hold->from = &unit->engine->outlets[p->output];
	hold->hold_ns = p->hold_ns;
	hold->message.payload = make(1, hold->from->layout->bytes);
	if (!hold->message.payload) {
		return -ENOMEM;
	}
	unit->hold_count++;
	unit->inputs[input].messages = &hold->message;
	unit->inputs[input].count = &hold->count;
	return 0;
}

static const uint32_t no_messages = 0;

static int build_inputs(struct takt_unit *unit)
{
	const struct takt_plan_task *plan = unit->plan;
	int r = 0;

	unit->inputs = make(plan->input_count, sizeof(*unit->inputs));
	unit->holds = make(plan->input_count, sizeof(*unit->holds));
	if (!unit->inputs || !unit->holds) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < plan->input_count && r == 0; i++) {
		const struct takt_plan_input *p = &plan->inputs[i];
		const struct takt_outlet *from;

		if (p->output == TAKT_NO_OUTPUT) {
			unit->inputs[i].count = &no_messages;
			continue;
		}
		from = &unit->engine->outlets[p->output];
		if (p->hold_ns > 0) {
			r = build_hold(unit, p, i);
		} else if (p->delay > 0) {
			unit->inputs[i].messages = from->previous;
			unit->inputs[i].count = &from->previous_count;
		} else {
			unit->inputs[i].messages = from->messages;
			unit->inputs[i].count = &from->count;
		}
	}
	unit->ctx.inputs = unit->inputs;
	return r;
}

static int build_state(struct takt_unit *unit)
{
	const struct takt_task *type = unit->type;
	const size_t align = type->state_align < sizeof(void *) ? sizeof(void *) : type->state_align;
	const size_t bytes = (type->state_bytes + align - 1) / align * align;

	unit->ctx.state = aligned_alloc(align, bytes > 0 ? bytes : align);
	if (!unit->ctx.state) {
		return -ENOMEM;
	}
	memset(unit->ctx.state, 0, bytes > 0 ? bytes : align);
	return 0;
}

static int build_unit(struct takt_engine *engine, uint32_t index)
{
	const struct takt_plan_task *plan = &engine->plan->tasks[index];
	const int level = engine->options->text_level;
	struct takt_unit *unit = &engine->units[index];
	int r;

	unit->engine = engine;
	unit->plan = plan;
	unit->type = plan->type;
	unit->outlets = engine->outlets + plan->first_output;
	unit->outlet_count = plan->output_count;
	unit->due_in = plan->offset;
	unit->events = &engine->main_events;
	unit->ctx.bytes = sizeof(unit->ctx);
	unit->ctx.text_level = level >= 0 ? (uint32_t)level : plan->text_level;
	unit->ctx.host = &takt_lane_host;
	unit->ctx.params = plan->params;
	unit->ctx.task_id = plan->id;
	unit->ctx.task_index = index;
	unit->ctx.seed = takt_seed_of_task(engine->seed, plan->id);
	if (plan->type->kind == TAKT_SOURCE) {
		engine->lane.sources_left++;
	}
	r = build_state(unit);
	if (r == 0) {
		r = build_inputs(unit);
	}
	if (r == 0) {
		r = takt_unit_text_init(unit);
	}
	if (r == 0 && plan->python) {
		unit->python = &engine->pythons[engine->python_count++];
		unit->python->unit = unit;
		unit->python->settings = plan->python;
	} else if (r == 0 && (plan->exec != TAKT_EXEC_LANE || takt_engine_is_replayed(engine, index))) {
		r = takt_worker_init(&engine->workers[engine->worker_count++], unit);
	}
	return r;
}

static int build_lane(struct takt_engine *engine)
{
	const struct takt_plan *plan = engine->plan;
	struct takt_lane *lane = &engine->lane;

	lane->engine = engine;
	lane->scratch_bytes = plan->scratch_bytes_max;
	for (int i = 0; i < 2; i++) {
		lane->lost_draft[i] = make(1, plan->copperlist_bytes_max);
		lane->scratch[i] = make(1, plan->scratch_bytes_max);
		if (!lane->lost_draft[i] || !lane->scratch[i]) {
			return -ENOMEM;
		}
	}
	return 0;
}

int takt_engine_build(struct takt_engine *engine, struct takt_err *err)
{
	const uint32_t count = engine->plan->task_count;
	int r;

	engine->units = make(count, sizeof(*engine->units));
	engine->workers = make(count, sizeof(*engine->workers));
	engine->pythons = make(engine->plan->python_count, sizeof(*engine->pythons));
	r = engine->units && engine->workers && engine->pythons ? build_outlets(engine) : -ENOMEM;
	for (uint32_t i = 0; i < count && r == 0; i++) {
		r = build_unit(engine, i);
	}
	if (r == 0) {
		r = build_lane(engine);
	}
	return r < 0 ? takt_err_set(err, r, "out of memory for the graph's tasks and messages") : 0;
}

static void free_unit(struct takt_unit *unit)
{
	free(unit->ctx.state);
	free(unit->inputs);
	for (uint32_t k = 0; k < unit->hold_count; k++) {
		free((void *)(uintptr_t)unit->holds[k].message.payload);
	}
	free(unit->holds);
	free(unit->limiters);
}

void takt_engine_dismantle(struct takt_engine *engine)
{
	const struct takt_plan *plan = engine->plan;

	for (uint32_t i = 0; i < engine->worker_count; i++) {
		takt_worker_fini(&engine->workers[i]);
	}
	for (uint32_t i = 0; i < engine->python_count; i++) {
		takt_python_fini(&engine->pythons[i]);
	}
	for (uint32_t i = 0; engine->units && i < plan->task_count; i++) {
		free_unit(&engine->units[i]);
	}
	for (uint32_t i = 0; engine->outlets && i < plan->output_count; i++) {
		free(engine->outlets[i].messages);
		free(engine->outlets[i].previous);
	}
	for (int i = 0; i < 2; i++) {
		free(engine->lane.lost_draft[i]);
		free(engine->lane.scratch[i]);
	}
	free(engine->units);
	free(engine->workers);
	free(engine->pythons);
	free(engine->outlets);
	takt_cpu_release(&engine->lane.cpu);
	takt_region_close(engine->region);
}
