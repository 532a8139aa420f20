/* Graph files against real plug-ins (plugin_*.c), which stand beside this program.
 *
 * Usage: graph_test [MUTATIONS [SEED]] */
#include "rt/graph/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/graph/params.h"
#include "rt/graph/plugin.h"
#include "rt/graph/print.h"
#include "rt/graph/size.h"
#include "rt/shm/record.h"
#include "tests/unit/unit.h"

#define HEAD_OF(plugins) "takt: 1\n" "name: g\n" "plugins: " plugins "\n" "runtime: {rate: 100Hz}\n"
#define HEAD HEAD_OF("[good.so]")
#define OPEN HEAD_OF("[good.so, open.so]")
#define TASKS "tasks:\n"
#define CONNECTIONS "connections:\n"
#define TWO "  - {id: t, type: two}\n"
#define PYTHON(more) "  - {id: p, python: {script: body.py" more "}"

static const struct {
	const char *text;
	const char *error;
} wrong[] = {
#include "tests/unit/graph_errors.def"
};

static const char good[] =
	"takt: 1\n"
	"name: gnss\n"
	"plugins: [good.so]\n"
	"enums: {mode: {off: 0, slow: 1, fast: 7}}\n"
	"types:\n"
	"  vec: {fields: [{name: x, type: f64, unit: m}, {name: y, type: f64, unit: m}]}\n"
	"  pose:\n"
	"    fields:\n"
	"      - {name: at, type: struct(vec)}\n"
	"      - {name: mode, type: enum(mode)}\n"
	"      - {name: seen, type: \"list(u8, 32)\"}\n"
	"runtime: {rate: 100Hz, cpus: 1, priority: 70, overrun: {catch_up: 3}, wait: spin}\n"
	"logging: {flush: 50ms, segment: 64MiB, dir: logs, level: warning}\n"
	"tasks:\n"
	"  - {id: show, type: end, every: 10, offset: 3}\n"
	"  - {id: est, type: est, exec: background, take: all, queue: 3}\n"
	"  - {id: smooth, type: map, on_error: shutdown, level: debug}\n"
	"  - {id: nmea, type: src, exec: io, take: all, queue: 4, priority: 20, cpu: 1, record: "
	"false}\n  - id: par\n"
	"    type: par\n"
	"    params: {must: 3m, timeout: 250ms, sigma: [1m, 20mm, 0.25m], ids: [1, 2], mode: "
	"fast,\n             label: 42, size: 2KiB, file: ../a.nmea, gain: 0.1, small: -7}\n"
	"connections:\n"
	"  - nmea -> est.raw\n"
	"  - est -> smooth\n"
	"  - {from: smooth.out, to: est.back, delay: 1, hold: 1.5s}\n"
	"  - smooth.out -> show.in\n";

/* The parameters of task par of plugin_good.c. */
struct par {
	double timeout;
	float gain;
	bool fast;
	int8_t small;
	uint64_t large;
	uint32_t size;
	int32_t mode;
	char label[16];
	char file[512];
	float sigma[3];
	struct { uint32_t count; uint16_t at[4]; } ids;
	int32_t must;
	char takt_end;
};

static struct {
	char dir[PATH_MAX];		/* where the test's files are; also the current one */
	char program_dir[PATH_MAX];
	unsigned long mutation_count;
	uint64_t seed;
} test = { .mutation_count = 2000, .seed = 20240607 };

static void file_write(const char *name, const char *text, size_t bytes)
{
	FILE *file;

	unlink(name);			/* cutting an old one to zero would wait for the disk */
	file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
}

static struct takt_plan *loaded(const char *name, const char *text)
{
	struct takt_plan *plan = NULL;
	struct takt_err err = { 0 };
	char line[1100];

	file_write(name, text, strlen(text));
	if (takt_graph_load(name, &plan, &err) < 0) {
		fail_msg("%s", takt_err_format(&err, line, sizeof(line)));
	}
	return plan;
}

/* Put @what in place of @mark. */
static void replace(char *text, size_t text_bytes, const char *mark, const char *what)
{
	char copy[4096];
	char *at;

	while ((at = strstr(text, mark))) {
		snprintf(copy, sizeof(copy), "%.*s%s%s", (int)(at - text), text, what,
			 at + strlen(mark));
		snprintf(text, text_bytes, "%s", copy);
	}
}

