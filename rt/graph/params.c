/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/graph/params.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "rt/base/quantity.h"
#include "rt/config/nearest.h"
#include "rt/config/type_words.h"
#include "rt/graph/param_value.h"

#define PARAMS_BYTES_MAX (4u << 20)
#define TEXT_BYTES_MAX (256u << 20)	/* more than any of them makes */

/* What one value is read for. @dir: absolute. */
struct reading {
	const struct takt_param *param;
	char *at;			/* of the field in the params struct */
	const char *id;			/* of the task */
	const char *dir;
	struct takt_err *err;
};

static uint32_t align_of(const struct takt_field *field)
{
	const uint32_t item = takt_param_item_bytes(field);

	return field->shape == TAKT_SHAPE_LIST && item < 4 ? 4 : item;
}

static uint32_t items_at(const struct takt_field *field)
{
	return field->shape == TAKT_SHAPE_LIST ? align_of(field) : 0;
}

/* Bytes of the whole field, 0 when it is none of a parameter. */
static uint64_t bytes_of(const struct takt_field *field)
{
	const uint64_t items = (uint64_t)field->length * takt_param_item_bytes(field);
	const uint64_t align = align_of(field);

	if (align == 0 || field->length == 0 || field->shape > TAKT_SHAPE_TEXT ||
	    (field->shape == TAKT_SHAPE_ONE && field->length != 1) ||
	    (field->shape == TAKT_SHAPE_TEXT) != (field->scalar == TAKT_SCALAR_CHAR)) {
		return 0;
	}
	return (items_at(field) + items + align - 1) / align * align;
}

/* Offset of the field behind @end bytes. */
static uint64_t place_next(const struct takt_field *field, uint64_t end)
{
	const uint64_t align = align_of(field);

	return (end + align - 1) / align * align;
}

static int field_check(const struct takt_task *task, uint32_t index, struct takt_err *err)
{
	const struct takt_field *field = &task->params[index].field;

	if (field->scalar == TAKT_SCALAR_STRUCT) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: parameter `%.63s` is a struct: not "
				    "built yet; make its members parameters", task->name,
				    field->name);
	}
	if (bytes_of(field) == 0 || (field->scalar == TAKT_SCALAR_ENUM && !field->names)) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: parameter `%.63s` has an impossible "
				    "type",
				    task->name, field->name);
	}
	for (uint32_t i = 0; field->names && i < field->names->value_count; i++) {
		if (!field->names->name || !field->names->values || !field->names->values[i].name) {
			return takt_err_set(err, -EINVAL, "task `%.63s`: parameter `%.63s`: its enum "
					    "has a value without name", task->name, field->name);
		}
	}
	for (uint32_t i = 0; i < index; i++) {
		if (strcmp(task->params[i].field.name, field->name) == 0) {
			return takt_err_set(err, -EINVAL, "task `%.63s`: two parameters are called "
					    "`%.63s`",
					    task->name, field->name);
		}
	}
	return 0;
}

static int layout_check(const struct takt_task *task, struct takt_err *err)
{
	uint64_t end = 0, align = 1;

	for (uint32_t i = 0; i < task->param_count; i++) {
		const struct takt_field *field = &task->params[i].field;
		int rc = field_check(task, i, err);

		if (rc < 0) {
			return rc;
		}
		end = place_next(field, end) + bytes_of(field);
		align = align_of(field) > align ? align_of(field) : align;
	}
	end = (end + 1 + align - 1) / align * align;	/* char takt_end closes the struct */
	if (end != task->params_bytes || end > PARAMS_BYTES_MAX) {
		return takt_err_set(err, -EINVAL, "task `%.63s`: its parameters make %llu bytes, the "
				    "struct has %u; build it again with this takt's headers",
				    task->name,
				    (unsigned long long)end, task->params_bytes);
	}
	return 0;
}

/* The next of "(1, 2, 3)" or the one literal at @text into @out. Returns what follows, NULL: too
 * long. */
