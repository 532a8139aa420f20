/* SPDX-License-Identifier: Apache-2.0 */
/* Formatting of recorded text: printf's language over recorded arguments.
 *
 * Formats and arguments are outside input. Each conversion is taken apart here, checked against the
 * tag of its argument and given to libc alone, with bounded width and precision; what does not fit
 * together is shown as "%!d(string "abc")". */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "logs/read/handle.h"
#include "logs/read/lifecycle_text.h"

#define FIELD_MAX 1000			/* width and precision; larger ones are taken as this */
#define NUMBER_BYTES 2400		/* of one number: 309 digits, precision, prefix */

struct conversion {
	char flags[8];			/* "-+ #0", each once */
	int width;			/* 0: none */
	int precision;			/* -1: none */
	char size[3];			/* "", hh, h, l, ll, j, z, t, L */
	char letter;
	uint32_t bytes;			/* of it in the format, with the % */
};

struct args {
	const struct takt_log_text *text;
	uint32_t next;
};

static void put_spaces(struct takt_text_sink *sink, size_t count)
{
	for (; count > 0; count--) {
		takt_text_sink_put(sink, " ", 1);
	}
}

static size_t finish(const struct takt_text_sink *sink)
{
	sink->out[sink->used < sink->out_bytes ? sink->used : sink->out_bytes - 1] = '\0';
	return sink->used;
}

/* --- one conversion -------------------------------------------------------------------------- */

static const struct takt_log_arg *take_arg(struct args *args)
{
	return args->next < args->text->arg_count ? &args->text->args[args->next++] : NULL;
}

static int bounded(int64_t value)
{
	return value > FIELD_MAX ? FIELD_MAX : value < -FIELD_MAX ? -FIELD_MAX : (int)value;
}

/* A number or * at *@at. */
static int parse_field(const char **at, struct args *args)
{
	int64_t value = 0;

	if (**at == '*') {
		const struct takt_log_arg *arg = take_arg(args);

		(*at)++;
		return arg && (arg->tag == 'i' || arg->tag == 'u') ? bounded((int32_t)arg->u) : 0;
	}
	for (; isdigit((unsigned char)**at); (*at)++) {
		value = bounded(value * 10 + (**at - '0'));
	}
	return (int)value;
}

static void add_flag(struct conversion *c, char flag)
{
	const size_t n = strlen(c->flags);

	if (!memchr(c->flags, flag, n)) {
		c->flags[n] = flag;
		c->flags[n + 1] = '\0';
	}
}

/* Take apart the conversion at @text (a '%'). letter 0: the format ends inside it. */
static struct conversion parse(const char *text, struct args *args)
{
	struct conversion c = { .precision = -1 };
	const char *at = text + 1;

	for (; *at && strchr("-+ #0'I", *at); at++) {
		if (*at != '\'' && *at != 'I') {
			add_flag(&c, *at);
		}
	}
	c.width = parse_field(&at, args);
	if (c.width < 0) {
		add_flag(&c, '-');
		c.width = -c.width;
	}
	if (*at == '.') {
		at++;
		c.precision = parse_field(&at, args);
		c.precision = c.precision < 0 ? -1 : c.precision;
	}
	for (size_t n = 0; *at && strchr("hljztLq", *at); at++) {
		if (n < sizeof(c.size) - 1) {
			c.size[n++] = *at;
		}
	}
	c.letter = *at;
	c.bytes = (uint32_t)(at - text) + (*at != '\0');
	return c;
}

static int64_t as_signed(const char *size, uint64_t value)
{
	if (strcmp(size, "hh") == 0) {
		return (int8_t)value;
	}
	if (strcmp(size, "h") == 0) {
		return (int16_t)value;
	}
	return size[0] == '\0' ? (int32_t)value : (int64_t)value;
}

static uint64_t as_unsigned(const char *size, uint64_t value)
{
	if (strcmp(size, "hh") == 0) {
		return (uint8_t)value;
	}
	if (strcmp(size, "h") == 0) {
		return (uint16_t)value;
	}
	return size[0] == '\0' ? (uint32_t)value : value;
}