static void python_task_is_planned_as_the_graph_says(void **state)
{
	static const char text[] =
		HEAD TASKS TWO
		"  - id: p\n"
		"    python: {script: body.py, wait: cycle, venv: ., args: [-x, 'a b'], env: {A: 1, B: ''}, cpus: 2-3,\n"
		"             nice: 5, memory: 1GiB, restarts: 7, backoff: 20ms}\n"
		"    inputs: {b: vec, a: vec}\n"
		"    outputs: {o: vec}\n"
		"    state: vec\n"
		"    params: {x: 1.5, on: true, no: null, s: 007, q: '2', l: [1, {k: v}]}\n"
		"  - {id: e, type: end}\n"
		CONNECTIONS "  - t.left -> p.b\n" "  - t.right -> p.a\n" "  - p.state -> e\n";
	struct takt_plan *plan, *again;
	const struct takt_plan_task *p;
	char script[PATH_MAX + 16];

	(void)state;
	file_write("body.py", "", 0);
	plan = loaded("g.yaml", text);
	p = &plan->tasks[1];
	assert_int_equal(plan->python_count, 1);
	assert_string_equal(p->id, "p");
	assert_int_equal(p->exec, TAKT_EXEC_PYTHON);
	assert_string_equal(p->type->name, "body.py");
	snprintf(script, sizeof(script), "%s/body.py", test.dir);
	assert_string_equal(p->python->script, script);
	assert_int_equal(p->python->wait, TAKT_PYTHON_WAIT_CYCLE);
	assert_int_equal(p->python->timeout_ns, 2000000);
	assert_int_equal(p->python->arg_count, 2);
	assert_string_equal(p->python->args[1].text, "a b");
	assert_string_equal(p->python->env[0].value, "1");
	assert_int_equal(p->python->nice, 5);
	assert_int_equal(p->python->memory_bytes, 1 << 30);
	assert_int_equal(p->python->restarts, 7);
	assert_string_equal(p->params_json,
			    "{\"x\":1.5,\"on\":true,\"no\":null,\"s\":\"007\",\"q\":\"2\",\"l\":[1,{\"k\":\"v\"}]}");
	assert_int_equal(p->input_count, 2);
	assert_string_equal(p->inputs[0].port->name, "b");	/* in the graph's order */
	assert_int_equal(p->output_count, 2);
	assert_string_equal(plan->outputs[p->first_output + 1].port->name, "state");
	assert_ptr_equal(p->state, plan->outputs[p->first_output + 1].layout);
	again = loaded("again.yaml", plan->config_text);
	assert_string_equal(again->config_text, plan->config_text);
	assert_string_equal(again->tasks[1].python->script, script);
	assert_string_equal(again->tasks[1].params_json, p->params_json);
	assert_int_equal(again->text_site_count, plan->text_site_count);
	takt_plan_destroy(again);
	takt_plan_destroy(plan);
}

static void every_wrong_graph_has_its_message(void **state)
{
	char plugins[PATH_MAX + 16];

	(void)state;
	snprintf(plugins, sizeof(plugins), "%s/plugins", test.program_dir);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct takt_plan *plan = NULL;
		struct takt_err err = { 0 };
		char line[1100], expected[4096];
		int rc;

		file_write("g.yaml", wrong[i].text, strlen(wrong[i].text));
		rc = takt_graph_load("g.yaml", &plan, &err);
		snprintf(expected, sizeof(expected), "%s", wrong[i].error);
		replace(expected, sizeof(expected), "$D", test.dir);
		replace(expected, sizeof(expected), "$P", plugins);
		replace(expected, sizeof(expected), "$I", TAKT_PLUGINDIR);
		assert_string_equal(takt_err_format(&err, line, sizeof(line)), expected);
		assert_int_equal(rc, -EINVAL);
		assert_int_equal(err.code, rc);
		assert_null(plan);
	}
}

static void a_graph_becomes_a_plan(void **state)
{
	static const char *const order[] = { "nmea", "est", "smooth", "show", "par" };
	struct takt_plan *plan = loaded("g.yaml", good);
	char text[PATH_MAX + 16];

	(void)state;
	assert_string_equal(plan->path, "g.yaml");
	assert_string_equal(plan->name, "gnss");
	snprintf(text, sizeof(text), "%s/logs", test.dir);
	assert_string_equal(plan->log_dir, text);
	assert_int_equal(plan->period_ns, 10000000);
	assert_int_equal(plan->cpu, 1);
	assert_int_equal(plan->priority, 70);
	assert_int_equal(plan->wait, TAKT_WAIT_SPIN);
	assert_int_equal(plan->overrun, TAKT_OVERRUN_CATCH_UP);
	assert_int_equal(plan->catch_up_max, 3);
	assert_int_equal(plan->flush_ns, 50000000);
	assert_int_equal(plan->segment_bytes, 64u << 20);
	assert_int_equal(plan->task_count, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_string_equal(plan->tasks[i].id, order[i]);
	}
	assert_int_equal(plan->tasks[0].exec, TAKT_EXEC_IO);
	assert_int_equal(plan->tasks[0].priority, 20);
	assert_int_equal(plan->tasks[0].cpu, 1);
	assert_int_equal(plan->tasks[0].text_level, TAKT_WARNING);
	assert_int_equal(plan->tasks[2].text_level, TAKT_DEBUG);
	assert_int_equal(plan->tasks[2].on_error, TAKT_ON_ERROR_SHUTDOWN);
	assert_int_equal(plan->tasks[3].every, 10);
	assert_int_equal(plan->tasks[3].offset, 3);
	assert_int_equal(plan->tasks[3].line, 15);
	takt_plan_destroy(plan);
}

