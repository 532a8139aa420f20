/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks in Python, before and after the cycles: slot files, descriptions, waiting for start and
 * stop. */
#include "rt/engine/python.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rt/engine/interrupt.h"
#include "rt/engine/virtual.h"
#include "rt/os/memory.h"

#define LOOK_NS 1000000
#define ALIVE_EVERY 100u		/* looks between two at taktd's lock */
#define ABSENT_PATIENCE_NS (3 * TAKT_NS_PER_S)	/* without a taktd */
#define STOP_EXTRA_NS (TAKT_NS_PER_S / 2)	/* for the host, beside the limit that it keeps */

/* --- description ----------------------------------------------------------------------------- */

/* The types that a task carries and what they nest, of those of the plan, in their order. */
struct type_list {
	const struct takt_type **types;
	uint32_t *indices;		/* of the plan's types in the list, TAKT_PYTHON_NO_TYPE: not
					 * there */
	uint32_t count;
};

static uint32_t find_type(const struct takt_plan *plan, const char *name)
{
	uint32_t i = 0;

	while (i < plan->type_count && strcmp(plan->types[i]->name, name) != 0) {
		i++;
	}
	TAKT_CHECK(i < plan->type_count);
	return i;
}

static int list_types(const struct takt_plan *plan, const struct takt_plan_task *task,
		      struct type_list *list)
{
	bool *used = calloc(plan->type_count + 1, sizeof(*used));

	list->types = calloc(plan->type_count + 1, sizeof(const struct takt_type *));
	list->indices = calloc(plan->type_count + 1, sizeof(*list->indices));
	if (!used || !list->types || !list->indices) {
		free(used);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < task->input_count; i++) {
		used[find_type(plan, task->inputs[i].type->name)] = true;
	}
	for (uint32_t i = 0; i < task->output_count; i++) {
		used[find_type(plan, plan->outputs[task->first_output + i].layout->type->name)] =
			true;
	}
	for (uint32_t i = plan->type_count; i-- > 0;) {	/* a type stands behind those that it
							 * contains */
		for (uint32_t k = 0; used[i] && k < plan->types[i]->field_count; k++) {
			if (plan->types[i]->fields[k].of) {
				used[find_type(plan, plan->types[i]->fields[k].of->name)] = true;
			}
		}
	}
	for (uint32_t i = 0; i < plan->type_count; i++) {
		list->indices[i] = used[i] ? list->count : TAKT_PYTHON_NO_TYPE;
		if (used[i]) {
			list->types[list->count++] = plan->types[i];
		}
	}
	free(used);
	return 0;
}

static uint32_t first_site(const struct takt_plan *plan, const struct takt_plan_task *task)
{
	uint32_t i = 0;

	while (i < plan->plugin_count && plan->plugins[i]->plugin != task->plugin) {
		i++;
	}
	return i < plan->plugin_count ? plan->plugins[i]->first_text_site : 0;
}

static int describe(const struct takt_python *p, void **ret_bytes, uint32_t *ret_size_bytes,
		    struct takt_err *err)
{
	const struct takt_unit *unit = p->unit;
	const struct takt_plan_task *task = unit->plan;
	const struct takt_plan *plan = unit->engine->plan;
	struct takt_python_port ports[2][TAKT_PYSLOT_PORTS_MAX];
	struct type_list list = { 0 };
	struct takt_python_description d = {
		.settings = *p->settings, .graph = plan->name, .graph_path = plan->path,
		.graph_dir = plan->dir,
		.task_id = task->id, .task = unit->ctx.task_index,
		.run = unit->engine->region_info.run,
		.seed = unit->ctx.seed, .period_ns = plan->period_ns, .every = task->every,
		.virtual_time = unit->engine->virtual_time, .params = task->params_json,
		.text_level = unit->ctx.text_level, .text_site = first_site(plan, task),
		.stream = p->stream,
		.inputs = ports[0], .outputs = ports[1], .input_count = task->input_count,
		.output_count = task->output_count - (task->state ? 1 : 0),
		.state = TAKT_PYTHON_NO_TYPE,
	};
	char all_but[16];
	int r = list_types(plan, task, &list);

