/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/msg/layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt/msg/name.h"
#include "tests/unit/unit.h"

#define UTC(F) \
	F(u16, year, "", "year") \
	F(u8, month, "", "month") \
	F(f32, second, "s", "second")
TAKT_MESSAGE(utc, "a time", UTC)

#define KIND(V) \
	V(KIND_NONE, 0, "none") \
	V(KIND_FIX, 7, "fix")
TAKT_ENUM(kind, "a kind", KIND)

#define MIXED(F) \
	F(bool, ok, "", "flag") \
	F(f64, latitude, "deg", "position") \
	F(array(i16, 3), raw, "", "raw values") \
	F(list(u8, 5), used, "", "small items") \
	F(list(f64, 3), wide, "", "items wider than the count") \
	F(text(7), name, "", "text") \
	F(enum(kind), how, "", "enum") \
	F(struct(utc), time, "", "nested") \
	F(array(struct(utc), 2), times, "", "nested array") \
	F(u64, end, "", "end")
TAKT_MESSAGE(mixed, "one of each", MIXED)

#define TAIL(F) \
	F(u32, id, "", "id") \
	F(list(struct(utc), 100), at, "", "times")
TAKT_MESSAGE(tail, "a list at the end", TAIL)

static struct takt_layout *laid_out(const struct takt_type *type)
{
	struct takt_layout *layout = NULL;
	struct takt_err err = { 0 };

