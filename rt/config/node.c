/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "rt/config/tree.h"

const struct takt_node *takt_node_find(const struct takt_node *map, const char *key)
{
	if (!map || map->kind != TAKT_NODE_MAP) {
		return NULL;
	}
	for (const struct takt_node *n = map->first; n; n = n->next) {
		if (strcmp(n->key, key) == 0) {
			return n;
		}
	}
	return NULL;
}

const char *takt_node_what(const struct takt_node *node)
{
	switch (node->kind) {
	case TAKT_NODE_LIST:
		return "a list";
	case TAKT_NODE_MAP:
		return "a map";
	default:
		return node->text[0] || node->quoted ? "a text" : "nothing";
	}
}

__attribute__((format(printf, 5, 0)))
static int error_va(const char *file, uint32_t line, uint32_t column, struct takt_err *err,
		    const char *format, va_list args)
{
	char text[sizeof(err->text)];

	if (!err || err->code != 0) {
		return -EINVAL;
	}
	vsnprintf(text, sizeof(text), format, args);
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			*c = '?';
		}
	}
	return takt_err_at(err, -EINVAL, file, line, column, "%s", text);
}

int takt_node_error(const struct takt_node *node, struct takt_err *err, const char *format, ...)
{
	va_list args;
	int rc;

	va_start(args, format);
	rc = error_va(node->file, node->line, node->column, err, format, args);
	va_end(args);
	return rc;
}

int takt_node_key_error(const struct takt_node *node, struct takt_err *err, const char *format, ...)
{
	va_list args;
	int rc;

	va_start(args, format);
	rc = error_va(node->file, node->key_line, node->key_column, err, format, args);
	va_end(args);
	return rc;
}

int takt_place_error(const char *file, uint32_t line, uint32_t column, struct takt_err *err,
		     const char *format, ...)
{
	va_list args;
	int rc;

	va_start(args, format);
	rc = error_va(file, line, column, err, format, args);
	va_end(args);
	return rc;
}
