/* SPDX-License-Identifier: Apache-2.0 */
/* What was checked -> the plan, in its order. */
#include <errno.h>
#include <string.h>

#include "rt/base/round.h"
#include "rt/graph/loader.h"
#include "rt/graph/params.h"
#include "rt/graph/plugin.h"
#include "rt/shm/record.h"
#include "rt/shm/stream.h"

_Static_assert(TAKT_OVERRUN_CATCH_UP == TAKT_OVERRUN_CATCH_UP_INDEX, "words of runtime.overrun");

static int task_fill(struct takt_loader *loader, const struct takt_load_task *from,
		     struct takt_plan_task *task)
{
	const struct takt_task_keys *keys = &from->config->keys;
	int rc;

	task->id = keys->id.text;
	task->type = from->type;
	task->plugin = from->plugin->plugin;
	task->python = from->python;
	task->exec = from->python ? TAKT_EXEC_PYTHON : (enum takt_exec)keys->exec.number;
	task->take = (enum takt_take)keys->take.number;
	task->on_error = (enum takt_on_error)keys->on_error.number;
	task->every = (uint32_t)keys->every.number;
	task->offset = (uint32_t)keys->offset.number;
	task->queue = (uint32_t)keys->queue.number;
	task->cpu = keys->cpu.number == TAKT_CPU_UNSET ? TAKT_CPU_AUTO : (int)keys->cpu.number;
	task->cpu_line = keys->cpu.node ? keys->cpu.node->line : 0;
	task->cpu_column = keys->cpu.node ? keys->cpu.node->column : 0;
	task->priority = (int)keys->priority.number;
	task->text_level = (uint32_t)(keys->level.node ? keys->level.number :
				      loader->config->logging.level.number);
	task->line = from->config->node->line;
	task->input_count = from->input_count;
	task->output_count = from->output_count;
	if (from->python) {
		if (keys->state.node) {
			task->state = from->outputs[from->output_count - 1].type->layout;
		}
		task->params_json = takt_load_python_params(loader->pool, keys->params.node);
		task->inputs = takt_pool_alloc(loader->pool, task->input_count, sizeof(task->inputs[0]));
		return task->params_json && task->inputs ? 0 : takt_load_no_memory(loader);
	}
	rc = takt_params_fill(loader->pool, from->type, task->id, from->config->node,
			      keys->params.node, loader->dir, &task->params, loader->err);
	if (rc == 0) {
		rc = takt_load_judge(loader, from, task);
	}
	if (rc < 0) {
		return rc;
	}
	task->params_json = takt_params_format(loader->pool, from->type, task->params, false);
	task->inputs = takt_pool_alloc(loader->pool, task->input_count, sizeof(task->inputs[0]));
	return task->params_json && task->inputs ? 0 : takt_load_no_memory(loader);
}

static void outputs_fill(struct takt_loader *loader, const struct takt_load_task *from,
			 uint32_t index)
{
	struct takt_plan *plan = loader->plan;
	struct takt_plan_task *task = &plan->tasks[index];

	task->first_output = plan->output_count;
	for (uint32_t i = 0; i < task->output_count; i++) {
		plan->outputs[plan->output_count++] = (struct takt_plan_output){
			.port = from->outputs[i].port,
			.layout = from->outputs[i].type->layout,
			.task = index,
			.slots = task->take == TAKT_TAKE_ALL ? task->queue : 1,
			.recorded = from->config->keys.record.number,
		};
	}
}

/* Outputs are numbered: say which each input reads. */
static void inputs_fill(struct takt_loader *loader, const struct takt_load_task *to)
{
	struct takt_plan *plan = loader->plan;
	struct takt_plan_task *task = &plan->tasks[to->position];

	for (uint32_t i = 0; i < to->input_count; i++) {
		const struct takt_link *link = &to->links[i];
		const uint32_t producer = loader->tasks[link->from_task].position;
		struct takt_plan_input *input = &task->inputs[i];

		input->port = to->inputs[i].port;
		input->type = to->inputs[i].type->type;
		input->output = plan->tasks[producer].first_output + link->from_output;
		input->delay = link->connection->delay;
		input->hold_ns = link->connection->hold_ns;
		if (input->delay > 0) {
			plan->outputs[input->output].delayed = true;
		}
	}
}