static void inputs_name_their_outputs(void **state)
{
	struct takt_plan *plan = loaded("g.yaml", good);
	const struct takt_plan_input *raw = &plan->tasks[1].inputs[0],
	*back = &plan->tasks[1].inputs[1];

	(void)state;
	assert_int_equal(plan->output_count, 4);
	assert_int_equal(plan->tasks[1].input_count, 2);
	assert_string_equal(raw->port->name, "raw");
	assert_int_equal(raw->output, plan->tasks[0].first_output);
	assert_int_equal(raw->delay, 0);
	assert_string_equal(back->port->name, "back");
	assert_int_equal(back->output, plan->tasks[2].first_output);
	assert_int_equal(back->delay, 1);
	assert_int_equal(back->hold_ns, 1500000000);
	assert_int_equal(plan->outputs[0].slots, 4);
	assert_false(plan->outputs[0].recorded);
	assert_false(plan->outputs[0].delayed);
	assert_int_equal(plan->outputs[1].slots, 3);
	assert_int_equal(plan->outputs[2].slots, 1);
	assert_true(plan->outputs[2].delayed);
	assert_true(plan->outputs[2].recorded);
	assert_int_equal(plan->outputs[2].task, 2);
	takt_plan_destroy(plan);
}

static void types_come_inner_ones_first_and_sizes_are_the_largest(void **state)
{
	struct takt_plan *plan = loaded("g.yaml", good);

	(void)state;
	assert_int_equal(plan->type_count, 2);
	assert_string_equal(plan->types[0]->name, "vec");
	assert_string_equal(plan->types[1]->name, "pose");
	assert_ptr_equal(plan->layouts[1], plan->outputs[0].layout);
	assert_int_equal(plan->layouts[1]->bytes, 56);
	/* 4 poses not recorded; recorded: 3 + 1 vectors and 1 pose */
	assert_int_equal(plan->scratch_bytes_max, 4 * 56);
	assert_int_equal(plan->copperlist_bytes_max,
			 takt_copperlist_bytes(5, 4 + 3 + 1 + 1, 3 * 16 + 16 + 56));
	takt_plan_destroy(plan);
}

static void one_type_from_several_files_is_one_type(void **state)
{
	struct takt_plan *plan = loaded("g.yaml", HEAD_OF("[good.so, other3.so]") TASKS TWO
					"  - {id: f, type: framer}\n");
	struct takt_layout **layouts;

	(void)state;
	assert_int_equal(plan->type_count, 2);
	assert_string_equal(plan->types[0]->name, "vec");
	assert_string_equal(plan->types[1]->name, "frame");
	assert_ptr_equal(plan->types[1]->fields[0].of, plan->types[0]);
	assert_int_equal(takt_layouts_create(plan->types, plan->type_count, &layouts, NULL), 0);
	assert_true(layouts[1]->hash == plan->layouts[1]->hash);
	takt_layouts_destroy(layouts, plan->type_count);
	takt_plan_destroy(plan);
}

static void parameters_are_filled_from_file_and_defaults(void **state)
{
	struct takt_plan *plan = loaded("g.yaml", good);
	const struct par *par = plan->tasks[4].params;
	char text[PATH_MAX + 32];

	(void)state;
	assert_int_equal(plan->tasks[4].type->params_bytes, sizeof(*par));
	assert_true(par->timeout == 0.25);
	assert_true(par->gain == 0.1f);
	assert_true(par->fast);
	assert_int_equal(par->small, -7);
	assert_int_equal(par->large, 255);
	assert_int_equal(par->size, 2048);
	assert_int_equal(par->mode, 7);
	assert_string_equal(par->label, "42");
	snprintf(text, sizeof(text), "%s/../a.nmea", test.dir);
	assert_string_equal(par->file, text);
	assert_true(par->sigma[0] == 1.0f && par->sigma[1] == 0.02f && par->sigma[2] == 0.25f);
	assert_int_equal(par->ids.count, 2);
	assert_int_equal(par->ids.at[1], 2);
	assert_int_equal(par->must, 3);
	assert_non_null(strstr(plan->tasks[4].params_json,
			       "{\"timeout\": 0.25, \"gain\": 0.1, \"fast\": true, \"small\": -7, "
			       "\"large\": 255, \"size\": 2048, \"mode\": \"fast\", \"label\": "
			       "\"42\""));
	assert_non_null(strstr(plan->tasks[4].params_json,
			       "\"sigma\": [1, 0.02, 0.25], \"ids\": [1, 2], \"must\": 3}"));
	takt_plan_destroy(plan);

	plan = loaded("g.yaml", HEAD TASKS "  - {id: p, type: par, params: {must: 1m}}\n");
	par = plan->tasks[0].params;
	assert_true(par->timeout == 0.5 && par->gain == 1.5f && par->sigma[1] == 2.5f);
	assert_string_equal(par->label, "a\"b");
	assert_int_equal(par->mode, 1);
	assert_int_equal(par->ids.count, 0);
	snprintf(text, sizeof(text), "%s/data/x.nmea", test.dir);
	assert_string_equal(par->file, text);
	takt_plan_destroy(plan);
}