	if (takt_layout_create(type, &layout, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return layout;
}

static void offsets_are_those_of_the_compiler(void **state)
{
	struct takt_layout *layout = laid_out(&takt_type_mixed);
	const struct { size_t offset, items, item; } want[] = {
		{ offsetof(struct mixed, ok), offsetof(struct mixed, ok), 1 },
		{ offsetof(struct mixed, latitude), offsetof(struct mixed, latitude), 8 },
		{ offsetof(struct mixed, raw), offsetof(struct mixed, raw), 2 },
		{ offsetof(struct mixed, used), offsetof(struct mixed, used.at), 1 },
		{ offsetof(struct mixed, wide), offsetof(struct mixed, wide.at), 8 },
		{ offsetof(struct mixed, name), offsetof(struct mixed, name), 1 },
		{ offsetof(struct mixed, how), offsetof(struct mixed, how), 4 },
		{ offsetof(struct mixed, time), offsetof(struct mixed, time), sizeof(struct utc) },
		{ offsetof(struct mixed, times), offsetof(struct mixed, times), sizeof(struct utc) },
		{ offsetof(struct mixed, end), offsetof(struct mixed, end), 8 },
	};

	(void)state;
	assert_int_equal(layout->field_count, sizeof(want) / sizeof(want[0]));
	for (uint32_t i = 0; i < layout->field_count; i++) {
		assert_int_equal(layout->places[i].offset_bytes, want[i].offset);
		assert_int_equal(layout->places[i].items_offset_bytes, want[i].items);
		assert_int_equal(layout->places[i].item_bytes, want[i].item);
	}
	assert_int_equal(layout->bytes, sizeof(struct mixed));
	assert_int_equal(layout->align, _Alignof(struct mixed));
	assert_int_equal(layout->fixed_bytes, sizeof(struct mixed));
	assert_int_equal(layout->tail_item_bytes, 0);
	assert_ptr_equal(layout->places[7].nested->type, &takt_type_utc);
	assert_ptr_equal(layout->places[8].nested, layout->places[7].nested);
	assert_int_equal(layout->depth, 2);
	takt_layout_destroy(layout);
}

static void list_at_the_end_is_trimmed_to_its_count(void **state)
{
	struct takt_layout *layout = laid_out(&takt_type_tail);
	struct tail value = { .id = 1, .at.count = 3 };

	(void)state;
	assert_int_equal(layout->fixed_bytes, offsetof(struct tail, at.at));
	assert_int_equal(layout->tail_length, 100);
	assert_int_equal(takt_layout_used_bytes(layout, &value),
			 offsetof(struct tail, at.at) + 3 * sizeof(struct utc));
	value.at.count = UINT32_MAX;
	assert_int_equal(takt_layout_used_bytes(layout, &value), sizeof(value));
	takt_layout_destroy(layout);
}

static uint64_t hash_of(const struct takt_type *type)
{
	struct takt_layout *layout = laid_out(type);
	const uint64_t hash = layout->hash;

	takt_layout_destroy(layout);
	return hash;
}

static void hash_covers_all_that_matters_and_no_docs(void **state)
{
	const struct takt_enum_value values[] = { { "none", 0 }, { "fix", 8 } };
	const struct takt_enum other_kind = { "kind", "", values, 2 };
	struct takt_field fields[10];
	struct takt_type type = takt_type_mixed;
	const uint64_t hash = hash_of(&takt_type_mixed);

	(void)state;
	type.fields = fields;
#define CHANGED(change)                                                                            \
	do {                                                                                       \
		memcpy(fields, takt_type_mixed.fields, sizeof(fields));                            \
		type.bytes = 0;                                                                    \
		change;                                                                            \
		assert_true(hash_of(&type) != hash);                                               \
	} while (0)
	CHANGED(fields[1].name = "longitude");
	CHANGED(fields[1].unit = "rad");
	CHANGED(fields[1].scalar = TAKT_SCALAR_I64);
	CHANGED(fields[2].length = 4);
	CHANGED(fields[2].shape = TAKT_SHAPE_LIST);
	CHANGED(fields[6].names = &other_kind);
	CHANGED(fields[8].of = &takt_type_tail);
	CHANGED(type.name = "mixed2");
	memcpy(fields, takt_type_mixed.fields, sizeof(fields));
	type = takt_type_mixed;
	type.fields = fields;
	fields[0].unit = "1";
	fields[1].doc = "other";
	type.doc = "other";
	assert_true(hash_of(&type) == hash);
}

static void refused(const struct takt_type *type, const char *want)
{
	struct takt_layout *layout = NULL;
	struct takt_err err = { 0 };

	assert_int_equal(takt_layout_create(type, &layout, &err), -EINVAL);
	assert_null(layout);
	if (!strstr(err.text, want)) {
		fail_msg("'%s' is not in: %s", want, err.text);
	}
}

static void impossible_types_are_refused_by_name(void **state)
{
	struct takt_field fields[3];
	struct takt_type type;

	(void)state;
#define REFUSED(want, change)                                                                      \
	do {                                                                                       \
		memcpy(fields, takt_type_utc.fields, sizeof(fields));                              \
		type = takt_type_utc;                                                              \
		type.fields = fields;                                                              \
		change;                                                                            \
		refused(&type, want);                                                              \
	} while (0)
	REFUSED("type `utc` has 16 bytes", type.bytes = 16);
	REFUSED("aligned to 8", type.align = 8);
	REFUSED("two fields are named `year`", fields[1].name = "year");
	REFUSED("field 1 has no valid name", fields[1].name = "");
	REFUSED("field 1 has no valid name", fields[1].name = "a b");
	REFUSED("field 1 has no valid name", fields[1].name = NULL);
	REFUSED("a type has no valid name", type.name = "1x");
	REFUSED("0 fields", type.field_count = 0);
	REFUSED("257 fields", type.field_count = 257);
	REFUSED("unknown kind", fields[0].scalar = 0);
	REFUSED("unknown kind", fields[0].scalar = 15);
	REFUSED("unknown shape", fields[0].shape = 4);
	REFUSED("impossible length", fields[0].length = 0);
	REFUSED("single item", fields[0].length = 2);
	REFUSED("has texts as items", fields[0].scalar = TAKT_SCALAR_CHAR);
	REFUSED("is a text but", fields[0].shape = TAKT_SHAPE_TEXT);
	REFUSED("exactly if it is a struct", fields[0].scalar = TAKT_SCALAR_STRUCT);
	REFUSED("exactly if it is an enum", fields[0].scalar = TAKT_SCALAR_ENUM);
	REFUSED("larger than 256 MiB",
		(fields[0].shape = TAKT_SHAPE_ARRAY, fields[0].length = 256u << 20));
}

static void nesting_is_bounded_and_cycles_end(void **state)
{
	struct takt_field fields[9];
	struct takt_type types[9];
	char names[9][8];

	(void)state;
	for (uint32_t i = 0; i < 9; i++) {
		snprintf(names[i], sizeof(names[i]), "t%u", i);
		fields[i] = (struct takt_field){ .name = "f", .unit = "", .doc = "", .length = 1,
			.scalar = i == 0 ? TAKT_SCALAR_U8 : TAKT_SCALAR_STRUCT,
			.of = i == 0 ? NULL : &types[i - 1] };
		types[i] = (struct takt_type){ .name = names[i], .doc = "", .fields = &fields[i],
			.field_count = 1 };
	}
	takt_layout_destroy(laid_out(&types[7]));
	refused(&types[8], "deeper than 8 levels");
	fields[0] = fields[1];
	fields[0].of = &types[0];
	refused(&types[0], "deeper than 8 levels");
}

/* 200 fields a level: 8 million paths. */
static void wide_nesting_is_laid_out_once_a_type(void **state)
{
	static struct takt_field fields[3][200];
	static char names[200][8];
	struct takt_type types[3];

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		types[i] = (struct takt_type){ .name = "t", .doc = "", .fields = fields[i],
			.field_count = 200 };
		for (uint32_t j = 0; j < 200; j++) {
			snprintf(names[j], sizeof(names[j]), "f%u", j);
			fields[i][j] = (struct takt_field){ .name = names[j], .unit = "", .length = 1,
				.doc = "", .scalar = i == 0 ? TAKT_SCALAR_U8 : TAKT_SCALAR_STRUCT,
				.of = i == 0 ? NULL : &types[i - 1] };
		}
	}
	struct takt_layout *layout = laid_out(&types[2]);

	assert_int_equal(layout->bytes, 200 * 200 * 200);
	assert_int_equal(layout->owned_count, 2);
	takt_layout_destroy(layout);
}

static void layouts_of_a_list_share_their_nested_ones(void **state)
{
	const struct takt_type *const types[] = { &takt_type_utc, &takt_type_mixed, &takt_type_tail };
	const struct takt_type *const wrong[] = { &takt_type_mixed, &takt_type_utc };
	struct takt_layout **layouts = NULL;
	struct takt_err err = { 0 };

	(void)state;
	assert_int_equal(takt_layouts_create(types, 3, &layouts, &err), 0);
	assert_ptr_equal(layouts[1]->places[7].nested, layouts[0]);
	assert_ptr_equal(layouts[2]->places[1].nested, layouts[0]);
	assert_true(layouts[1]->hash == hash_of(&takt_type_mixed));
	takt_layouts_destroy(layouts, 3);
	assert_int_equal(takt_layouts_create(wrong, 2, &layouts, &err), -EINVAL);
	assert_non_null(strstr(err.text, "field `time` is not known before"));
	takt_layouts_destroy(NULL, 0);
	takt_layout_destroy(NULL);
}

static void copies_of_one_descriptor_count_as_one_type(void **state)
{
	const struct takt_type copy = takt_type_utc;
	const struct takt_type *const types[] = { &copy, &takt_type_tail };
	struct takt_field fields[3];
	struct takt_type other = takt_type_utc;
	const struct takt_type *const wrong[] = { &other, &takt_type_tail };
	struct takt_layout **layouts = NULL;

	(void)state;
	assert_int_equal(takt_layouts_create(types, 2, &layouts, NULL), 0);
	assert_ptr_equal(layouts[1]->places[1].nested, layouts[0]);
	takt_layouts_destroy(layouts, 2);
	memcpy(fields, takt_type_utc.fields, sizeof(fields));
	fields[0].name = "jahr";
	other.fields = fields;
	assert_int_equal(takt_layouts_create(wrong, 2, &layouts, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_those_of_the_compiler),
		cmocka_unit_test(list_at_the_end_is_trimmed_to_its_count),
		cmocka_unit_test(hash_covers_all_that_matters_and_no_docs),
		cmocka_unit_test(impossible_types_are_refused_by_name),
		cmocka_unit_test(nesting_is_bounded_and_cycles_end),
		cmocka_unit_test(wide_nesting_is_laid_out_once_a_type),
		cmocka_unit_test(layouts_of_a_list_share_their_nested_ones),
		cmocka_unit_test(copies_of_one_descriptor_count_as_one_type),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