/* The formats that libc gets are made here, of known letters: "%", flags, "*.*", "j", letter. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put_number(struct takt_text_sink *sink, const struct conversion *c,
		        const struct takt_log_arg *arg)
{
	char format[24], out[NUMBER_BYTES];
	int n;

	if (strchr("di", c->letter)) {
		snprintf(format, sizeof(format), "%%%s*.*" PRIdMAX, c->flags);
		n = snprintf(out, sizeof(out), format, c->width, c->precision,
			     (intmax_t)as_signed(c->size, arg->u));
	} else if (strchr("ouxX", c->letter)) {
		snprintf(format, sizeof(format), "%%%s*.*j%c", c->flags, c->letter);
		n = snprintf(out, sizeof(out), format, c->width, c->precision,
			     (uintmax_t)as_unsigned(c->size, arg->u));
	} else {
		snprintf(format, sizeof(format), "%%%s*.*%c", c->flags, c->letter);
		n = snprintf(out, sizeof(out), format, c->width, c->precision, arg->f);
	}
	if (n > 0) {
		takt_text_sink_put(sink, out, (size_t)n < sizeof(out) ? (size_t)n : sizeof(out) - 1);
	}
}
#pragma GCC diagnostic pop

static void put_padded(struct takt_text_sink *sink, const struct conversion *c,
		        const char *bytes, size_t count)
{
	const size_t width = (size_t)c->width;
	const size_t padding = width > count ? width - count : 0;
	const bool is_left = strchr(c->flags, '-') != NULL;

	put_spaces(sink, is_left ? 0 : padding);
	takt_text_sink_put(sink, bytes, count);
	put_spaces(sink, is_left ? padding : 0);
}

static void put_string(struct takt_text_sink *sink, const struct conversion *c,
		        const struct takt_log_arg *arg)
{
	size_t count = arg->bytes;

	if (c->precision >= 0 && (size_t)c->precision < count) {
		count = (size_t)c->precision;
	}
	put_padded(sink, c, arg->s, count);
}

static void put_pointer(struct takt_text_sink *sink, const struct conversion *c, uint64_t value)
{
	char out[24];
	const int n = value ? snprintf(out, sizeof(out), "0x%" PRIx64, value)
			    : snprintf(out, sizeof(out), "(nil)");

	put_padded(sink, c, out, (size_t)n);
}

/* The argument as it was recorded, whatever was asked for. */
static void put_as_recorded(struct takt_text_sink *sink, const struct takt_log_arg *arg)
{
	char out[48];

	switch (arg->tag) {
	case 'i':
		snprintf(out, sizeof(out), "%" PRId64, arg->i);
		break;
	case 'u':
		snprintf(out, sizeof(out), "%" PRIu64, arg->u);
		break;
	case 'f':
		snprintf(out, sizeof(out), "%.17g", arg->f);
		break;
	case 's':
		takt_text_sink_puts(sink, "string \"");
		takt_text_sink_put(sink, arg->s, arg->bytes);
		takt_text_sink_puts(sink, "\"");
		return;
	default:
		snprintf(out, sizeof(out), "0x%" PRIx64, arg->u);
		break;
	}
	takt_text_sink_puts(sink, out);
}

static void put_mismatch(struct takt_text_sink *sink, const struct conversion *c,
		          const struct takt_log_arg *arg)
{
	takt_text_sink_puts(sink, "%!");
	takt_text_sink_put(sink, &c->letter, c->letter != '\0');
	takt_text_sink_puts(sink, "(");
	if (arg) {
		put_as_recorded(sink, arg);
	} else {
		takt_text_sink_puts(sink, "missing");
	}
	takt_text_sink_puts(sink, ")");
}

/* Which tags a conversion takes; "" for one that is not printf's. */
static const char *tags_of(const struct conversion *c)
{
	if (c->letter == '\0') {
		return "";
	}
	if (strchr("diouxXc", c->letter)) {
		return c->size[0] == 'L' || (c->letter == 'c' && c->size[0]) ? "" : "iu";
	}
	if (strchr("fFeEgGaA", c->letter)) {
		return "f";
	}
	if (c->letter == 's') {
		return c->size[0] ? "" : "s";
	}
	return c->letter == 'p' ? "ps" : "";
}

static void put_conversion(struct takt_text_sink *sink, const struct conversion *c, struct args *args)
{
	const char *tags = tags_of(c);
	const struct takt_log_arg *arg;

	if (c->letter == '%') {
		takt_text_sink_put(sink, "%", 1);
		return;
	}
	if (c->letter == '\0') {
		put_mismatch(sink, c, NULL);
		return;
	}
	arg = take_arg(args);
	if (!arg || !arg->tag || !strchr(tags, arg->tag) || (c->letter == 'p' && arg->tag == 's')) {
		put_mismatch(sink, c, arg);
	} else if (c->letter == 's') {
		put_string(sink, c, arg);
	} else if (c->letter == 'p') {
		put_pointer(sink, c, arg->u);
	} else if (c->letter == 'c') {
		const char letter = (char)(unsigned char)arg->u;

		put_padded(sink, c, &letter, 1);
	} else {
		put_number(sink, c, arg);
	}
}

/* --- whole texts ----------------------------------------------------------------------------- */

static void format_text(struct takt_text_sink *sink, const struct takt_log *log,
			const struct takt_log_text *text)
{
	const struct takt_log_format *format = takt_log_format_at(log, text->format);
	struct args args = { text, 0 };
	char out[32];

	if (format) {
		const char *at = format->format;

		while (*at) {
			const size_t plain = strcspn(at, "%");
			struct conversion c;

			takt_text_sink_put(sink, at, plain);
			at += plain;
			if (*at) {
				c = parse(at, &args);
				put_conversion(sink, &c, &args);
				at += c.bytes;
			}
		}
	} else {
		snprintf(out, sizeof(out), "%%!(format %" PRIu32 ")", text->format);
		takt_text_sink_puts(sink, out);
	}
	for (uint32_t i = args.next; i < text->arg_count; i++) {
		takt_text_sink_puts(sink, i == args.next ? " %!(more: " : ", ");
		put_as_recorded(sink, &text->args[i]);
	}
	takt_text_sink_puts(sink, args.next < text->arg_count ? ")" : "");
}

size_t takt_log_text_format(const struct takt_log *log, const struct takt_log_record *record,
			    char *out, size_t out_bytes)
{
	struct takt_text_sink sink = { out, out_bytes, 0 };

	if (record->text) {
		format_text(&sink, log, record->text);
	} else if (record->lifecycle) {
		takt_log_lifecycle_put(&sink, record->lifecycle);
	}
	return finish(&sink);
}

static const char *const level_names[] = { "debug", "info", "warning", "error", "critical" };

const char *takt_log_level_name(uint32_t level)
{
	return level <= TAKT_LOG_CRITICAL ? level_names[level] : "unknown";
}

int takt_log_level_parse(const char *name)
{
	for (int i = 0; i <= TAKT_LOG_CRITICAL; i++) {
		if (strcmp(level_names[i], name) == 0) {
			return i;
		}
	}
	return -EINVAL;
}