static void the_effective_file_loads_to_itself(void **state)
{
	struct takt_plan *first = loaded("g.yaml", good);
	struct takt_plan *second = loaded("again.yaml", first->config_text);

	(void)state;
	assert_string_equal(first->config_text, second->config_text);
	assert_string_equal(first->tasks[4].params_json, second->tasks[4].params_json);
	assert_int_equal(first->copperlist_bytes_max, second->copperlist_bytes_max);
	assert_non_null(strstr(first->config_text, "stuck_after: 1s\n"));
	assert_non_null(strstr(first->config_text, "overrun: {catch_up: 3}\n"));
	takt_plan_destroy(first);
	takt_plan_destroy(second);
}

static void numbers_and_units_are_written_as_one_reads_them(void **state)
{
	struct takt_plan *first = loaded("g.yaml", HEAD TASKS "  - {id: t, type: tune, params: {rate: 70 1/s}}\n");
	struct takt_plan *second = loaded("again.yaml", first->config_text);

	(void)state;
	assert_string_equal(first->tasks[0].params_json,
			    "{\"gains\": [70, 7, 0.00015], \"span\": 240, \"far\": 1000000, \"rate\": 70}");
	assert_non_null(strstr(first->config_text,
			       "params: {\"gains\": [\"70 1/s2\", \"7 1/s2\", \"0.00015 1/s2\"], "
			       "\"span\": \"240deg\", \"far\": \"1000000m\", \"rate\": \"70 1/s\"}"));
	assert_string_equal(first->config_text, second->config_text);
	takt_plan_destroy(first);
	takt_plan_destroy(second);
}

#define NUMBER "types: {number: {fields: [{name: value, type: i32, unit: m}]}}\n"

static void open_ports_have_the_type_of_what_they_are_connected_to(void **state)
{
	struct takt_plan *plan = loaded("g.yaml", OPEN TASKS "  - {id: s, type: any_src}\n"
		"  - {id: m, type: map}\n" "  - {id: x, type: any_map}\n" "  - {id: e, type: any_end}\n"
		"  - {id: p, type: end}\n"
		CONNECTIONS "  - s -> x\n" "  - x -> m.in\n" "  - m -> e\n" "  - s -> p\n");

	(void)state;
	assert_int_equal(plan->task_count, 5);
	for (uint32_t i = 0; i < plan->output_count; i++) {
		assert_string_equal(plan->outputs[i].layout->type->name, "vec");
	}
	for (uint32_t i = 0; i < plan->task_count; i++) {
		for (uint32_t j = 0; j < plan->tasks[i].input_count; j++) {
			assert_string_equal(plan->tasks[i].inputs[j].type->name, "vec");
			assert_int_equal(plan->tasks[i].inputs[j].type->bytes, 16);
		}
	}
	assert_int_equal(plan->type_count, 1);
	takt_plan_destroy(plan);
}

static void open_ports_may_have_types_of_the_file_alone(void **state)
{
	struct takt_plan *first = loaded("g.yaml", OPEN NUMBER TASKS
		"  - {id: s, type: any_src, outputs: {row: number}}\n"
		"  - {id: x, type: any_map, inputs: {in: number}, outputs: {out: pose}}\n"
		"  - {id: e, type: any_end}\n"
		CONNECTIONS "  - s -> x\n" "  - x -> e\n");
	struct takt_plan *second;
	char *text;

	(void)state;
	assert_string_equal(first->outputs[0].layout->type->name, "number");
	assert_int_equal(first->outputs[0].layout->bytes, 4);
	assert_string_equal(first->outputs[1].layout->type->name, "pose");
	assert_string_equal(first->tasks[2].inputs[0].type->name, "pose");
	assert_int_equal(first->type_count, 3);
	assert_non_null(strstr(first->config_text, "outputs: {\"row\": \"number\"}"));
	second = loaded("again.yaml", first->config_text);
	assert_string_equal(first->config_text, second->config_text);
	assert_int_equal(takt_plan_print(second, true, &text), 0);
	assert_non_null(strstr(text, "\"port\": \"row\", \"type\": \"number\""));
	free(text);
	takt_plan_destroy(first);
	takt_plan_destroy(second);
}

static void of_free_tasks_the_first_in_the_file_goes_first(void **state)
{
	struct takt_plan *plan = loaded("g.yaml", HEAD TASKS
		"  - {id: c, type: map}\n" "  - {id: b, type: two}\n" "  - {id: a, type: two}\n"
		"  - {id: d, type: end}\n"
		CONNECTIONS "  - a.left -> c\n" "  - b.left -> d\n");
	static const char *const order[] = { "b", "a", "c", "d" };

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		assert_string_equal(plan->tasks[i].id, order[i]);
	}
	takt_plan_destroy(plan);
}

