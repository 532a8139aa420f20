/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/graph/print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "rt/base/quantity.h"
#include "rt/base/json.h"
#include "rt/graph/size.h"

#define TEXT_BYTES_MAX (1u << 30)
#define NS_PER_S 1000000000.0

static const char *const wait_names[] = { "sleep", "spin" };
static const char *const overrun_names[] = { "skip", "catch_up", "stop" };
static const char *const take_names[] = { "newest", "all" };

const char *takt_exec_name(enum takt_exec exec)
{
	static const char *const names[] = { "lane", "io", "background", "python" };

	return names[exec];
}

static double rate_hz(const struct takt_plan *plan, uint32_t every)
{
	return plan->period_ns ? NS_PER_S / (double)plan->period_ns / every : 0.0;
}

/* --- text ------------------------------------------------------------------------------------ */

static const char *bytes_text(uint64_t bytes, char *out)
{
	return takt_quantity_format_bytes(bytes, out, TAKT_QUANTITY_TEXT_BYTES);
}

static void input_text(const struct takt_plan *plan, const struct takt_plan_input *input,
		       struct takt_text_buffer *out)
{
	const struct takt_plan_output *from = &plan->outputs[input->output];
	char hold[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_printf(out, "      in  %-16s %s <- %s.%s", input->port->name,
				input->type->name,
		plan->tasks[from->task].id, from->port->name);
	if (input->delay > 0) {
		takt_text_buffer_printf(out, ", delay %u", input->delay);
	}
	if (input->hold_ns > 0) {
		takt_text_buffer_printf(out, ", hold %s",
			takt_quantity_format_ns(input->hold_ns, hold, sizeof(hold)));
	}
	takt_text_buffer_puts(out, "\n");
}

static void output_text(const struct takt_plan_output *output, struct takt_text_buffer *out)
{
	char size[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_printf(out, "      out %-16s %s, %s", output->port->name,
				output->layout->type->name,
		bytes_text(output->layout->bytes, size));
	if (output->slots > 1) {
		takt_text_buffer_printf(out, ", up to %u a cycle", output->slots);
	}
	takt_text_buffer_printf(out, "%s\n", output->recorded ? "" : ", not recorded");
}

static const char *const mode_names[] = { "process", "embedded" };
static const char *const transport_names[] = { "cbor", "shm" };
static const char *const python_wait_names[] = { "none", "cycle" };

static void python_text(const struct takt_plan_task *task, struct takt_text_buffer *out)
{
	const struct takt_python_settings *s = task->python;
	char timeout[TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_printf(out, "      python %s: mode %s, transport %s, wait %s", s->script,
				mode_names[s->mode], transport_names[s->transport], python_wait_names[s->wait]);
	if (s->timeout_ns > 0) {
		takt_text_buffer_printf(out, ", timeout %s",
			takt_quantity_format_ns(s->timeout_ns, timeout, sizeof(timeout)));
	}
	takt_text_buffer_puts(out, "\n");
	if (s->wait == TAKT_PYTHON_WAIT_CYCLE) {
		takt_text_buffer_puts(out, "      each of its cycles may last as long as the timeout, and the other side "
				      "looks for calls\n      every 50 us, at the cost of some percent of a CPU; "
				      "`wait: none` does neither\n");
	}
}

static void task_text(const struct takt_plan *plan, uint32_t index, struct takt_text_buffer *out)
{
	const struct takt_plan_task *task = &plan->tasks[index];

	takt_text_buffer_printf(out, "  %3u %-16s %s (%s), %s", index, task->id, task->type->name,
				task->plugin->name,
		takt_exec_name(task->exec));
	if (task->exec == TAKT_EXEC_IO) {
		takt_text_buffer_printf(out, ", takes %s", take_names[task->take]);
	} else if (plan->period_ns > 0) {
		takt_text_buffer_printf(out, ", %g Hz", rate_hz(plan, task->every));
	}
	if (task->every > 1) {
		takt_text_buffer_printf(out, ", every %u from %u", task->every, task->offset);
	}
	takt_text_buffer_puts(out, "\n");
	if (task->python) {
		python_text(task, out);
	}
	for (uint32_t i = 0; i < task->input_count; i++) {
		input_text(plan, &task->inputs[i], out);
	}
	for (uint32_t i = 0; i < task->output_count; i++) {
		output_text(&plan->outputs[task->first_output + i], out);
	}
}

/* Said of every graph that has one. */
static void prototype_text(const struct takt_plan *plan, struct takt_text_buffer *out)
{
	const char *comma = "";

	if (plan->python_count == 0) {
		return;
	}
	takt_text_buffer_puts(out, TAKT_PYTHON_PROTOTYPE ": ");
	for (uint32_t i = 0; i < plan->task_count; i++) {
		if (plan->tasks[i].python) {
			takt_text_buffer_printf(out, "%s%s", comma, plan->tasks[i].id);
			comma = ", ";
		}
	}
	takt_text_buffer_puts(out, "\n");
	if (plan->python_count > 1) {
		takt_text_buffer_printf(out, "warning: %u tasks are in Python: each takes a process and its share of "
					"the CPUs that are left,\nand they delay one another\n", plan->python_count);
	}
}

static void plan_text(const struct takt_plan *plan, struct takt_text_buffer *out)
{
	const struct takt_plan_size size = takt_plan_size(plan);
	char text[2][TAKT_QUANTITY_TEXT_BYTES];

	takt_text_buffer_printf(out, "graph %s, %s: ", plan->name, plan->path);
	if (plan->period_ns > 0) {
		takt_text_buffer_printf(out, "%g Hz (a cycle every %s)", rate_hz(plan, 1),
			takt_quantity_format_ns(plan->period_ns, text[0], sizeof(text[0])));
	} else {
		takt_text_buffer_puts(out, "free running");
	}
	takt_text_buffer_printf(out, ", wait %s, overrun %s\n", wait_names[plan->wait],
				overrun_names[plan->overrun]);
	for (uint32_t i = 0; i < plan->task_count; i++) {
		task_text(plan, i, out);
	}
	prototype_text(plan, out);
	takt_text_buffer_printf(out, "a cycle records at most %s", bytes_text(size.cycle_bytes_max,
									      text[0]));
	if (plan->period_ns > 0) {
		takt_text_buffer_printf(out, "; at this rate at most %.3f MB/s, %.2f GB/h\narena "
					"%s: %.1f s of recording\n",
			size.bytes_per_s / 1e6, size.bytes_per_s * 3600 / 1e9,
			bytes_text(size.arena_bytes, text[1]), size.arena_s);
	} else {
		takt_text_buffer_printf(out, "\narena %s\n", bytes_text(size.arena_bytes, text[1]));
	}
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void key_json(struct takt_text_buffer *out, const char *before, const char *key,
		     const char *text)
{
	takt_text_buffer_printf(out, "%s\"%s\": ", before, key);
	takt_json_puts(out, text);
}

static void input_json(const struct takt_plan *plan, const struct takt_plan_input *input,
		       struct takt_text_buffer *out)
{
	const struct takt_plan_output *from = &plan->outputs[input->output];

	key_json(out, "{", "port", input->port->name);
	key_json(out, ", ", "type", input->type->name);
	key_json(out, ", ", "from_task", plan->tasks[from->task].id);
	key_json(out, ", ", "from_port", from->port->name);
	takt_text_buffer_printf(out, ", \"delay\": %u, \"hold_ns\": %" PRIu64 "}", input->delay,
				input->hold_ns);
}

static void output_json(const struct takt_plan_output *output, struct takt_text_buffer *out)
{
	key_json(out, "{", "port", output->port->name);
	key_json(out, ", ", "type", output->layout->type->name);
	takt_text_buffer_printf(out, ", \"bytes\": %u, \"slots\": %u, \"recorded\": %s}",
				output->layout->bytes,
		output->slots, output->recorded ? "true" : "false");
}

static void python_json(const struct takt_python_settings *s, struct takt_text_buffer *out)
{
	key_json(out, ", \"python\": {", "script", s->script);
	key_json(out, ", ", "mode", mode_names[s->mode]);
	key_json(out, ", ", "transport", transport_names[s->transport]);
	key_json(out, ", ", "wait", python_wait_names[s->wait]);
	takt_text_buffer_printf(out, ", \"timeout_ns\": %" PRIu64 "}", s->timeout_ns);
}

static void task_json(const struct takt_plan *plan, const struct takt_plan_task *task,
		      struct takt_text_buffer *out)
{
	key_json(out, "{", "id", task->id);
	key_json(out, ", ", "type", task->type->name);
	key_json(out, ", ", "plugin", task->plugin->name);
	key_json(out, ", ", "exec", takt_exec_name(task->exec));
	takt_text_buffer_printf(out, ", \"every\": %u, \"offset\": %u, \"rate_hz\": %.17g, "
				"\"params\": %s",
		task->every, task->offset,
		task->exec == TAKT_EXEC_IO ? 0.0 : rate_hz(plan, task->every), task->params_json);
	if (task->python) {
		python_json(task->python, out);
	}
	takt_text_buffer_puts(out, ", \"inputs\": [");
	for (uint32_t i = 0; i < task->input_count; i++) {
		takt_text_buffer_puts(out, i ? ", " : "");
		input_json(plan, &task->inputs[i], out);
	}
	takt_text_buffer_puts(out, "], \"outputs\": [");
	for (uint32_t i = 0; i < task->output_count; i++) {
		takt_text_buffer_puts(out, i ? ", " : "");
		output_json(&plan->outputs[task->first_output + i], out);
	}
	takt_text_buffer_puts(out, "]}");
}

static void plan_json(const struct takt_plan *plan, struct takt_text_buffer *out)
{
	const struct takt_plan_size size = takt_plan_size(plan);

	key_json(out, "{", "graph", plan->name);
	key_json(out, ", ", "path", plan->path);
	key_json(out, ", ", "wait", wait_names[plan->wait]);
	key_json(out, ", ", "overrun", overrun_names[plan->overrun]);
	if (plan->python_count > 0) {
		key_json(out, ", ", "prototype", TAKT_PYTHON_PROTOTYPE);
	}
	takt_text_buffer_printf(out, ", \"period_ns\": %" PRIu64 ", \"rate_hz\": %.17g, \"tasks\": "
				"[", plan->period_ns,
		rate_hz(plan, 1));
	for (uint32_t i = 0; i < plan->task_count; i++) {
		takt_text_buffer_puts(out, i ? ", " : "");
		task_json(plan, &plan->tasks[i], out);
	}
	takt_text_buffer_printf(out, "], \"cycle_bytes_max\": %u, \"cycle_bytes_mean\": %.17g, "
				"\"bytes_per_s\": %.17g, \"gb_per_h\": %.17g, \"arena_bytes\": "
				"%" PRIu64 ", \"arena_s\": %.17g}\n",
		size.cycle_bytes_max, size.cycle_bytes_mean, size.bytes_per_s,
		size.bytes_per_s * 3600 / 1e9, size.arena_bytes, size.arena_s);
}

int takt_plan_print(const struct takt_plan *plan, bool json, char **ret_text)
{
	struct takt_text_buffer out;

	takt_text_buffer_init(&out, TEXT_BYTES_MAX);
	if (json) {
		plan_json(plan, &out);
	} else {
		plan_text(plan, &out);
	}
	if (out.error < 0) {
		takt_text_buffer_fini(&out);
		return -ENOMEM;
	}
	*ret_text = out.text;		/* malloc'ed: the caller frees it */
	return 0;
}
