/* SPDX-License-Identifier: Apache-2.0 */
/* A plug-in comes from outside: whatever its tables say is looked at before it is followed. What
 * can't be seen (a pointer that leads nowhere) is the author's. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "rt/graph/plugin.h"
#include "rt/msg/name.h"

#define TASKS_MAX 256u
#define PORTS_MAX 64u
#define PARAMS_MAX 255u
#define STATE_BYTES_MAX (1u << 30)
#define STATE_ALIGN_MAX 4096u
#define SITES_MAX 65536u

/* Minor 0 had exactly these; later minors append. */
#define PLUGIN_BYTES_MIN 64u
#define TASK_BYTES_MIN 136u
_Static_assert(sizeof(struct takt_plugin) >= PLUGIN_BYTES_MIN, "struct takt_plugin only grows");
_Static_assert(sizeof(struct takt_task) >= TASK_BYTES_MIN, "struct takt_task only grows");

takt_check_method *takt_task_check(const struct takt_task *task)
{
	const bool has = task->bytes >= offsetof(struct takt_task, check) + sizeof(task->check);

	return has ? task->check : NULL;
}

takt_check_ports_method *takt_task_check_ports(const struct takt_task *task)
{
	const bool has = task->bytes >= offsetof(struct takt_task, check_ports) + sizeof(task->check_ports);

	return has ? task->check_ports : NULL;
}

static int abi_check(const struct takt_plugin *plugin, struct takt_err *err)
{
	if (plugin->abi_major != TAKT_ABI_MAJOR) {
		return takt_err_set(err, -EINVAL, "it was built for ABI %u, this takt has %u.%u; "
				    "build it again with this takt's headers", plugin->abi_major,
				    TAKT_ABI_MAJOR,
				    TAKT_ABI_MINOR);
	}
	if (plugin->abi_minor > TAKT_ABI_MINOR) {
		return takt_err_set(err, -EINVAL, "it was built for ABI %u.%u, this takt has "
				    "%u.%u; update takt, or build it with this takt's headers",
				    plugin->abi_major,
				    plugin->abi_minor, TAKT_ABI_MAJOR, TAKT_ABI_MINOR);
	}
	if (plugin->bytes < PLUGIN_BYTES_MIN || plugin->bytes > sizeof(*plugin) ||
	    plugin->task_bytes < TASK_BYTES_MIN || plugin->task_bytes > sizeof(struct takt_task) ||
	    plugin->text_site_bytes != sizeof(struct takt_text_site)) {
		return takt_err_set(err, -EINVAL, "its structs have other sizes (%u, %u, %u bytes) "
				    "than ABI %u.%u (%zu, %zu, %zu); build it again with this "
				    "takt's headers",
				    plugin->bytes, plugin->task_bytes, plugin->text_site_bytes,
				    plugin->abi_major, plugin->abi_minor, sizeof(*plugin),
				    sizeof(struct takt_task), sizeof(struct takt_text_site));
	}
	return 0;
}

static int ports_check(const struct takt_task *task, struct takt_err *err)
{
	uint32_t counts[2] = { 0, 0 };
	const bool out = task->kind != TAKT_SINK, in = task->kind != TAKT_SOURCE;

	if (task->port_count > PORTS_MAX || (task->port_count > 0 && !task->ports)) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: impossible port table (%u ports)",
				    task->name, task->port_count);
	}
	for (uint32_t i = 0; i < task->port_count; i++) {
		const struct takt_port *port = &task->ports[i];

		if (!takt_name_valid(port->name) || port->is_output > 1) {
			return takt_err_set(err, -EINVAL, "task `%.63s`: port %u has no valid name",
					    task->name, i);
		}
		if (!port->type || !port->doc) {
			return takt_err_set(err, -EINVAL, "task `%.63s`: port `%.63s` has no type",
					    task->name, port->name);
		}
		for (uint32_t j = 0; j < i; j++) {
			if (strcmp(task->ports[j].name, port->name) == 0) {
				return takt_err_set(err, -EINVAL, "task `%.63s`: two ports are "
						    "called `%.63s`", task->name, port->name);
			}
		}
		counts[port->is_output]++;
	}
	if ((counts[0] > 0) != in || (counts[1] > 0) != out) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: a %s has %s inputs and %s outputs, "
				    "this one has %u and %u", task->name,
				    !in ? "source" : !out ? "sink" : "filter", in ? "one or more" :
				    "no",
				    out ? "one or more" : "no", counts[0], counts[1]);
	}
	return 0;
}

