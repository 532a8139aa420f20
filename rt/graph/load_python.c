/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks in Python: what a plug-in would say about them is made of the graph file. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "rt/base/cpulist.h"
#include "rt/base/json.h"
#include "rt/graph/loader.h"

#define PORTS_MAX 32u
#define TIMEOUT_NS_MAX 2000000u		/* when none is given and the lane waits */
#define TEXT_BYTES_MAX (4u << 20)

/* --- paths and settings ---------------------------------------------------------------------- */

/* @text absolute, relative to the graph file; NULL: no memory. */
static const char *path_of(const struct takt_loader *loader, const char *text)
{
	return text[0] == '/' ? text : takt_pool_printf(loader->pool, "%s/%s", loader->dir, text);
}

static int paths_fill(struct takt_loader *loader, const struct takt_config_task *task,
		      struct takt_python_settings *s)
{
	const struct takt_python_keys *keys = &task->python;
	const char *owner = task->keys.id.text;

	s->script = path_of(loader, keys->script.text);
	s->venv = keys->venv.text[0] ? path_of(loader, keys->venv.text) : "";
	s->interpreter = strchr(keys->interpreter.text, '/')
		? path_of(loader, keys->interpreter.text)
							     : keys->interpreter.text;
	if (!s->script || !s->venv || !s->interpreter) {
		return takt_load_no_memory(loader);
	}
	if (access(s->script, R_OK) < 0) {
		return takt_node_error(keys->script.node, loader->err,
				       "task `%s`: python: script: %s: %s", owner,
				       s->script, strerror(errno));
	}
	if (s->venv[0] && access(s->venv, R_OK | X_OK) < 0) {
		return takt_node_error(keys->venv.node, loader->err,
				       "task `%s`: python: venv: %s: %s", owner,
				       s->venv, strerror(errno));
	}
	return 0;
}

static int args_fill(struct takt_loader *loader, const struct takt_config_task *task,
		     struct takt_python_settings *s)
{
	const struct takt_node *args = task->python.args.node, *env = task->python.env.node;
	struct takt_python_arg *arg =
		takt_pool_alloc(loader->pool, args ? args->count : 0, sizeof(*arg));
	struct takt_python_variable *variable =
		takt_pool_alloc(loader->pool, env ? env->count : 0, sizeof(*variable));

	if (!arg || !variable) {
		return takt_load_no_memory(loader);
	}
	for (const struct takt_node *n = args ? args->first : NULL; n; n = n->next) {
		if (n->kind != TAKT_NODE_TEXT || s->arg_count == TAKT_PYTHON_ARGS_MAX) {
			return takt_node_error(n, loader->err,
					       "task `%s`: python: args: expected at most %u texts, "
					       "found %s", task->keys.id.text, TAKT_PYTHON_ARGS_MAX,
					       takt_node_what(n));
		}
		arg[s->arg_count++].text = n->text;
	}
	for (const struct takt_node *n = env ? env->first : NULL; n; n = n->next) {
		if (n->kind != TAKT_NODE_TEXT || strchr(n->key, '=') || !n->key[0] ||
		    s->env_count == TAKT_PYTHON_VARIABLES_MAX) {
			return takt_node_error(n, loader->err,
					       "task `%s`: python: env: expected at most %u "
					       "variables with texts, like {OMP_NUM_THREADS: 1}",
					       task->keys.id.text, TAKT_PYTHON_VARIABLES_MAX);
		}
		variable[s->env_count++] = (struct takt_python_variable){ n->key, n->text };
	}
	s->args = arg;
	s->env = variable;
	return 0;
}

static int cpus_fill(struct takt_loader *loader, const struct takt_config_task *task,
		     struct takt_python_settings *s)
{
	const struct takt_value *cpus = &task->python.cpus;
	struct takt_cpulist list;
	struct takt_err why = { 0 };

	s->cpus = cpus->text;
	if (cpus->node &&
	    (takt_cpulist_parse(cpus->text, &list, &why) < 0 || takt_cpulist_count(&list) == 0)) {
		return takt_node_error(cpus->node, loader->err,
				       "task `%s`: python: cpus: `%.80s` is no list of "
				       "CPUs; write e.g. `cpus: 2-3`", task->keys.id.text,
				       cpus->text);
	}
	return 0;
}

