/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "rt/config/type_words.h"
#include "rt/graph/type_set.h"

#define SHOWN_MAX 4u

/* A text that grows until it is full. */
struct text {
	char *out;
	uint32_t bytes;
	uint32_t used;
	uint32_t count;		/* differences in it */
};

__attribute__((format(printf, 2, 3)))
static void add(struct text *text, const char *format, ...)
{
	va_list args;
	int put;

	va_start(args, format);
	put = vsnprintf(text->out + text->used, text->bytes - text->used, format, args);
	va_end(args);
	text->used += put < 0 ? 0 : (uint32_t)put;
	if (text->used >= text->bytes) {
		text->used = text->bytes - 1;
	}
}

static const char *unit_of(const struct takt_field *field)
{
	return field->unit && strcmp(field->unit, "1") != 0 ? field->unit : "";
}

static bool enum_is_same(const struct takt_enum *a, const struct takt_enum *b)
{
	if (a->value_count != b->value_count) {
		return false;
	}
	for (uint32_t i = 0; i < a->value_count; i++) {
		if (strcmp(a->values[i].name, b->values[i].name) != 0 ||
		    a->values[i].value != b->values[i].value) {
			return false;
		}
	}
	return true;
}

static void enum_add(struct text *text, const struct takt_enum *e)
{
	add(text, "{");
	for (uint32_t i = 0; i < e->value_count && i < 6; i++) {
		add(text, "%s%.30s: %d", i ? ", " : "", e->values[i].name, e->values[i].value);
	}
	add(text, "%s}", e->value_count > 6 ? ", …" : "");
}

static void field_compare(struct text *text, const struct takt_field *here,
			  const struct takt_field *there)
{
	char words[2][160];

	takt_type_words_format(here, words[0], sizeof(words[0]));
	takt_type_words_format(there, words[1], sizeof(words[1]));
	if (strcmp(here->name, there->name) == 0 && strcmp(words[0], words[1]) == 0 &&
	    strcmp(unit_of(here), unit_of(there)) == 0) {
		if (here->names && there->names && !enum_is_same(here->names, there->names)) {
			add(text, "%sfield `%.40s`: values ", text->count++ ? "; " : "",
			    here->name);
			enum_add(text, here->names);
			add(text, " here, ");
			enum_add(text, there->names);
			add(text, " there");
		}
		return;
	}
	add(text, "%sfield `%.40s`: ", text->count++ ? "; " : "", here->name);
	add(text, "%.60s [%.20s] here, ", words[0], unit_of(here));
	if (strcmp(here->name, there->name) != 0) {
		add(text, "`%.40s` ", there->name);
	}
	add(text, "%.60s [%.20s] there", words[1], unit_of(there));
}

void takt_type_difference(const struct takt_type *here, const struct takt_type *there, char *out,
			  uint32_t out_bytes)
{
	struct text text = { .out = out, .bytes = out_bytes };
	uint32_t i = 0;

	out[0] = 0;
	for (; i < here->field_count && i < there->field_count && text.count < SHOWN_MAX; i++) {
		field_compare(&text, &here->fields[i], &there->fields[i]);
	}
	if (text.count < SHOWN_MAX && here->field_count != there->field_count) {
		const bool more = here->field_count > there->field_count;

		add(&text, "%sfield `%.40s` is missing %s", text.count ? "; " : "",
		    more ? here->fields[i].name : there->fields[i].name, more ? "there" : "here");
	} else if (text.count == 0) {
		add(&text, "a type inside differs");
	}
}
