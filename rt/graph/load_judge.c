/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a task's parameters beyond their types and bounds. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "rt/graph/loader.h"
#include "rt/graph/param_value.h"
#include "rt/graph/plugin.h"

#define TEXT_BYTES 512
#define NOTES_MAX 256u

/* An error at the parameter that @what begins with: "path: no…". */
static int refuse(struct takt_loader *loader, const struct takt_load_task *from, const char *what)
{
	const struct takt_node *params = from->config->keys.params.node, *param;
	char name[TAKT_NAME_BYTES_MAX + 1];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(what, ":"), what);
	param = takt_node_find(params, name);
	return takt_node_error(param ? param : params ? params : from->config->node, loader->err,
			       "task `%s`: %s", from->config->keys.id.text, what);
}

/* What @from's ports carry, in the order of their rows, into @types. */
static void list_types(const struct takt_load_task *from, const struct takt_type **types)
{
	uint32_t counts[2] = { 0, 0 };

	for (uint32_t i = 0; i < from->type->port_count; i++) {
		const bool output = from->type->ports[i].is_output;
		const uint32_t index = counts[output]++;

		types[i] = (output ? from->outputs : from->inputs)[index].type->type;
	}
}

static int note(struct takt_loader *loader, const struct takt_node *at, const char *id, const char *what)
{
	struct takt_plan *plan = loader->plan;

	if (!plan->notes) {
		plan->notes = takt_pool_alloc(loader->pool, NOTES_MAX, sizeof(plan->notes[0]));
	}
	if (!plan->notes) {
		return takt_load_no_memory(loader);
	}
	if (plan->note_count < NOTES_MAX) {
		char *text = takt_pool_printf(loader->pool, "%s:%u:%u: task `%s`: %s", plan->path, at->line,
					      at->column, id, what);

		if (!text) {
			return takt_load_no_memory(loader);
		}
		plan->notes[plan->note_count++] = text;
	}
	return 0;
}

/* A path that is given, and empty, is a mistake; one of a source that leads nowhere may lead somewhere later:
 * a device is plugged in, a file written. */
static int path_judge(struct takt_loader *loader, const struct takt_load_task *from, const char *name,
		      const struct takt_node *at)
{
	char path[PATH_MAX], what[PATH_MAX + 256];
	struct stat status;

	if (!at->text[0]) {
		snprintf(what, sizeof(what), "%s: is empty; give a path, absolute or from the graph file's folder",
			 name);
		return refuse(loader, from, what);
	}
	if (from->type->kind != TAKT_SOURCE ||
	    snprintf(path, sizeof(path), "%s%s%s", at->text[0] == '/' ? "" : loader->dir,
		     at->text[0] == '/' ? "" : "/", at->text) >= (int)sizeof(path) ||
	    stat(path, &status) == 0 || errno != ENOENT) {
		return 0;
	}
	snprintf(what, sizeof(what), "%s: there is no %s now; set it to one that is there", name, path);
	return note(loader, at, from->config->keys.id.text, what);
}

int takt_load_judge(struct takt_loader *loader, const struct takt_load_task *from,
		    const struct takt_plan_task *task)
{
	takt_check_method *check = takt_task_check(from->type);
	takt_check_ports_method *check_ports = takt_task_check_ports(from->type);
	const struct takt_type **types = takt_pool_alloc(loader->pool, from->type->port_count + 1,
							 sizeof(types[0]));
	char text[TEXT_BYTES];
	const char *what = check ? check(task->params, text, sizeof(text)) : NULL;
	int rc = 0;

	if (!types) {
		return takt_load_no_memory(loader);
	}
	list_types(from, types);
	for (uint32_t i = 0; i < from->type->param_count && !what && rc == 0; i++) {
		const struct takt_field *field = &from->type->params[i].field;
		const struct takt_node *at = takt_node_find(from->config->keys.params.node, field->name);

		if (at && at->text && takt_param_is_path(field) && !from->type->params[i].default_text[0]) {
			rc = path_judge(loader, from, field->name, at);
		}
	}
	if (rc == 0 && !what && check_ports) {
		what = check_ports(task->params, types, text, sizeof(text));
	}
	return rc < 0 || !what ? rc : refuse(loader, from, what);
}