/* How long the lane waits where nothing is said: half a cycle of the task, 2 ms at most. */
static uint64_t default_timeout_ns(const struct takt_plan *plan)
{
	const bool is_short = plan->period_ns > 0 && plan->period_ns / 2 < TIMEOUT_NS_MAX;

	return is_short ? plan->period_ns / 2 : TIMEOUT_NS_MAX;
}

static int times_fill(struct takt_loader *loader, const struct takt_config_task *task,
		      struct takt_python_settings *s)
{
	const struct takt_python_keys *keys = &task->python;
	const struct takt_plan *plan = loader->plan;

	s->wait = (uint32_t)keys->wait.number;
	s->timeout_ns = keys->timeout.number;
	s->stuck_after_ns = keys->stuck_after.number;
	s->start_timeout_ns = keys->start_timeout.number;
	s->stop_timeout_ns = keys->stop_timeout.number;
	s->restart_window_ns = keys->restart_window.number;
	s->backoff_ns = keys->backoff.number;
	s->backoff_max_ns = keys->backoff_max.number;
	if (s->wait == TAKT_PYTHON_WAIT_CYCLE && !keys->timeout.node) {
		s->timeout_ns = default_timeout_ns(plan);
	}
	if (s->wait == TAKT_PYTHON_WAIT_CYCLE && s->timeout_ns >= plan->stuck_after_ns) {
		return takt_node_error(keys->wait.node, loader->err,
				       "task `%s`: python: the lane would wait up to "
				       "`timeout`, and a cycle longer than runtime.stuck_after "
				       "ends the run; give a smaller timeout", task->keys.id.text);
	}
	if (s->timeout_ns > s->stuck_after_ns) {
		return takt_node_error(keys->timeout.node ? keys->timeout.node
				       : keys->stuck_after.node, loader->err,
				       "task `%s`: python: `timeout` is longer than `stuck_after`, "
				       "when the process is ended; give a smaller one", task->keys.id.text);
	}
	if (s->backoff_ns > s->backoff_max_ns) {
		return takt_node_error(keys->backoff.node ? keys->backoff.node
				       : keys->backoff_max.node, loader->err,
				       "task `%s`: python: `backoff` is longer than `backoff_max`",
				       task->keys.id.text);
	}
	return 0;
}

/* What the format and the lane know already and no host does. */
static int built_check(struct takt_loader *loader, const struct takt_config_task *task)
{
	const struct takt_python_keys *keys = &task->python;

	if (keys->mode.number == TAKT_PYTHON_EMBEDDED) {
		return takt_node_error(keys->mode.node, loader->err, "task `%s`: python: mode: `embedded` is not "
				       "built yet; give process", task->keys.id.text);
	}
	if (keys->transport.number == TAKT_PYTHON_SHM) {
		return takt_node_error(keys->transport.node, loader->err, "task `%s`: python: transport: `shm` is "
				       "not built yet; give cbor", task->keys.id.text);
	}
	return 0;
}

static int settings_fill(struct takt_loader *loader, const struct takt_config_task *task,
			 struct takt_python_settings *s)
{
	const struct takt_python_keys *keys = &task->python;
	int rc = paths_fill(loader, task, s);

	s->mode = (uint32_t)keys->mode.number;
	s->transport = s->mode == TAKT_PYTHON_EMBEDDED ? TAKT_PYTHON_SHM
		: (uint32_t)keys->transport.number;
	s->nice = (int32_t)keys->nice.number;
	s->memory_bytes = keys->memory.number;
	s->restarts = (uint32_t)keys->restarts.number;
	if (rc == 0 && s->mode == TAKT_PYTHON_EMBEDDED && keys->transport.node) {
		rc = takt_node_key_error(keys->transport.node, loader->err,
					 "task `%s`: python: `transport` is for "
					 "`mode: process`; remove it", task->keys.id.text);
	}
	if (rc == 0) {
		rc = built_check(loader, task);
	}
	if (rc == 0) {
		rc = args_fill(loader, task, s);
	}
	if (rc == 0) {
		rc = cpus_fill(loader, task, s);
	}
	return rc < 0 ? rc : times_fill(loader, task, s);
}

