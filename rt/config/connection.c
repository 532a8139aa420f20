/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/config/connection.h"

#include <errno.h>
#include <string.h>

#define FORM "write `a.out -> b.in`, or `a -> b` where a side has one such port"

/* "task" or "task.port" -> @end; @at is where it begins in the text of @node. */
static int end_read(struct takt_pool *pool, const struct takt_node *node, const char *text,
		    size_t length, uint32_t at, struct takt_config_end *end, struct takt_err *err)
{
	char *copy = takt_pool_copy(pool, text, length);
	char *dot;

	if (!copy) {
		return takt_err_at(err, -ENOMEM, node->file, 0, 0, "out of memory");
	}
	dot = strchr(copy, '.');
	if (dot) {
		*dot = 0;
	}
	end->task = copy;
	end->port = dot ? dot + 1 : NULL;
	end->line = node->line;
	end->column = node->column + at + (node->quoted ? 1 : 0);
	if (!takt_id_is_valid(end->task) || (dot && !takt_id_is_valid(end->port))) {
		return takt_place_error(node->file, end->line, end->column, err,
					"`%.*s` is neither a task nor task.port; " FORM,
					(int)(length < 80 ? length : 80), text);
	}
	return 0;
}

static size_t trimmed(const char *text, size_t length)
{
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
		length--;
	}
	return length;
}

/* "a.out -> b.in" */
static int arrow_read(struct takt_pool *pool, const struct takt_node *node,
		      struct takt_config_connection *connection, struct takt_err *err)
{
	const char *arrow = strstr(node->text, "->");
	const char *from = node->text + strspn(node->text, " \t");
	const char *to;
	int rc;

	if (!arrow) {
		return takt_node_error(node, err, "connection `%.80s` has no `->`; " FORM,
				       node->text);
	}
	to = arrow + 2 + strspn(arrow + 2, " \t");
	if (from == arrow || !*to) {
		return takt_node_error(node, err, "connection `%.80s` lacks a side; " FORM,
				       node->text);
	}
	rc = end_read(pool, node, from, trimmed(from, (size_t)(arrow - from)),
		      (uint32_t)(from - node->text), &connection->from, err);
	if (rc < 0) {
		return rc;
	}
	return end_read(pool, node, to, trimmed(to, strlen(to)), (uint32_t)(to - node->text),
			&connection->to, err);
}

int takt_connection_read(struct takt_pool *pool, const struct takt_node *node,
			 struct takt_config_connection *connection, struct takt_err *err)
{
	struct takt_connection_keys keys;
	int rc;

	*connection = (struct takt_config_connection){ .node = node };
	if (node->kind == TAKT_NODE_TEXT) {
		return arrow_read(pool, node, connection, err);
	}
	if (node->kind != TAKT_NODE_MAP) {
		return takt_node_error(node, err, "a connection is no list; " FORM);
	}
	rc = takt_keys_read(node, TAKT_PLACE_CONNECTION, "connection", &keys, err);
	if (rc < 0) {
		return rc;
	}
	connection->delay = (uint32_t)keys.delay.number;
	connection->hold_ns = keys.hold.number;
	rc = end_read(pool, keys.from.node, keys.from.text, strlen(keys.from.text), 0,
		      &connection->from, err);
	if (rc < 0) {
		return rc;
	}
	return end_read(pool, keys.to.node, keys.to.text, strlen(keys.to.text), 0, &connection->to,
			err);
}