static void a_loop_with_delay_is_no_loop(void **state)
{
	struct takt_plan *plan = loaded("g.yaml", HEAD TASKS "  - {id: m, type: map}\n"
					CONNECTIONS "  - {from: m, to: m, delay: 1}\n");

	(void)state;
	assert_int_equal(plan->tasks[0].inputs[0].output, 0);
	assert_true(plan->outputs[0].delayed);
	takt_plan_destroy(plan);
}

static void text_sites_are_numbered_over_all_plugins(void **state)
{
	struct takt_plan *plan = loaded("g.yaml", good);
	const struct takt_plugin_handle *handle = plan->plugins[0];

	(void)state;
	assert_int_equal(plan->text_site_count, 2);
	assert_int_equal(handle->first_text_site, 0);
	assert_int_equal(handle->text_site_count, 2);
	assert_int_equal(handle->plugin->text_begin[1].id, 1);
	takt_plan_destroy(plan);
}

static void a_plugin_is_found_beside_the_program(void **state)
{
	struct takt_plan *plan;
	char dir[PATH_MAX + 16], from[PATH_MAX + 64], to[PATH_MAX + 64];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/plugins", test.program_dir);
	snprintf(from, sizeof(from), "%s/plugin_good.so", test.program_dir);
	snprintf(to, sizeof(to), "%s/graph_test_beside.so", dir);
	mkdir(dir, 0777);
	unlink(to);
	assert_int_equal(link(from, to), 0);
	plan = loaded("g.yaml", "takt: 1\nname: g\nplugins: [graph_test_beside.so]\nruntime: "
		      "{rate: 0}\n"
		      TASKS TWO);
	assert_string_equal(plan->plugins[0]->path, to);
	takt_plan_destroy(plan);
	unlink(to);
	rmdir(dir);
}

static void the_arena_holds_the_stall_within_its_bounds(void **state)
{
	struct takt_plan *plan = loaded("g.yaml", HEAD TASKS TWO);
	struct takt_plan_size size = takt_plan_size(plan);
	double chunk;

	(void)state;
	assert_int_equal(size.cycle_bytes_max, 56 + 16 + 2 * (48 + 64 + 16));
	chunk = 4096;			/* 10 cycles a flush of 100 ms, padded */
	assert_true(size.bytes_per_s == chunk * 10);
	assert_true(size.arena_bytes >= TAKT_ARENA_BYTES_MIN);
	assert_int_equal(size.arena_bytes % 65536, 0);
	assert_true(size.arena_s >= 2.0);
	plan->period_ns = 1000;		/* 1 MHz, 100 s: far above the largest that is computed */
	plan->stall_ns = 100000000000;
	assert_int_equal(takt_plan_arena_bytes(plan), TAKT_ARENA_BYTES_MAX);
	plan->arena_bytes = 1u << 30;
	assert_int_equal(takt_plan_arena_bytes(plan), 1u << 30);
	plan->period_ns = 0;
	plan->arena_bytes = 0;
	assert_int_equal(takt_plan_arena_bytes(plan), TAKT_ARENA_FREE_RUNNING_BYTES);
	takt_plan_destroy(plan);
}

static void a_plan_prints_as_text_and_json(void **state)
{
	struct takt_plan *plan = loaded("g.yaml", good);
	char *text;

	(void)state;
	assert_int_equal(takt_plan_print(plan, false, &text), 0);
	assert_non_null(strstr(text, "  1 est              est (good), background, 100 Hz\n"
			       "      in  raw              pose <- nmea.pose\n"
			       "      in  back             vec <- smooth.out, delay 1, hold 1.5s\n"
			       "      out state            vec, 16 B, up to 3 a cycle\n"));
	assert_non_null(strstr(text, "end (good), lane, 10 Hz, every 10 from 3\n"));
	assert_non_null(strstr(text, "; at this rate at most "));
	free(text);
	assert_int_equal(takt_plan_print(plan, true, &text), 0);
	assert_non_null(strstr(text, "{\"port\": \"back\", \"type\": \"vec\", \"from_task\": "
			       "\"smooth\", \"from_port\": \"out\", \"delay\": 1, \"hold_ns\": "
			       "1500000000}"));
	assert_true(text[strlen(text) - 1] == '\n' && strchr(text,
							     '\n') == text + strlen(text) - 1);
	free(text);
	takt_plan_destroy(plan);
}

/* --- tables of a plug-in, one thing wrong at a time ---------------------------------------------- */

static int process(struct takt_ctx *ctx)
{
	(void)ctx;
	return 0;
}

struct tables {
	struct takt_plugin plugin;
	struct takt_task task;
	const struct takt_task *tasks[2];
	struct takt_port ports[2];
	struct takt_param params[2];
	struct takt_text_site sites[2];
};