/* --- the task as a plug-in would declare it --------------------------------------------------- */

static int port_add(struct takt_loader *loader, const struct takt_node *node, const char *name,
		    bool is_output,
		    struct takt_port *ports, uint32_t *count)
{
	if (!takt_id_is_valid(name)) {
		return takt_node_key_error(node, loader->err,
					   "`%.63s` is no name of a port: letters, digits, _; "
					   "begins with a letter", name);
	}
	for (uint32_t i = 0; i < *count; i++) {
		if (ports[i].is_output == is_output && strcmp(ports[i].name, name) == 0) {
			return takt_node_key_error(node, loader->err,
						   "there is an output `%.63s` already, the task's "
						   "state; rename this one", name);
		}
	}
	ports[(*count)++] = (struct takt_port){
		.name = name, .type = &takt_type_takt_any, .doc = "", .is_output = is_output,
	};
	return 0;
}

static int ports_fill(struct takt_loader *loader, const struct takt_config_task *config,
		      struct takt_task *task)
{
	const struct takt_node *in = config->keys.inputs.node, *out = config->keys.outputs.node;
	const uint32_t count = (in ? in->count : 0) + (out ? out->count : 0);
	struct takt_port *ports = takt_pool_alloc(loader->pool, count + 1, sizeof(*ports));
	int rc = 0;

	if (!ports) {
		return takt_load_no_memory(loader);
	}
	if (count == 0 || count > PORTS_MAX) {
		return takt_node_error(config->node, loader->err,
				       "task `%s`: a Python task has 1 to %u inputs and "
				       "outputs; write e.g. `inputs: {imu: imu_sample}`",
				       config->keys.id.text,
				       PORTS_MAX);
	}
	for (const struct takt_node *n = in ? in->first : NULL; n && rc == 0; n = n->next) {
		rc = port_add(loader, n, n->key, false, ports, &task->port_count);
	}
	for (const struct takt_node *n = out ? out->first : NULL; n && rc == 0; n = n->next) {
		rc = port_add(loader, n, n->key, true, ports, &task->port_count);
	}
	if (rc == 0 && config->keys.state.node) {	/* behind all outputs */
		rc = port_add(loader, config->keys.state.node, TAKT_PYTHON_STATE_PORT, true, ports,
			      &task->port_count);
	}
	task->ports = ports;
	task->kind = out || config->keys.state.node ? TAKT_FILTER : TAKT_SINK;
	return rc;
}

/* A format a level: what the script logs and prints. */
static struct takt_plugin_handle *handle_make(struct takt_loader *loader, const char *script)
{
	struct takt_plugin_handle *handle = takt_pool_alloc(loader->pool, 1, sizeof(*handle));
	struct takt_plugin *plugin = takt_pool_alloc(loader->pool, 1, sizeof(*plugin));
	struct takt_text_site *sites =
		takt_pool_alloc(loader->pool, TAKT_CRITICAL + 1, sizeof(*sites));
	const char *slash = strrchr(script, '/');

	if (!handle || !plugin || !sites) {
		return NULL;
	}
	for (uint32_t level = 0; level <= TAKT_CRITICAL; level++) {
		sites[level] = (struct takt_text_site){
			.format = "%s", .file = slash ? slash + 1 : script, .level = (uint8_t)level,
			.arg_count = 1, .limit = TAKT_TEXT_ALWAYS, .tags = "s",
		};
	}
	*plugin = (struct takt_plugin){
		.abi_major = TAKT_ABI_MAJOR, .abi_minor = TAKT_ABI_MINOR, .bytes = sizeof(*plugin),
		.task_bytes = sizeof(struct takt_task), .name = "python", .version = "",
		.text_site_bytes = sizeof(*sites), .text_begin = sites,
		.text_end = sites + TAKT_CRITICAL + 1,
	};
	*handle =
		(struct takt_plugin_handle){ .plugin = plugin,
					     .text_site_count = TAKT_CRITICAL + 1 };
	return handle;
}

/* What the graph is told where Python is not expected. */
static int strict_check(struct takt_loader *loader, const struct takt_config_task *task)
{
	if (!loader->plan->strict || loader->config->runtime.allow_python.number) {
		return 0;
	}
	return takt_node_key_error(task->keys.python.node, loader->err,
				   "task `%s`: the graph says `strict: true`, "
				   "and Python on the live path is a prototype; say "
				   "`allow_python: true` under `runtime`, or rewrite the task in C", task->keys.id.text);
}

