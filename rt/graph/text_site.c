/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/graph/text_site.h"

#include <string.h>

#define BOUND_PLACES ((uint32_t)sizeof(((struct takt_text_site *)0)->bounds))

struct reader {
	const char *at;
	uint32_t arg;			/* next one */
	uint32_t string;		/* likewise, among the strings */
};

/* A number or *; the bound that it is for a string. */
static uint8_t read_precision(struct reader *reader)
{
	uint32_t value = 0;

	if (*reader->at == '*') {
		reader->at++;
		reader->arg++;
		return TAKT_TEXT_BOUND_BEFORE;
	}
	for (; *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
		value = value > 1000 ? value : value * 10 + (uint32_t)(*reader->at - '0');
	}
	return value == 0 ? TAKT_TEXT_BOUND_NOTHING
	       : value < TAKT_TEXT_BOUND_BEFORE ? (uint8_t)value : TAKT_TEXT_BOUND_NONE;
}

static void take_arg(struct reader *reader, struct takt_text_site *site, char letter, uint8_t bound)
{
	char *tag = &site->tags[reader->arg];

	if (reader->arg >= site->arg_count) {
		return;
	}
	if (letter == 'p' && *tag == 's') {
		*tag = 'p';
	} else if (letter == 's' && *tag == 'p') {
		*tag = 's';
	}
	if (*tag == 's' && reader->string < BOUND_PLACES) {
		site->bounds[reader->string] = bound;
	}
	reader->string += *tag == 's';
	reader->arg++;
}

/* A conversion behind its %. False when it is none. */
static bool read_conversion(struct reader *reader, struct takt_text_site *site)
{
	uint8_t bound = TAKT_TEXT_BOUND_NONE;
	size_t size;

	reader->at += strspn(reader->at, "-+ #0'I");
	read_precision(reader);	/* the width */
	if (*reader->at == '.') {
		reader->at++;
		bound = read_precision(reader);
	}
	size = strspn(reader->at, "hljztLq");
	reader->at += size;
	if (*reader->at == '\0' || *reader->at == '$') {
		return false;
	}
	if (*reader->at != '%') {
		take_arg(reader, site, size > 0 ? '\0' : *reader->at, bound);
	}
	reader->at++;
	return true;
}

void takt_text_site_prepare(struct takt_text_site *site)
{
	struct reader reader = { site->format, 0, 0 };

	memset(site->bounds, TAKT_TEXT_BOUND_NONE, sizeof(site->bounds));
	while (*(reader.at += strcspn(reader.at, "%"))) {
		reader.at++;
		if (!read_conversion(&reader, site)) {
			return;
		}
	}
}