static const struct takt_type empty = { .name = "empty", .doc = "" };

static void tables_fill(struct tables *t)
{
	*t = (struct tables){
		.plugin = { TAKT_ABI_MAJOR, TAKT_ABI_MINOR, sizeof(struct takt_plugin),
			    sizeof(struct takt_task), "p", "1", t->tasks, 1,
			    sizeof(struct takt_text_site), t->sites, t->sites + 2 },
		.task = { .bytes = sizeof(struct takt_task), .kind = TAKT_SOURCE, .name = "s",
		.doc = "",
			  .ports = t->ports, .params = t->params, .port_count = 1, .param_count = 1,
			  .params_bytes = 12, .state_bytes = 1, .state_align = 1,
			  .process = process },
		.tasks = { &t->task, NULL },
		.ports = { { "o", &empty, "", 1, 0 }, { "o", &empty, "", 1, 0 } },
		.params = { { { "x", "", "", TAKT_SCALAR_I32, TAKT_SHAPE_ONE, 1, NULL, NULL }, "5",
		"1",
			      "9" },
			    { { "y", "", "", TAKT_SCALAR_I32, TAKT_SHAPE_ONE, 1, NULL, NULL }, "5",
			    "",
			      "" } },
		.sites = { { .format = "a", .file = "f", .arg_count = 1, .tags = "i" },
			   { .format = "b", .file = "f" } },
	};
	t->task.params_bytes = 8;
}

static void break_it(struct tables *t, int what)
{
	switch (what) {
	case 0: t->plugin.abi_major = 2; break;
	case 1: t->plugin.abi_minor = TAKT_ABI_MINOR + 1; break;
	case 2: t->plugin.bytes--; break;
	case 3: t->plugin.task_bytes++; break;
	case 4: t->plugin.text_site_bytes = 32; break;
	case 5: t->plugin.name = NULL; break;
	case 6: t->plugin.version = NULL; break;
	case 7: t->plugin.tasks = NULL; break;
	case 8: t->plugin.task_count = 0; break;
	case 9: t->plugin.task_count = UINT32_MAX; break;
	case 10: t->tasks[0] = NULL; break;
	case 11: t->task.name = NULL; break;
	case 12: t->task.name = "a.b"; break;
	case 13: t->task.doc = NULL; break;
	case 14: t->task.bytes--; break;
	case 15: t->task.kind = 0; break;
	case 16: t->task.process = NULL; break;
	case 17: t->task.state_align = 3; break;
	case 18: t->task.state_bytes = UINT32_MAX; break;
	case 19: t->task.ports = NULL; break;
	case 20: t->task.port_count = UINT32_MAX; break;
	case 21: t->ports[0].name = NULL; break;
	case 22: t->ports[0].type = NULL; break;
	case 23: t->ports[0].is_output = 7; break;
	case 24: t->ports[0].is_output = 0; break;		/* a source with an input */
	case 25: t->task.port_count = 2; break;			/* one name twice */
	case 26: t->task.kind = TAKT_FILTER; break;		/* without input */
	case 27: t->task.params = NULL; break;
	case 28: t->task.param_count = UINT32_MAX; break;
	case 29: t->params[0].field.name = NULL; break;
	case 30: t->params[0].field.unit = NULL; break;
	case 31: t->params[0].default_text = NULL; break;
	case 32: t->plugin.task_count = 2; t->tasks[1] = &t->task; break;
	case 33: t->plugin.text_end = NULL; break;
	case 34: t->plugin.text_begin = t->sites + 2; t->plugin.text_end = t->sites; break;
	case 35: t->sites[1].format = NULL; break;
	case 36: t->sites[0].tags[0] = 'x'; break;
	case 37: t->sites[0].arg_count = 200; break;
	case 38: t->sites[0].level = 9; break;
	case 39: t->task.flags = 64; break;
	default: t->task.flags = TAKT_TASK_WAITS; t->task.kind = TAKT_FILTER; break;
	}
}

static void a_plugin_table_with_one_thing_wrong_is_refused(void **state)
{
	struct tables t;
	struct takt_err err = { 0 };

	(void)state;
	tables_fill(&t);
	assert_int_equal(takt_plugin_check(&t.plugin, &err), 0);
	for (int i = 0; i <= 40; i++) {
		err = (struct takt_err){ 0 };
		tables_fill(&t);
		break_it(&t, i);
		if (takt_plugin_check(&t.plugin, &err) != -EINVAL) {
			fail_msg("case %d is accepted", i);
		}
		assert_true(strlen(err.text) > 10);
	}
}

static void a_plugin_of_minor_0_has_no_check(void **state)
{
	struct tables t;
	struct takt_err err = { 0 };

	(void)state;
	tables_fill(&t);
	t.plugin.abi_minor = 0;
	t.plugin.task_bytes = 136;
	t.task.bytes = 136;
	t.task.check = (takt_check_method *)(uintptr_t)1;	/* is none of its own */
	assert_int_equal(takt_plugin_check(&t.plugin, &err), 0);
	assert_null(takt_task_check(&t.task));
}