int takt_load_python(struct takt_loader *loader, struct takt_load_task *task)
{
	struct takt_task *type = takt_pool_alloc(loader->pool, 1, sizeof(*type));
	struct takt_python_settings *settings = takt_pool_alloc(loader->pool, 1, sizeof(*settings));
	struct takt_plugin_handle *handle;
	const char *slash;
	int rc;

	if (!type || !settings) {
		return takt_load_no_memory(loader);
	}
	rc = strict_check(loader, task->config);
	if (rc == 0) {
		rc = settings_fill(loader, task->config, settings);
	}
	if (rc == 0) {
		rc = ports_fill(loader, task->config, type);
	}
	if (rc < 0) {
		return rc;
	}
	handle = handle_make(loader, settings->script);
	if (!handle) {
		return takt_load_no_memory(loader);
	}
	slash = strrchr(settings->script, '/');
	type->bytes = sizeof(*type);
	type->name = slash ? slash + 1 : settings->script;
	type->doc = "a task in Python";
	task->type = type;
	task->plugin = handle;
	task->python = settings;
	loader->plan->plugins[loader->plan->plugin_count++] = handle;
	loader->plan->python_count++;
	return 0;
}

/* --- parameters ------------------------------------------------------------------------------ */

/* Whether @text is a number of JSON as it stands. */
static bool is_number(const char *text)
{
	const char *digits = text + (text[0] == '-');
	size_t n = strspn(digits, "0123456789");

	if (n == 0 || (digits[0] == '0' && n > 1)) {
		return false;
	}
	digits += n;
	if (digits[0] == '.') {
		n = strspn(digits + 1, "0123456789");
		digits += n + 1;
		if (n == 0) {
			return false;
		}
	}
	if (digits[0] == 'e' || digits[0] == 'E') {
		digits += 1 + (digits[1] == '-' || digits[1] == '+');
		n = strspn(digits, "0123456789");
		digits += n;
		if (n == 0) {
			return false;
		}
	}
	return digits[0] == '\0';
}

static bool is_word(const char *text)
{
	return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 || strcmp(text, "null") == 0;
}

static void node_open(const struct takt_node *node, struct takt_text_buffer *out)
{
	if (node->key) {
		takt_json_puts(out, node->key);
		takt_text_buffer_puts(out, ":");
	}
	if (node->kind != TAKT_NODE_TEXT) {
		takt_text_buffer_puts(out, node->kind == TAKT_NODE_LIST ? "[" : "{");
	} else if (!node->quoted && (is_number(node->text) || is_word(node->text))) {
		takt_text_buffer_puts(out, node->text);
	} else {
		takt_json_puts(out, node->text);
	}
}

static void json_write(const struct takt_node *map, struct takt_text_buffer *out)
{
	const struct takt_node *open[TAKT_TREE_DEPTH_MAX], *next = map->first;
	uint32_t depth = 1;

	open[0] = map;
	takt_text_buffer_puts(out, "{");
	while (depth > 0) {
		if (!next) {
			depth--;
			takt_text_buffer_puts(out, open[depth]->kind == TAKT_NODE_LIST ? "]" : "}");
			next = depth > 0 ? open[depth]->next : NULL;
			continue;
		}
		takt_text_buffer_puts(out, next == open[depth - 1]->first ? "" : ",");
		node_open(next, out);
		if (next->kind != TAKT_NODE_TEXT) {
			open[depth++] = next;
			next = next->first;
		} else {
			next = next->next;
		}
	}
}

char *takt_load_python_params(struct takt_pool *pool, const struct takt_node *map)
{
	struct takt_text_buffer out;
	char *text = NULL;

	if (!map) {
		return takt_pool_copy(pool, "{}", 2);
	}
	takt_text_buffer_init(&out, TEXT_BYTES_MAX);
	json_write(map, &out);
	if (out.error == 0) {
		text = takt_pool_copy(pool, out.text, out.used);
	}
	takt_text_buffer_fini(&out);
	return text;
}