static const char *literal_next(const char *text, char *out, size_t out_bytes)
{
	bool quoted = false;
	size_t used = 0;

	text += strspn(text, " ");
	for (; *text && (quoted || *text != ','); text++) {
		quoted ^= *text == '"' && (used == 0 || out[used - 1] != '\\');
		if (used + 1 >= out_bytes) {
			return NULL;
		}
		out[used++] = *text;
	}
	while (used > 0 && out[used - 1] == ' ') {
		used--;
	}
	out[used] = 0;
	return *text == ',' ? text + 1 : text;
}

/* "(1, 2, 3)" into the items; one literal alone fills all of an array. */
static int default_items(struct reading *r, const char *text)
{
	const struct takt_field *field = &r->param->field;
	const uint32_t item_bytes = takt_param_item_bytes(field);
	const size_t length = strlen(text);
	const bool row = length >= 2 && text[0] == '(' && text[length - 1] == ')';
	char inside[1024], one[256];
	const char *next = inside;
	uint32_t count = 0;
	int rc;

	if (length >= sizeof(inside)) {
		return takt_err_set(r->err, -EINVAL, "default is too long");
	}
	snprintf(inside, sizeof(inside), "%.*s", (int)(row ? length - 2 : length), text + row);
	while (row ? *next != 0 : count < (field->shape == TAKT_SHAPE_LIST ? 1 : field->length)) {
		next = literal_next(row ? next : inside, one, sizeof(one));
		if (!next || count == field->length) {
			return takt_err_set(r->err, -EINVAL, "default has more than %u items",
					    field->length);
		}
		rc = takt_param_item_parse(r->param, TAKT_PARAM_LITERAL, one,
					   r->at + items_at(field) + (size_t)count * item_bytes,
					   r->err);
		if (rc < 0) {
			return rc;
		}
		count++;
	}
	if (field->shape == TAKT_SHAPE_ARRAY && count != field->length) {
		return takt_err_set(r->err, -EINVAL, "default has %u items of %u", count,
				    field->length);
	}
	if (field->shape == TAKT_SHAPE_LIST) {
		memcpy(r->at, &count, sizeof(count));
	}
	return 0;
}

/* The default, if there is one. */
static int default_fill(struct reading *r)
{
	const uint16_t shape = r->param->field.shape;

	if (!r->param->default_text[0]) {
		return 0;
	}
	if (shape == TAKT_SHAPE_ARRAY || shape == TAKT_SHAPE_LIST) {
		return default_items(r, r->param->default_text);
	}
	return takt_param_item_parse(r->param, TAKT_PARAM_LITERAL, r->param->default_text, r->at,
				     r->err);
}

/* Bounds must be readable, and the right way round, also where the default is none of them. */
static int bounds_check(const struct takt_param *param, struct takt_err *err)
{
	const bool number = param->field.scalar != TAKT_SCALAR_BOOL &&
			    param->field.scalar != TAKT_SCALAR_CHAR &&
			    param->field.scalar != TAKT_SCALAR_ENUM;
	const char *const bounds[] = { param->min_text, param->max_text };
	uint64_t item;

	for (uint32_t i = 0; i < 2; i++) {
		int rc;

		if (!bounds[i][0]) {
			continue;
		}
		if (!number) {
			return takt_err_set(err, -EINVAL, "bounds are for numbers");
		}
		rc = takt_param_item_parse(param, TAKT_PARAM_LITERAL, bounds[i], &item, err);
		if (rc < 0) {
			return rc;
		}
	}
	return 0;
}

int takt_params_check(const struct takt_task *task, struct takt_err *err)
{
	struct takt_err why = { 0 };
	struct reading r = { .err = &why };
	uint64_t end = 0;
	char *scratch;
	int rc;

	rc = layout_check(task, err);
	if (rc < 0) {
		return rc;
	}
	scratch = calloc(1, task->params_bytes);
	if (!scratch) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	for (uint32_t i = 0; i < task->param_count && rc == 0; i++) {
		end = place_next(&task->params[i].field, end);
		r.param = &task->params[i];
		r.at = scratch + end;
		end += bytes_of(&r.param->field);
		rc = bounds_check(r.param, &why);
		if (rc == 0) {
			rc = default_fill(&r);
		}
		if (rc < 0) {
			takt_err_set(err, rc, "task `%.63s`: parameter `%.63s` (default `%.40s`, "
				     "bounds `%.40s` and `%.40s`): %s", task->name,
				     r.param->field.name, r.param->default_text,
				     r.param->min_text, r.param->max_text, why.text);
		}
	}
	free(scratch);
	return rc;
}

