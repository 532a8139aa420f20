/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/engine/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "rt/base/version.h"
#include "rt/engine/replay.h"
#include "rt/graph/print.h"
#include "rt/msg/catalog.h"

#define FACTS_MAX 40u

struct maker {
	struct takt_catalog catalog;
	struct takt_catalog_stream *streams;
	struct takt_catalog_task *tasks;
	struct takt_catalog_output *outputs;
	struct takt_catalog_connection *connections;
	struct takt_catalog_format *formats;
	struct takt_catalog_fact facts[FACTS_MAX];
	struct utsname kernel;
	char host[256];
	char cpu[16];
	char counter[48];
	char seed[24];
};

static void *make_array(size_t count, size_t bytes)
{
	return calloc(count > 0 ? count : 1, bytes);
}

static uint32_t find_type(const struct takt_plan *plan, const struct takt_type *type)
{
	uint32_t i = 0;

	while (i < plan->type_count && strcmp(plan->types[i]->name, type->name) != 0) {
		i++;
	}
	TAKT_CHECK(i < plan->type_count);
	return i;
}

static void add_graph(struct maker *m, const struct takt_plan *plan)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < plan->task_count; i++) {
		const struct takt_plan_task *t = &plan->tasks[i];

		m->tasks[i] = (struct takt_catalog_task){
			.id = t->id, .type = t->type->name, .plugin = t->plugin->name,
			.exec = takt_exec_name(t->exec), .params = t->params_json ? t->params_json : "{}",
			.kind = t->type->kind, .every = t->every, .offset = t->offset,
		};
		for (uint32_t k = 0; k < t->input_count; k++) {
			if (t->inputs[k].output != TAKT_NO_OUTPUT) {
				m->connections[n++] = (struct takt_catalog_connection){
					t->inputs[k].output, i, t->inputs[k].port->name,
					t->inputs[k].delay, t->inputs[k].hold_ns };
			}
		}
	}
	for (uint32_t i = 0; i < plan->output_count; i++) {
		const struct takt_plan_output *o = &plan->outputs[i];

		m->outputs[i] = (struct takt_catalog_output){
			o->task, o->port->name, find_type(plan, o->layout->type), o->slots, o->recorded };
	}
	m->catalog.connection_count = n;
}

static void add_formats(struct maker *m, const struct takt_plan *plan)
{
	for (uint32_t i = 0; i < plan->plugin_count; i++) {
		const struct takt_plugin_handle *p = plan->plugins[i];

		for (uint32_t k = 0; k < p->text_site_count; k++) {
			const struct takt_text_site *s = &p->plugin->text_begin[k];

			m->formats[p->first_text_site + k] = (struct takt_catalog_format){
				s->format, s->file, s->tags, s->line, s->level };
		}
	}
}

static void add_fact(struct maker *m, const char *key, const char *value)
{
	if (m->catalog.fact_count < FACTS_MAX) {
		m->facts[m->catalog.fact_count++] = (struct takt_catalog_fact){ key, value };
	}
}

static void add_facts(struct maker *m, const struct takt_engine *engine)
{
	const struct takt_lane *lane = &engine->lane;

	uname(&m->kernel);
	gethostname(m->host, sizeof(m->host) - 1);
	snprintf(m->cpu, sizeof(m->cpu), "%d", lane->cpu.cpu);
	snprintf(m->counter, sizeof(m->counter), "%s, %llu Hz",
		 engine->virtual_time ? "virtual" : engine->clock.tsc ? "tsc" : "monotonic",
		 (unsigned long long)engine->clock.hz);
	add_fact(m, "takt", takt_version());
	add_fact(m, "compiler", __VERSION__);
	add_fact(m, "host", m->host);
	add_fact(m, "kernel", m->kernel.release);
	add_fact(m, "kernel build", m->kernel.version);
	add_fact(m, "machine", m->kernel.machine);
	add_fact(m, "boot id", engine->region_info.boot_id);
	add_fact(m, "machine id", engine->region_info.machine_id);
	add_fact(m, "counter", m->counter);
	snprintf(m->seed, sizeof(m->seed), "%llu", (unsigned long long)engine->seed);
	add_fact(m, "time", engine->virtual_time ? "virtual" : "real");
	add_fact(m, "seed", m->seed);
	if (engine->options->replay) {
		add_fact(m, "sources from", engine->options->replay->name);
	}
	add_fact(m, "lane cpu", lane->cpu.cpu >= 0 ? m->cpu : "any");
	add_fact(m, "lane cpu isolated", lane->cpu.isolated ? "yes" : "no");
	add_fact(m, "lane policy", engine->fifo ? "SCHED_FIFO" : "SCHED_OTHER");
	add_fact(m, "memory locked", engine->locked ? "yes" : "no");
	if (engine->plan->python_count > 0) {
		add_fact(m, "prototype", TAKT_PYTHON_PROTOTYPE);
	}
	for (uint32_t i = 0; i < engine->missing_count; i++) {
		add_fact(m, "missing", engine->missing[i]);
	}
}

static uint32_t count_inputs(const struct takt_plan *plan)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < plan->task_count; i++) {
		n += plan->tasks[i].input_count;
	}
	return n;
}

int takt_engine_make_catalog(const struct takt_engine *engine,
			     const struct takt_stream_spec *streams, uint32_t stream_count,
			     void **ret_bytes, uint32_t *ret_size_bytes, struct takt_err *err)
{
	const struct takt_plan *plan = engine->plan;
	struct maker *m = calloc(1, sizeof(*m));
	int r = -ENOMEM;

	if (!m) {
		return takt_err_set(err, r, "out of memory");
	}
	m->streams = make_array(stream_count, sizeof(*m->streams));
	m->tasks = make_array(plan->task_count, sizeof(*m->tasks));
	m->outputs = make_array(plan->output_count, sizeof(*m->outputs));
	m->connections = make_array(count_inputs(plan), sizeof(*m->connections));
	m->formats = make_array(plan->text_site_count, sizeof(*m->formats));
	if (!m->streams || !m->tasks || !m->outputs || !m->connections || !m->formats) {
		takt_err_set(err, r, "out of memory");
		goto out;
	}
	m->catalog = (struct takt_catalog){
		.graph = plan->name, .config = plan->config_text ? plan->config_text : "",
		.config_path = plan->path, .period_ns = plan->period_ns,
		.counter_hz = engine->clock.hz,
		.origin_mono_ns = engine->region_info.origin_mono_ns,
		.origin_real_ns = engine->region_info.origin_real_ns,
		.types = plan->types, .type_count = plan->type_count,
		.stream_count = stream_count, .streams = m->streams, .tasks = m->tasks,
		.outputs = m->outputs, .connections = m->connections, .formats = m->formats,
		.facts = m->facts, .task_count = plan->task_count,
		.output_count = plan->output_count, .format_count = plan->text_site_count,
	};
	for (uint32_t i = 0; i < stream_count; i++) {
		m->streams[i] = (struct takt_catalog_stream){ streams[i].name, streams[i].kind, 0 };
	}
	add_graph(m, plan);
	add_formats(m, plan);
	add_facts(m, engine);
	r = takt_catalog_encode(&m->catalog, ret_bytes, ret_size_bytes, err);
out:
	free(m->streams);
	free(m->tasks);
	free(m->outputs);
	free(m->connections);
	free(m->formats);
	free(m);
	return r;
}