static int tasks_fill(struct takt_loader *loader)
{
	const uint32_t task_count = loader->config->task_count;
	struct takt_plan *plan = loader->plan;
	uint32_t output_count = 0;

	for (uint32_t i = 0; i < task_count; i++) {
		output_count += loader->tasks[i].output_count;
	}
	plan->tasks = takt_pool_alloc(loader->pool, task_count, sizeof(plan->tasks[0]));
	plan->outputs = takt_pool_alloc(loader->pool, output_count, sizeof(plan->outputs[0]));
	if (!plan->tasks || !plan->outputs) {
		return takt_load_no_memory(loader);
	}
	plan->task_count = task_count;
	for (uint32_t i = 0; i < task_count; i++) {
		const struct takt_load_task *from = &loader->tasks[i];
		int rc = task_fill(loader, from, &plan->tasks[from->position]);

		if (rc < 0) {
			return rc;
		}
	}
	for (uint32_t position = 0; position < task_count; position++) {
		for (uint32_t i = 0; i < task_count; i++) {
			if (loader->tasks[i].position == position) {
				outputs_fill(loader, &loader->tasks[i], position);
			}
		}
	}
	for (uint32_t i = 0; i < task_count; i++) {
		inputs_fill(loader, &loader->tasks[i]);
	}
	return 0;
}

/* The types of the outputs and what they nest, of all that the plug-ins declare. */
static int types_fill(struct takt_loader *loader)
{
	const struct takt_type_set *all = loader->types;
	struct takt_plan *plan = loader->plan;
	bool used[TAKT_TYPE_SET_MAX] = { false };

	for (uint32_t i = 0; i < plan->output_count; i++) {
		used[takt_type_set_find(all,
					plan->outputs[i].layout->type->name) - all->entries] = true;
	}
	/* A type stands behind those that it contains. */
	for (uint32_t i = all->count; i > 0; i--) {
		const struct takt_type *type = all->entries[i - 1].type;

		for (uint32_t j = 0; used[i - 1] && j < type->field_count; j++) {
			if (type->fields[j].of) {
				used[takt_type_set_find(all,
							type->fields[j].of->name) - all->entries] = true;
			}
		}
	}
	plan->types = takt_pool_alloc(loader->pool, all->count, sizeof(plan->types[0]));
	plan->layouts = takt_pool_alloc(loader->pool, all->count, sizeof(plan->layouts[0]));
	if (!plan->types || !plan->layouts) {
		return takt_load_no_memory(loader);
	}
	for (uint32_t i = 0; i < all->count; i++) {
		if (used[i]) {
			plan->types[plan->type_count] = all->entries[i].type;
			plan->layouts[plan->type_count++] = all->entries[i].layout;
		}
	}
	return 0;
}

static int sizes_fill(struct takt_loader *loader)
{
	const struct takt_value *arena = &loader->config->logging.arena;
	struct takt_plan *plan = loader->plan;
	uint64_t recorded = 0, scratch = 0, messages = 0, bytes, least;

	for (uint32_t i = 0; i < plan->output_count; i++) {
		const struct takt_plan_output *output = &plan->outputs[i];
		const uint64_t payload = takt_round_up(output->layout->bytes, 8);

		messages += output->slots;
		*(output->recorded ? &recorded : &scratch) += output->slots * payload;
	}
	if (messages > UINT32_MAX) {
		messages = UINT32_MAX;		/* their rows alone are above the limit */
	}
	bytes = takt_copperlist_bytes(plan->task_count, (uint32_t)messages, recorded);
	if (bytes > TAKT_RECORD_BYTES_MAX || scratch > TAKT_RECORD_BYTES_MAX) {
		return takt_node_error(loader->config->root.tasks.node, loader->err, "one cycle "
				       "may make %llu MiB; at most %u are possible: use smaller "
				       "messages or queues",
				       (unsigned long long)(bytes > scratch ? bytes :
							    scratch) >> 20,
				       TAKT_RECORD_BYTES_MAX >> 20);
	}
	plan->copperlist_bytes_max = (uint32_t)bytes;
	plan->scratch_bytes_max = (uint32_t)scratch;
	least = takt_stream_ring_bytes_min(plan->copperlist_bytes_max);
	if (arena->node && plan->arena_bytes < least) {
		return takt_node_error(arena->node, loader->err, "logging: arena: `%s` is too small for this "
				       "graph; give at least %lluKiB, or leave it out", arena->text,
				       (unsigned long long)(least + 1023) >> 10);
	}
	return 0;
}

int takt_load_plan(struct takt_loader *loader)
{
	int rc;

	rc = tasks_fill(loader);
	if (rc == 0) {
		rc = types_fill(loader);
	}
	if (rc == 0) {
		rc = sizes_fill(loader);
	}
	if (rc < 0) {
		return rc;
	}
	for (uint32_t i = 0; i < loader->plan->plugin_count; i++) {
		takt_plugin_number_sites(loader->plan->plugins[i], loader->plan->text_site_count);
		loader->plan->text_site_count += loader->plan->plugins[i]->text_site_count;
	}
	return takt_load_render(loader);
}