/* "0.5s", "(1, 2)": what could stand in the file, for messages. */
static const char *example(const struct takt_field *field, char *out, size_t out_bytes)
{
	const char *item = field->scalar == TAKT_SCALAR_BOOL ? "true" :
			   field->scalar == TAKT_SCALAR_CHAR ? "text" :
			   field->scalar == TAKT_SCALAR_ENUM && field->names->value_count > 0 ?
			   field->names->values[0].name : "1";
	const char *unit = takt_param_has_unit(field) ? field->unit : "";

	if (field->shape == TAKT_SHAPE_ARRAY || field->shape == TAKT_SHAPE_LIST) {
		snprintf(out, out_bytes, "[%.40s%s%.20s%s]", item, takt_quantity_gap(unit), unit,
			 field->length > 1 ? ", …" : "");
	} else {
		snprintf(out, out_bytes, "%.40s%s%.20s", item, takt_quantity_gap(unit), unit);
	}
	return out;
}

static int item_read(struct reading *r, const struct takt_node *node, char *at)
{
	const struct takt_field *field = &r->param->field;
	struct takt_err why = { 0 };
	char path[PATH_MAX], form[80];
	const char *text = node->text;

	if (!text || (!*text && !node->quoted)) {
		return takt_node_error(node, r->err, "task `%s`: %s: expected a value, found %s; "
				       "write e.g. `%s: %s`", r->id, field->name,
				       takt_node_what(node), field->name,
				       example(field, form, sizeof(form)));
	}
	if (takt_param_is_path(field) && *text && *text != '/') {
		int length = snprintf(path, sizeof(path), "%s/%s", r->dir, text);

		text = length > 0 && (size_t)length < sizeof(path) ? path : text;
	}
	if (takt_param_item_parse(r->param, node->quoted ? TAKT_PARAM_QUOTED : TAKT_PARAM_PLAIN,
				  text,
				  at, &why) < 0) {
		const bool complete = strstr(why.text, "write ") || strchr(why.text, ';');

		return takt_node_error(node, r->err, "task `%s`: %s: %s%s%s%s%s%s", r->id,
				       field->name,
				       why.text, complete ? "" : "; write e.g. `",
				       complete ? "" : field->name, complete ? "" : ": ",
				       complete ? "" : example(field, form, sizeof(form)),
				       complete ? "" : "`");
	}
	return 0;
}

static int items_read(struct reading *r, const struct takt_node *node)
{
	const struct takt_field *field = &r->param->field;
	const uint32_t item_bytes = takt_param_item_bytes(field);
	char *at = r->at + items_at(field);
	char form[80];

	if (node->kind != TAKT_NODE_LIST || node->count > field->length ||
	    (field->shape == TAKT_SHAPE_ARRAY && node->count != field->length)) {
		return takt_node_error(node, r->err, "task `%s`: %s: expected a list of %s%u "
				       "items; write e.g. `%s: %s`", r->id, field->name,
				       field->shape == TAKT_SHAPE_LIST ? "at most " : "",
				       field->length,
				       field->name, example(field, form, sizeof(form)));
	}
	memset(at, 0, (size_t)item_bytes * field->length);
	for (const struct takt_node *n = node->first; n; n = n->next, at += item_bytes) {
		int rc = item_read(r, n, at);

		if (rc < 0) {
			return rc;
		}
	}
	if (field->shape == TAKT_SHAPE_LIST) {
		memcpy(r->at, &node->count, sizeof(node->count));
	}
	return 0;
}

static int unknown_keys(const struct takt_task *task, const char *id, const struct takt_node *map,
			struct takt_err *err)
{
	const char *names[256];
	char near[TAKT_NEAREST_BYTES];

	for (uint32_t i = 0; i < task->param_count; i++) {
		names[i] = task->params[i].field.name;
	}
	for (const struct takt_node *n = map ? map->first : NULL; n; n = n->next) {
		uint32_t i = 0;

		while (i < task->param_count && strcmp(names[i], n->key) != 0) {
			i++;
		}
		if (i == task->param_count) {
			return takt_node_key_error(n, err, "task `%s`: %s has no parameter "
						   "`%.60s`; %s", id,
						   task->name, n->key,
						   takt_nearest(n->key, "parameters", names,
								task->param_count, near));
		}
	}
	return 0;
}

