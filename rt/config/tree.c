/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events -> nodes, with a stack of its own: nothing here recurses on outside data. */
#include "rt/config/tree.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

/* An open list or map, and in a map the key whose value comes next. */
struct level {
	struct takt_node *node;
	struct takt_node *last;		/* its last child */
	const char *key;		/* NULL: a key comes next */
	yaml_mark_t key_mark;
};

struct builder {
	struct takt_pool *pool;
	const char *file;
	struct takt_err *err;
	struct takt_node *root;
	struct level levels[TAKT_TREE_DEPTH_MAX];
	uint32_t depth;
	uint32_t node_count;
	uint32_t document_count;
};

static uint32_t number_of(size_t zero_based)
{
	return zero_based >= UINT32_MAX ? UINT32_MAX : (uint32_t)zero_based + 1;
}

static int error_at(struct builder *b, yaml_mark_t mark, const char *text)
{
	return takt_place_error(b->file, number_of(mark.line), number_of(mark.column), b->err, "%s",
				text);
}

static int no_memory(struct builder *b)
{
	return takt_err_at(b->err, -ENOMEM, b->file, 0, 0, "out of memory");
}

/* libyaml's reader says where in bytes only. */
static void place_of_offset(const char *bytes, size_t size_bytes, size_t offset, uint32_t *ret_line,
			    uint32_t *ret_column)
{
	uint32_t line = 1, column = 1;

	for (size_t i = 0; i < offset && i < size_bytes; i++) {
		if (bytes[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)bytes[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

static int libyaml_error(struct builder *b, const yaml_parser_t *parser, const char *bytes,
			 size_t size_bytes)
{
	const char *problem = parser->problem ? parser->problem : "cannot be read";
	uint32_t line, column;

	if (parser->error == YAML_MEMORY_ERROR) {
		return no_memory(b);
	}
	if (parser->error == YAML_READER_ERROR) {
		place_of_offset(bytes, size_bytes, parser->problem_offset, &line, &column);
		return takt_place_error(b->file, line, column, b->err,
					"not UTF-8 text: %s; save the file as plain UTF-8",
					problem);
	}
	return takt_place_error(b->file, number_of(parser->problem_mark.line),
				number_of(parser->problem_mark.column), b->err,
				"not YAML: %s%s%s", parser->context ? parser->context : "",
				parser->context ? ", " : "", problem);
}

static int key_take(struct builder *b, struct level *top, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	const size_t length = event->data.scalar.length;

	if (memchr(text, 0, length)) {
		return error_at(b, event->start_mark, "a key with a NUL character; remove it");
	}
	for (const struct takt_node *n = top->node->first; n; n = n->next) {
		if (strcmp(n->key, text) == 0) {
			return takt_place_error(b->file, number_of(event->start_mark.line),
						number_of(event->start_mark.column), b->err,
						"`%.60s` stands twice in this map, first in line "
						"%u; remove one", text, n->key_line);
		}
	}
	if (top->node->count >= TAKT_TREE_KEYS_MAX) {
		return error_at(b, event->start_mark, "more than 1024 keys in one map");
	}
	top->key = takt_pool_copy(b->pool, text, length);
	top->key_mark = event->start_mark;
	return top->key ? 0 : no_memory(b);
}

/* A new node under the open one. */
static int node_add(struct builder *b, const yaml_event_t *event, enum takt_node_kind kind,
		    struct takt_node **ret_node)
{
	struct level *top = b->depth ? &b->levels[b->depth - 1] : NULL;
	struct takt_node *node;

	if (b->node_count++ >= TAKT_TREE_NODES_MAX) {
		return error_at(b, event->start_mark, "more than 65536 values in one file");
	}
	node = takt_pool_alloc(b->pool, 1, sizeof(*node));
	if (!node) {
		return no_memory(b);
	}
	node->kind = kind;
	node->file = b->file;
	node->line = number_of(event->start_mark.line);
	node->column = number_of(event->start_mark.column);
	node->key_line = node->line;
	node->key_column = node->column;
	if (!top) {
		b->root = node;
	} else {
		if (top->key) {
			node->key = top->key;
			node->key_line = number_of(top->key_mark.line);
			node->key_column = number_of(top->key_mark.column);
			top->key = NULL;
		}
		if (top->last) {
			top->last->next = node;
		} else {
			top->node->first = node;
		}
		top->last = node;
		top->node->count++;
	}
	*ret_node = node;
	return 0;
}

static int scalar_take(struct builder *b, const yaml_event_t *event)
{
	struct level *top = b->depth ? &b->levels[b->depth - 1] : NULL;
	struct takt_node *node;
	int rc;

	if (event->data.scalar.anchor) {
		return error_at(b, event->start_mark,
				"an anchor (&); write the value out, anchors are not read");
	}
	if (event->data.scalar.tag) {
		return error_at(b, event->start_mark, "a tag (!); remove it, tags are not read");
	}
	if (top && top->node->kind == TAKT_NODE_MAP && !top->key) {
		return key_take(b, top, event);
	}
	if (memchr(event->data.scalar.value, 0, event->data.scalar.length)) {
		return error_at(b, event->start_mark, "a text with a NUL character; remove it");
	}
	rc = node_add(b, event, TAKT_NODE_TEXT, &node);
	if (rc < 0) {
		return rc;
	}
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = takt_pool_copy(b->pool, (const char *)event->data.scalar.value,
				    event->data.scalar.length);
	return node->text ? 0 : no_memory(b);
}

static int open_level(struct builder *b, const yaml_event_t *event, enum takt_node_kind kind)
{
	const bool list = kind == TAKT_NODE_LIST;
	struct level *top = b->depth ? &b->levels[b->depth - 1] : NULL;
	struct takt_node *node;
	int rc;

	if (list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor) {
		return error_at(b, event->start_mark,
				"an anchor (&); write the value out, anchors are not read");
	}
	if (list ? event->data.sequence_start.tag : event->data.mapping_start.tag) {
		return error_at(b, event->start_mark, "a tag (!); remove it, tags are not read");
	}
	if (top && top->node->kind == TAKT_NODE_MAP && !top->key) {
		return error_at(b, event->start_mark,
				"a list or map where a key belongs; a key is one word");
	}
	if (b->depth == TAKT_TREE_DEPTH_MAX) {
		return error_at(b, event->start_mark, "lists and maps more than 16 deep");
	}
	rc = node_add(b, event, kind, &node);
	if (rc < 0) {
		return rc;
	}
	b->levels[b->depth++] = (struct level){ .node = node };
	return 0;
}

/* Returns 1 at the end of the stream. */
static int event_take(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_STREAM_END_EVENT:
		return 1;
	case YAML_DOCUMENT_START_EVENT:
		if (b->document_count++ > 0) {
			return error_at(b, event->start_mark,
					"a second document (---); a graph file has one");
		}
		return 0;
	case YAML_ALIAS_EVENT:
		return error_at(b, event->start_mark,
				"an alias (*); write the value out, aliases are not read");
	case YAML_SCALAR_EVENT:
		return scalar_take(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(b, event, TAKT_NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		return open_level(b, event, TAKT_NODE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	default:
		return 0;
	}
}

int takt_tree_parse(struct takt_pool *pool, const char *file, const void *bytes, size_t size_bytes,
		    const struct takt_node **ret_root, struct takt_err *err)
{
	struct builder b = { .pool = pool, .file = file, .err = err };
	yaml_parser_t parser;
	yaml_event_t event;
	int rc;

	if (size_bytes > TAKT_TREE_BYTES_MAX) {
		return takt_err_at(err, -E2BIG, file, 0, 0,
				   "%zu bytes; a graph file has at most 1 MiB", size_bytes);
	}
	if (!yaml_parser_initialize(&parser)) {
		return no_memory(&b);
	}
	yaml_parser_set_input_string(&parser, bytes, size_bytes);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	do {
		if (!yaml_parser_parse(&parser, &event)) {
			rc = libyaml_error(&b, &parser, bytes, size_bytes);
			break;
		}
		rc = event_take(&b, &event);
		yaml_event_delete(&event);
	} while (rc == 0);
	yaml_parser_delete(&parser);
	if (rc < 0) {
		return rc;
	}
	if (!b.root) {
		return takt_err_at(err, -EINVAL, file, 1, 1, "the file is empty; "
				   "a graph begins with `takt: 1`");
	}
	*ret_root = b.root;
	return 0;
}
