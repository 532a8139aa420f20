/* One of everything that the SDK can declare, for sdk_test.c (C11) and sdk_cpp_test.cc (C++17). */
#ifndef TAKT_TESTS_SDK_RICH_H
#define TAKT_TESTS_SDK_RICH_H

#include <takt/task.h>

#define RICH_COLOUR(V) \
	V(COLOUR_NONE, 0, "none") \
	V(COLOUR_RED, 7, "red") \
	V(COLOUR_UNDER, -3, "ultra")
TAKT_ENUM(rich_colour, "a colour", RICH_COLOUR)

#define RICH_POINT(F) \
	F(f32, x, "m", "east") \
	F(f32, y, "m", "north")
TAKT_MESSAGE(rich_point, "a point", RICH_POINT)

#define RICH_ALL(F) \
	F(bool, flag, "", "a bool") \
	F(i8, a8, "1", "an i8") \
	F(i16, a16, "1", "an i16") \
	F(i32, a32, "1", "an i32") \
	F(i64, a64, "ns", "an i64") \
	F(u8, b8, "1", "a u8") \
	F(u16, b16, "1", "a u16") \
	F(u32, b32, "1", "a u32") \
	F(u64, b64, "1", "a u64") \
	F(f32, c32, "m/s", "an f32") \
	F(f64, c64, "deg", "an f64") \
	F(text(10), name, "", "a text") \
	F(enum(rich_colour), colour, "", "an enum") \
	F(struct(rich_point), point, "", "a struct") \
	F(array(bool, 3), flags, "", "an array of bool") \
	F(array(f64, 9), matrix, "1", "an array") \
	F(array(enum(rich_colour), 2), colours, "", "an array of enums") \
	F(array(struct(rich_point), 4), corners, "", "an array of structs") \
	F(list(struct(rich_point), 5), path, "", "a list of structs") \
	F(list(enum(rich_colour), 3), seen, "", "a list of enums") \
	F(list(u8, 1000), bytes, "1", "a list at the end")
TAKT_MESSAGE(rich_all, "one of everything", RICH_ALL)

#define RICH_PORTS(IN, OUT) \
	IN(first, rich_all, "an input") \
	OUT(left, rich_point, "an output") \
	IN(second, rich_point, "another input") \
	OUT(right, rich_all, "another output") \
	IN(third, rich_point, "a third input")
#define RICH_PARAMS(P) \
	P(bool, on, "", true, , , "a bool") \
	P(i8, small, "1", -5, -128, 127, "an i8") \
	P(u64, big, "B", 18446744073709551615, 0, , "a u64") \
	P(f64, gain, "1/s", 1.5e-3, , 1, "an f64") \
	P(text(32), label, "", "two words", , , "a text") \
	P(text(256), file, "path", , , , "a path that must be given") \
	P(enum(rich_colour), colour, "", red, , , "an enum") \
	P(array(f32, 3), weights, "kg", , , , "an array") \
	P(list(i32, 4), steps, "m", , , , "a list")
TAKT_INTERFACE(rich_filter, RICH_PORTS, RICH_PARAMS)

TAKT_INTERFACE(rich_sink, TAKT_NO_PORTS, TAKT_NO_PARAMS)

#define RICH_SOURCE_PORTS(IN, OUT) OUT(point, rich_point, "points")
TAKT_INTERFACE(rich_source, RICH_SOURCE_PORTS, TAKT_NO_PARAMS)

struct rich_state {
	uint64_t calls;
	char rest[100];
};

/* What the two tests share: they are one suite, compiled twice. */
struct rich_field {
	const char *name;
	const char *unit;
	uint32_t scalar;
	uint32_t shape;
	uint32_t length;
	size_t offset;
	size_t bytes;
};

#define RICH_ROW(name, unit, scalar, shape, length)                                                \
	{ #name, unit, TAKT_SCALAR_##scalar, TAKT_SHAPE_##shape, length,                           \
	  offsetof(struct rich_all, name), sizeof(((struct rich_all *)0)->name) }
static const struct rich_field rich_fields[] = {
	RICH_ROW(flag, "", BOOL, ONE, 1),
	RICH_ROW(a8, "1", I8, ONE, 1),
	RICH_ROW(a16, "1", I16, ONE, 1),
	RICH_ROW(a32, "1", I32, ONE, 1),
	RICH_ROW(a64, "ns", I64, ONE, 1),
	RICH_ROW(b8, "1", U8, ONE, 1),
	RICH_ROW(b16, "1", U16, ONE, 1),
	RICH_ROW(b32, "1", U32, ONE, 1),
	RICH_ROW(b64, "1", U64, ONE, 1),
	RICH_ROW(c32, "m/s", F32, ONE, 1),
	RICH_ROW(c64, "deg", F64, ONE, 1),
	RICH_ROW(name, "", CHAR, TEXT, 10),
	RICH_ROW(colour, "", ENUM, ONE, 1),
	RICH_ROW(point, "", STRUCT, ONE, 1),
	RICH_ROW(flags, "", BOOL, ARRAY, 3),
	RICH_ROW(matrix, "1", F64, ARRAY, 9),
	RICH_ROW(colours, "", ENUM, ARRAY, 2),
	RICH_ROW(corners, "", STRUCT, ARRAY, 4),
	RICH_ROW(path, "", STRUCT, LIST, 5),
	RICH_ROW(seen, "", ENUM, LIST, 3),
	RICH_ROW(bytes, "1", U8, LIST, 1000),
};
#define RICH_FIELD_COUNT (uint32_t)(sizeof(rich_fields) / sizeof(rich_fields[0]))

#endif