static int params_check(const struct takt_task *task, struct takt_err *err)
{
	if (task->param_count > PARAMS_MAX || (task->param_count > 0 && !task->params) ||
	    task->params_bytes == 0) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: impossible parameter table (%u "
				    "rows)",
				    task->name, task->param_count);
	}
	for (uint32_t i = 0; i < task->param_count; i++) {
		const struct takt_param *param = &task->params[i];

		if (!takt_name_valid(param->field.name) ||
		    !param->field.unit || !param->field.doc || !param->default_text ||
		    !param->min_text || !param->max_text) {
			return takt_err_set(err, -EINVAL, "task `%.63s`: parameter %u lacks a name, "
					    "unit, doc or bound (\"\" is none)", task->name, i);
		}
	}
	return 0;
}

static int task_check(const struct takt_plugin *plugin, uint32_t index, struct takt_err *err)
{
	const struct takt_task *task = plugin->tasks[index];
	int rc;

	if (!task || !takt_name_valid(task->name) || !task->doc) {
		return takt_err_set(err, -EINVAL, "task number %u has no valid name", index);
	}
	if (task->bytes != plugin->task_bytes) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: %u bytes, the plug-in says %u; "
				    "build all its files with the same headers", task->name,
				    task->bytes,
				    plugin->task_bytes);
	}
	if (task->kind < TAKT_SOURCE || task->kind > TAKT_SINK) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: %u is no kind; give TAKT_SOURCE, "
				    "TAKT_FILTER or TAKT_SINK", task->name, task->kind);
	}
	if (!task->process) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: no process method; give "
				    "TAKT_PROCESS(function)", task->name);
	}
	if (task->state_bytes > STATE_BYTES_MAX || task->state_align == 0 ||
	    task->state_align > STATE_ALIGN_MAX ||
	    (task->state_align & (task->state_align - 1)) != 0) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: impossible state (%u bytes, aligned "
				    "to %u)",
				    task->name, task->state_bytes, task->state_align);
	}
	for (uint32_t i = 0; i < index; i++) {
		if (strcmp(plugin->tasks[i]->name, task->name) == 0) {
			return takt_err_set(err, -EINVAL, "two tasks are called `%.63s`", task->name);
		}
	}
	if (task->flags & ~(uint32_t)(TAKT_TASK_VIRTUAL | TAKT_TASK_WAITS)) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: flags %#x that this takt does not know; "
				    "update takt", task->name, task->flags);
	}
	if ((task->flags & TAKT_TASK_WAITS) && task->kind == TAKT_FILTER) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: TAKT_WAITS is for sources and sinks, a "
				    "filter has no device", task->name);
	}
	rc = ports_check(task, err);
	return rc < 0 ? rc : params_check(task, err);
}

static int site_check(const struct takt_text_site *site, uint32_t index, struct takt_err *err)
{
	if (!site->format || !site->file || site->level > TAKT_CRITICAL ||
	    site->limit > TAKT_TEXT_RATE ||
	    site->arg_count > TAKT_TEXT_ARGS || site->tags[site->arg_count] != 0 ||
	    strspn(site->tags, "iufsp") != site->arg_count) {
		return takt_err_set(err, -EINVAL, "text call number %u is damaged; build it again "
				    "with this takt's headers", index);
	}
	return 0;
}

static int sites_check(const struct takt_plugin *plugin, struct takt_err *err)
{
	const uintptr_t begin = (uintptr_t)plugin->text_begin, end = (uintptr_t)plugin->text_end;

	if (end < begin || (end - begin) % sizeof(struct takt_text_site) != 0 ||
	    (begin == 0) != (end == 0) || begin % sizeof(struct takt_text_site) != 0 ||
	    (end - begin) / sizeof(struct takt_text_site) > SITES_MAX) {
		return takt_err_set(err, -EINVAL, "its table of text calls is damaged; build it "
				    "again with this takt's headers");
	}
	for (uint32_t i = 0; i < (end - begin) / sizeof(struct takt_text_site); i++) {
		int rc = site_check(&plugin->text_begin[i], i, err);

		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

int takt_plugin_check(const struct takt_plugin *plugin, struct takt_err *err)
{
	int rc;

	rc = abi_check(plugin, err);
	if (rc < 0) {
		return rc;
	}
	if (!plugin->name || !plugin->name[0] || !plugin->version || !plugin->tasks ||
	    plugin->task_count == 0 || plugin->task_count > TASKS_MAX) {
		return takt_err_set(err, -EINVAL, "it has no name, no version or no tasks; declare "
				    "them with TAKT_PLUGIN(\"name\", \"version\", task, …)");
	}
	for (uint32_t i = 0; i < plugin->task_count; i++) {
		rc = task_check(plugin, i, err);
		if (rc < 0) {
			return rc;
		}
	}
	return sites_check(plugin, err);
}