	if (r < 0) {
		takt_err_set(err, r, "out of memory");
		goto out;
	}
	if (!d.settings.cpus[0] && unit->engine->lane.cpu.cpu >= 0) {
		snprintf(all_but, sizeof(all_but), "^%d", unit->engine->lane.cpu.cpu);
		d.settings.cpus = all_but;
	}
	for (uint32_t i = 0; i < d.input_count; i++) {
		ports[0][i] = (struct takt_python_port){ task->inputs[i].port->name,
			list.indices[find_type(plan, task->inputs[i].type->name)] };
	}
	for (uint32_t i = 0; i < d.output_count; i++) {
		const struct takt_plan_output *o = &plan->outputs[task->first_output + i];

		ports[1][i] = (struct takt_python_port){ o->port->name,
			list.indices[find_type(plan, o->layout->type->name)] };
	}
	if (task->state) {
		d.state = list.indices[find_type(plan, task->state->type->name)];
	}
	d.types = list.types;
	d.type_count = list.count;
	r = takt_python_description_encode(&d, ret_bytes, ret_size_bytes, err);
out:
	free(list.types);
	free(list.indices);
	return r;
}

/* --- slot files ------------------------------------------------------------------------------ */

/* @layouts: room for the ports of @task, inputs first. */
static struct takt_pyslot_spec spec_of(const struct takt_plan *plan, uint32_t index,
				       const struct takt_layout **layouts)
{
	const struct takt_plan_task *task = &plan->tasks[index];
	struct takt_pyslot_spec spec = {
		.task_id = task->id, .task = index, .inputs = layouts,
		.outputs = layouts + task->input_count,
		.state = task->state, .input_count = task->input_count,
		.output_count = task->output_count - (task->state ? 1 : 0), .description = "",
	};

	for (uint32_t i = 0; i < spec.input_count; i++) {
		layouts[i] = plan->outputs[task->inputs[i].output].layout;
	}
	for (uint32_t i = 0; i < spec.output_count; i++) {
		layouts[spec.input_count + i] = plan->outputs[task->first_output + i].layout;
	}
	return spec;
}

uint64_t takt_python_bytes(const struct takt_plan *plan)
{
	const struct takt_layout *layouts[TAKT_PYSLOT_PORTS_MAX];
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < plan->task_count; i++) {
		if (plan->tasks[i].python) {
			const struct takt_pyslot_spec spec = spec_of(plan, i, layouts);

			bytes += takt_pyslot_bytes(&spec);
		}
	}
	return bytes;
}

static int make_slot(struct takt_engine *engine, struct takt_python *p, struct takt_err *err)
{
	const struct takt_layout *layouts[TAKT_PYSLOT_PORTS_MAX];
	struct takt_pyslot_spec spec = spec_of(engine->plan, p->unit->ctx.task_index, layouts);
	void *description = NULL;
	int r = describe(p, &description, &spec.description_bytes, err);

	if (r < 0) {
		return r;
	}
	spec.run = engine->region_info.run;
	spec.description = description;
	r = takt_pyslot_create(engine->region->path, &spec, &p->slot, err);
	free(description);
	if (r == 0) {
		takt_memory_touch(p->slot.memory, p->slot.geometry.file_bytes);
	}
	return r;
}

int takt_python_make_slots(struct takt_engine *engine, uint32_t stream, struct takt_err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < engine->python_count && r == 0; i++) {
		engine->pythons[i].stream = stream + i;
		r = make_slot(engine, &engine->pythons[i], err);
	}
	return r;
}

void takt_python_fini(struct takt_python *python)
{
	takt_pyslot_close(&python->slot);
}

/* --- start and stop -------------------------------------------------------------------------- */

static void say(const struct takt_unit *unit, enum takt_event event, const char *text)
{
	struct takt_engine *engine = unit->engine;

	takt_events_put(&engine->main_events, takt_engine_cycle(engine),
			takt_clock_now_ns(&engine->clock),
			unit->ctx.task_index, event, NULL, text);
	if (engine->options->degraded) {
		engine->options->degraded(text, engine->options->user);
	}
}