static void parameter_rows_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		struct takt_param param;
		const char *error;
	} rows[] = {
#define ROW(scalar, shape, length, def, min, max)                                                  \
	{ { "x", "", "", scalar, shape, length, NULL, NULL }, def, min, max }
		{ ROW(TAKT_SCALAR_I32, TAKT_SHAPE_ONE, 1, "1.5", "", ""), "no whole number" },
		{ ROW(TAKT_SCALAR_I32, TAKT_SHAPE_ONE, 1, "60 * 60", "", ""), "no whole number" },
		{ ROW(TAKT_SCALAR_I32, TAKT_SHAPE_ONE, 1, "5", "6", ""), "out of range" },
		{ ROW(TAKT_SCALAR_I32, TAKT_SHAPE_ONE, 1, "", "low", ""), "no whole number" },
		{ ROW(TAKT_SCALAR_STRUCT, TAKT_SHAPE_ONE, 1, "", "", ""), "not built yet" },
		{ ROW(TAKT_SCALAR_ENUM, TAKT_SHAPE_ONE, 1, "", "", ""), "impossible type" },
		{ ROW(99, TAKT_SHAPE_ONE, 1, "", "", ""), "impossible type" },
		{ ROW(TAKT_SCALAR_I32, 9, 1, "", "", ""), "impossible type" },
		{ ROW(TAKT_SCALAR_I32, TAKT_SHAPE_ONE, 2, "", "", ""), "impossible type" },
		{ ROW(TAKT_SCALAR_I32, TAKT_SHAPE_TEXT, 4, "", "", ""), "impossible type" },
		{ ROW(TAKT_SCALAR_I32, TAKT_SHAPE_LIST, UINT32_MAX, "", "", ""), "make" },
		{ ROW(TAKT_SCALAR_I16, TAKT_SHAPE_ONE, 1, "1", "", ""), "make" },
		{ ROW(TAKT_SCALAR_I8, TAKT_SHAPE_ARRAY, 4, "(1, 2)", "", ""), "make" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct takt_task task = { .name = "t", .params = &rows[i].param,
		.param_count = 1,
						.params_bytes = 8 };
		struct takt_err err = { 0 };

		assert_int_equal(takt_params_check(&task, &err), -EINVAL);
		if (!strstr(err.text, rows[i].error)) {
			fail_msg("row %zu: %s", i, err.text);
		}
	}
}

/* --- mutated files ------------------------------------------------------------------------------ */