/* A relative default counts from the graph file's folder as well. */
static int default_path_fill(struct reading *r, const struct takt_node *task_node)
{
	char text[PATH_MAX];
	const struct takt_node node = {
		.kind = TAKT_NODE_TEXT, .quoted = true, .file = task_node->file,
		.line = task_node->line, .column = task_node->column, .text = text,
	};

	if (!takt_param_is_path(&r->param->field)) {
		return 0;
	}
	snprintf(text, sizeof(text), "%s", r->at);
	return item_read(r, &node, r->at);
}

static int param_fill(struct reading *r, const struct takt_node *task_node,
		      const struct takt_node *map)
{
	const struct takt_field *field = &r->param->field;
	const struct takt_node *node = takt_node_find(map, field->name);
	char form[80];

	if (node) {
		return field->shape == TAKT_SHAPE_ONE || field->shape == TAKT_SHAPE_TEXT ?
		       item_read(r, node, r->at) : items_read(r, node);
	}
	if (!r->param->default_text[0]) {
		return takt_node_error(map ? map : task_node, r->err, "task `%s`: the parameter "
				       "`%s` must be given; add e.g. `params: {%s: %s}`", r->id,
				       field->name,
				       field->name, example(field, form, sizeof(form)));
	}
	return default_fill(r) < 0 ? -EINVAL : default_path_fill(r, task_node);
}

int takt_params_fill(struct takt_pool *pool, const struct takt_task *task, const char *id,
		     const struct takt_node *task_node, const struct takt_node *map,
		     const char *dir, void **ret_params, struct takt_err *err)
{
	struct reading r = { .id = id, .dir = dir, .err = err };
	char *params = takt_pool_alloc(pool, 1, task->params_bytes);
	uint64_t end = 0;
	int rc;

	if (!params) {
		return takt_err_set(err, -ENOMEM, "out of memory");
	}
	rc = unknown_keys(task, id, map, err);
	for (uint32_t i = 0; i < task->param_count && rc == 0; i++) {
		end = place_next(&task->params[i].field, end);
		r.param = &task->params[i];
		r.at = params + end;
		end += bytes_of(&r.param->field);
		rc = param_fill(&r, task_node, map);
	}
	if (rc < 0) {
		return rc;
	}
	*ret_params = params;
	return 0;
}

static void field_format(const struct takt_field *field, const char *at, bool with_units,
			 struct takt_text_buffer *out)
{
	const bool many = field->shape == TAKT_SHAPE_ARRAY || field->shape == TAKT_SHAPE_LIST;
	uint32_t count = many ? field->length : 1;

	if (field->shape == TAKT_SHAPE_LIST) {
		memcpy(&count, at, sizeof(count));
	}
	takt_text_buffer_puts(out, many ? "[" : "");
	for (uint32_t i = 0; i < count; i++) {
		takt_text_buffer_puts(out, i ? ", " : "");
		takt_param_item_format(field, at + items_at(field) +
				       (size_t)i * takt_param_item_bytes(field), with_units, out);
	}
	takt_text_buffer_puts(out, many ? "]" : "");
}

char *takt_params_format(struct takt_pool *pool, const struct takt_task *task, const void *params,
			 bool with_units)
{
	struct takt_text_buffer out;
	char *text = NULL;
	uint64_t end = 0;

	takt_text_buffer_init(&out, TEXT_BYTES_MAX);
	takt_text_buffer_puts(&out, "{");
	for (uint32_t i = 0; i < task->param_count; i++) {
		const struct takt_field *field = &task->params[i].field;

		end = place_next(field, end);
		takt_text_buffer_printf(&out, "%s\"%s\": ", i ? ", " : "", field->name);
		field_format(field, (const char *)params + end, with_units, &out);
		end += bytes_of(field);
	}
	takt_text_buffer_puts(&out, "}");
	if (out.error == 0) {
		text = takt_pool_copy(pool, out.text, out.used);
	}
	takt_text_buffer_fini(&out);
	return text;
}