void takt_python_tell(struct takt_engine *engine)
{
	char text[TAKT_EVENT_TEXT_MAX];

	for (uint32_t i = 0; i < engine->python_count; i++) {
		const struct takt_unit *unit = engine->pythons[i].unit;

		snprintf(text, sizeof(text), TAKT_PYTHON_PROTOTYPE ": task `%.63s`",
			 unit->plan->id);
		say(unit, TAKT_EVENT_prototype, text);
	}
	if (engine->python_count > 1) {
		snprintf(text, sizeof(text),
			 "%u tasks are in Python: each takes a process and its share of the "
			 "CPUs that are left, and they delay one another", engine->python_count);
		say(engine->pythons[1].unit, TAKT_EVENT_degraded, text);
	}
}

/* Wait until the host is in a phase of @phases (bits), or the time is over, or there is no taktd. */
static bool wait_for(const struct takt_python *p, uint32_t phases, uint64_t patience_ns,
		     bool interruptible)
{
	const struct timespec span = { 0, LOOK_NS };
	const uint64_t begin_ns = takt_clock_mono_ns();
	uint64_t spent_ns = 0;

	for (uint32_t i = 1; spent_ns < patience_ns &&
	     !(interruptible && takt_interrupt_came()); i++) {
		const uint32_t phase = takt_pyslot_phase(&p->slot);

		if (phase < 32 && (phases >> phase & 1)) {
			return true;
		}
		if (i % ALIVE_EVERY == 0 && (spent_ns > ABSENT_PATIENCE_NS || !interruptible) &&
		    takt_region_recorder_alive(p->unit->engine->region) != 1) {
			return false;
		}
		nanosleep(&span, NULL);
		spent_ns = takt_clock_mono_ns() - begin_ns;
	}
	return false;
}

int takt_python_start(struct takt_unit *unit)
{
	const struct takt_python *p = unit->python;
	const bool ended = wait_for(p, 1u << TAKT_PY_READY | 1u << TAKT_PY_FAILED,
				    p->settings->start_timeout_ns, true);
	const uint32_t phase = takt_pyslot_phase(&p->slot);
	char text[TAKT_EVENT_TEXT_MAX];

	if (ended && phase == TAKT_PY_READY) {
		return 0;
	}
	if (phase == TAKT_PY_FAILED && unit->plan->on_error == TAKT_ON_ERROR_SHUTDOWN) {
		return -ENOTCONN;
	}
	if (!takt_interrupt_came()) {
		snprintf(text, sizeof(text),
			 "task `%.63s`: its Python is not ready (%s%s): its outputs are absent "
			 "until it is", unit->plan->id, takt_pyslot_phase_name(phase),
			 phase == TAKT_PY_ABSENT ? ": no taktd runs it" : "");
		say(unit, TAKT_EVENT_degraded, text);
	}
	return !ended && unit->engine->virtual_time && !takt_interrupt_came() ? -ETIMEDOUT : 0;
}

int takt_python_stop(struct takt_unit *unit)
{
	struct takt_python *p = unit->python;
	const uint32_t phase = takt_pyslot_phase(&p->slot);

	/* Partner: the host's acquire load. */
	atomic_store_explicit(&p->slot.lane->stopping, 1, memory_order_release);
	if (phase == TAKT_PY_ABSENT || phase == TAKT_PY_FAILED || phase == TAKT_PY_STOPPED) {
		return 0;
	}
	return wait_for(p, 1u << TAKT_PY_STOPPED | 1u << TAKT_PY_FAILED,
			p->settings->stop_timeout_ns + STOP_EXTRA_NS, false) ? 0 : -ETIMEDOUT;
}

unsigned takt_python_stop_patience_s(const struct takt_unit *unit)
{
	return (unsigned)((unit->python->settings->stop_timeout_ns +
			   STOP_EXTRA_NS) / TAKT_NS_PER_S) + 2;
}