static uint64_t random_next(uint64_t *random)	/* splitmix64 */
{
	uint64_t z = (*random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The word around a random place: its begin, and its length in @ret_length (0: no word there). */
static size_t word_at(uint64_t *random, const char *text, size_t length, size_t *ret_length)
{
	size_t begin = random_next(random) % length, end = begin;

	while (begin > 0 && is_letter(text[begin - 1])) {
		begin--;
	}
	while (end < length && is_letter(text[end])) {
		end++;
	}
	*ret_length = end > begin ? end - begin : 0;
	return begin;
}

/* Put a word of the file in place of another. Returns the new length. */
static size_t word_swap(uint64_t *random, char *text, size_t length, size_t room)
{
	char word[64];
	size_t from_length, to_length;
	const size_t from = word_at(random, text, length, &from_length);
	const size_t to = word_at(random, text, length, &to_length);

	if (from_length == 0 || from_length > sizeof(word) || to_length == 0 ||
	    length + from_length > room) {
		return length;
	}
	memcpy(word, text + from, from_length);
	memmove(text + to + from_length, text + to + to_length, length - to - to_length);
	memcpy(text + to, word, from_length);
	return length + from_length - to_length;
}

/* One change: a byte, a piece away or twice, a piece put in, a word for another. Returns the new
 * length. */
static size_t mutate(uint64_t *random, char *text, size_t length, size_t room)
{
	static const char *const words[] = {
		"a", "0", "-1", "1e999", "99999999999999999999", "null", "~", "[]", "{}", "[[", "}",
		"\"", "'",
		": ", "- ", ", ", "-> ", "\n", "  ", "&a ", "*a", "!!x ", "|\n", "%", "#", "100Hz",
		"io", "all",
		"background", "est", "src", "end", "m", "delay", "params", "../", "\xff", "\t",
		"struct(vec)",
	};
	const size_t at = random_next(random) % length;
	const size_t run = 1 + random_next(random) % 20 % (length - at);
	const char *word = words[random_next(random) % (sizeof(words) / sizeof(words[0]))];

	switch (random_next(random) % 8) {
	case 0:
		text[at] = (char)random_next(random);
		return length;
	case 1:
		memmove(text + at, text + at + run, length - at - run);
		return length - run;
	case 2:
		if (length + run > room) {
			return length;
		}
		memmove(text + at + run, text + at, length - at);
		return length + run;
	case 3:
	case 4:
	case 5:
		return word_swap(random, text, length, room);
	default:
		if (length + strlen(word) > room) {
			return length;
		}
		memmove(text + at + strlen(word), text + at, length - at);
		memcpy(text + at, word, strlen(word));
		return length + strlen(word);
	}
}

static void a_mutated_graph_loads_or_says_why(void **state)
{
	char text[2 * sizeof(good)];
	unsigned long accepted = 0;
	uint64_t random = test.seed;

	(void)state;
	print_message("# seed %" PRIu64 ", %lu files\n", test.seed, test.mutation_count);
	for (unsigned long i = 0; i < test.mutation_count; i++) {
		struct takt_plan *plan = NULL;
		struct takt_err err = { 0 };
		size_t length = sizeof(good) - 1;
		char *printed;
		int rc;

		memcpy(text, good, length);
		for (uint64_t n = 1 + random_next(&random) % 3; n > 0 && length > 1; n--) {
			length = mutate(&random, text, length, sizeof(text));
		}
		file_write("mutated.yaml", text, length);
		rc = takt_graph_load("mutated.yaml", &plan, &err);
		if (rc == 0) {
			accepted++;
			assert_int_equal(takt_plan_print(plan, true, &printed), 0);
			free(printed);
			takt_plan_destroy(plan);
			continue;
		}
		assert_int_equal(err.code, rc);
		assert_null(plan);
		assert_string_equal(err.file, "mutated.yaml");
		assert_true(strlen(err.text) > 5 && !strchr(err.text, '\n'));
		assert_true(err.line > 0 && err.column > 0);
	}
	print_message("# %lu of them are graphs\n", accepted);
	assert_true(accepted < test.mutation_count);
	unlink("mutated.yaml");
}

/* --- the folder of the tests --------------------------------------------------------------------- */

static int folder_make(void **state)
{
	static const char *const names[] = { "good", "open", "other1", "other2", "other3", "bad1", "bad2", "bad3" };
	char dir[] = "/tmp/takt-graph-test-XXXXXX", path[PATH_MAX + 32], name[32];
	ssize_t length = readlink("/proc/self/exe", test.program_dir, sizeof(test.program_dir) - 1);

	(void)state;
	if (length < 0 || !mkdtemp(dir) || chdir(dir) < 0 || !getcwd(test.dir, sizeof(test.dir))) {
		return -1;
	}
	test.program_dir[length] = 0;
	*strrchr(test.program_dir, '/') = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/plugin_%s.so", test.program_dir, names[i]);
		snprintf(name, sizeof(name), "%s.so", names[i]);
		if (symlink(path, name) < 0) {
			return -1;
		}
	}
	file_write("text.so", "hello\n", 6);
	return 0;
}

static int folder_remove(void **state)
{
	static const char *const names[] = { "good.so", "open.so", "other1.so", "other2.so", "other3.so", "bad1.so",
	"bad2.so",
					     "bad3.so", "text.so", "g.yaml", "again.yaml", "body.py",
					     "mutated.yaml" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		unlink(names[i]);
	}
	return chdir("/") < 0 || rmdir(test.dir) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(python_task_is_planned_as_the_graph_says),
		cmocka_unit_test(every_wrong_graph_has_its_message),
		cmocka_unit_test(a_graph_becomes_a_plan),
		cmocka_unit_test(inputs_name_their_outputs),
		cmocka_unit_test(types_come_inner_ones_first_and_sizes_are_the_largest),
		cmocka_unit_test(one_type_from_several_files_is_one_type),
		cmocka_unit_test(parameters_are_filled_from_file_and_defaults),
		cmocka_unit_test(the_effective_file_loads_to_itself),
		cmocka_unit_test(numbers_and_units_are_written_as_one_reads_them),
		cmocka_unit_test(open_ports_have_the_type_of_what_they_are_connected_to),
		cmocka_unit_test(open_ports_may_have_types_of_the_file_alone),
		cmocka_unit_test(of_free_tasks_the_first_in_the_file_goes_first),
		cmocka_unit_test(a_loop_with_delay_is_no_loop),
		cmocka_unit_test(text_sites_are_numbered_over_all_plugins),
		cmocka_unit_test(a_plugin_is_found_beside_the_program),
		cmocka_unit_test(the_arena_holds_the_stall_within_its_bounds),
		cmocka_unit_test(a_plan_prints_as_text_and_json),
		cmocka_unit_test(a_plugin_table_with_one_thing_wrong_is_refused),
		cmocka_unit_test(a_plugin_of_minor_0_has_no_check),
		cmocka_unit_test(parameter_rows_that_make_no_sense_are_refused),
		cmocka_unit_test(a_mutated_graph_loads_or_says_why),
	};

	if (argc > 1) {
		test.mutation_count = strtoul(argv[1], NULL, 10);
	}
	if (argc > 2) {
		test.seed = strtoull(argv[2], NULL, 10);
	}
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
