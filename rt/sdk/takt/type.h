/* SPDX-License-Identifier: Apache-2.0 */
/* Message types: one declaration yields the C struct and its descriptor.
 *
 *     #define GNSS_FIX(F) \
 *             F(f64,            latitude,   "deg", "WGS 84, north positive") \
 *             F(array(f32, 3),  sigma,      "m",   "standard deviation east, north, up") \
 *             F(list(u8, 32),   satellites, "1",   "numbers of the satellites used") \
 *             F(text(16),       receiver,   "",    "name of the receiver") \
 *             F(enum(fix_kind), kind,       "",    "how the fix was made") \
 *             F(struct(utc),    time,       "",    "time of the fix")
 *     TAKT_MESSAGE(gnss_fix, "a position fix", GNSS_FIX)
 *
 * Scalars: bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64. A list has `count` (valid items) and `at[]`; a
 * text is a NUL-terminated char array. Layout is the platform's natural one and is checked at load
 * against sizeof. The same types can stand in a graph file, with the same words (with a comma:
 * in quotes, 'array(f32, 3)'). */
#ifndef TAKT_TYPE_H
#define TAKT_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TAKT_STATIC_ASSERT(x, why) static_assert(x, why)
#define TAKT_ALIGNOF(t) alignof(t)
#define TAKT_ZERO_ {}
#else
#define TAKT_STATIC_ASSERT(x, why) _Static_assert(x, why)
#define TAKT_ALIGNOF(t) _Alignof(t)
#define TAKT_ZERO_ {0}
#endif
#define TAKT_UNUSED_ __attribute__((unused))

enum takt_scalar {
	TAKT_SCALAR_BOOL = 1, TAKT_SCALAR_I8, TAKT_SCALAR_I16, TAKT_SCALAR_I32, TAKT_SCALAR_I64,
	TAKT_SCALAR_U8, TAKT_SCALAR_U16, TAKT_SCALAR_U32, TAKT_SCALAR_U64,
	TAKT_SCALAR_F32, TAKT_SCALAR_F64,
	TAKT_SCALAR_CHAR,		/* only as the item of a text */
	TAKT_SCALAR_ENUM,		/* int32_t on the wire, names in takt_field.names */
	TAKT_SCALAR_STRUCT		/* nested type in takt_field.of */
};

enum takt_shape {
	TAKT_SHAPE_ONE = 0,
	TAKT_SHAPE_ARRAY,		/* T name[length] */
	TAKT_SHAPE_LIST,		/* struct { uint32_t count; T at[length]; } name */
	TAKT_SHAPE_TEXT			/* char name[length], NUL-terminated */
};

struct takt_enum_value {
	const char *name;		/* as shown in logs and pages */
	int32_t value;
};

struct takt_enum {
	const char *name;
	const char *doc;
	const struct takt_enum_value *values;
	uint32_t value_count;
};

struct takt_type;

struct takt_field {
	const char *name;
	const char *unit;		/* "" or "1" where there is none */
	const char *doc;
	uint16_t scalar;		/* enum takt_scalar, of one item */
	uint16_t shape;			/* enum takt_shape */
	uint32_t length;		/* items at most; 1 for TAKT_SHAPE_ONE */
	const struct takt_type *of;	/* TAKT_SCALAR_STRUCT only */
	const struct takt_enum *names;	/* TAKT_SCALAR_ENUM only */
};

struct takt_type {
	const char *name;
	const char *doc;
	const struct takt_field *fields;
	uint32_t field_count;
	uint32_t bytes;			/* sizeof the struct */
	uint32_t align;
};

/* Time of validity of a message, CLOCK_MONOTONIC nanoseconds. */
enum takt_tov_kind { TAKT_TOV_NONE = 0, TAKT_TOV_INSTANT, TAKT_TOV_RANGE };

struct takt_tov {
	uint32_t kind;			/* enum takt_tov_kind */
	uint32_t reserved;
	uint64_t begin_ns;
	uint64_t end_ns;		/* TAKT_TOV_RANGE; equal to begin_ns for an instant */
};

/* --- how the macros find the parts of a field; not for users --------------------------------- */
#define TAKT_C_bool bool
#define TAKT_C__Bool bool
#define TAKT_C_i8 int8_t
#define TAKT_C_i16 int16_t
#define TAKT_C_i32 int32_t
#define TAKT_C_i64 int64_t
#define TAKT_C_u8 uint8_t
#define TAKT_C_u16 uint16_t
#define TAKT_C_u32 uint32_t
#define TAKT_C_u64 uint64_t
#define TAKT_C_f32 float
#define TAKT_C_f64 double
#define TAKT_C_enum(e) enum e
#define TAKT_C_struct(s) struct s
#define TAKT_C_text(n) char
#define TAKT_C_array(t, n) TAKT_C_##t
#define TAKT_C_list(t, n) struct { uint32_t count; TAKT_C_##t at[n]; }

#define TAKT_X_bool
#define TAKT_X__Bool
#define TAKT_X_i8
#define TAKT_X_i16
#define TAKT_X_i32
#define TAKT_X_i64
#define TAKT_X_u8
#define TAKT_X_u16
#define TAKT_X_u32
#define TAKT_X_u64
#define TAKT_X_f32
#define TAKT_X_f64
#define TAKT_X_enum(e)
#define TAKT_X_struct(s)
#define TAKT_X_text(n) [n]
#define TAKT_X_array(t, n) [n]
#define TAKT_X_list(t, n)

/* scalar */
#define TAKT_S_bool TAKT_SCALAR_BOOL
#define TAKT_S__Bool TAKT_SCALAR_BOOL
#define TAKT_S_i8 TAKT_SCALAR_I8
#define TAKT_S_i16 TAKT_SCALAR_I16
#define TAKT_S_i32 TAKT_SCALAR_I32
#define TAKT_S_i64 TAKT_SCALAR_I64
#define TAKT_S_u8 TAKT_SCALAR_U8
#define TAKT_S_u16 TAKT_SCALAR_U16
#define TAKT_S_u32 TAKT_SCALAR_U32
#define TAKT_S_u64 TAKT_SCALAR_U64
#define TAKT_S_f32 TAKT_SCALAR_F32
#define TAKT_S_f64 TAKT_SCALAR_F64
#define TAKT_S_enum(e) TAKT_SCALAR_ENUM
#define TAKT_S_struct(s) TAKT_SCALAR_STRUCT
#define TAKT_S_text(n) TAKT_SCALAR_CHAR
#define TAKT_S_array(t, n) TAKT_S_##t
#define TAKT_S_list(t, n) TAKT_S_##t

/* shape and length */
#define TAKT_L_bool TAKT_SHAPE_ONE, 1
#define TAKT_L__Bool TAKT_SHAPE_ONE, 1
#define TAKT_L_i8 TAKT_SHAPE_ONE, 1
#define TAKT_L_i16 TAKT_SHAPE_ONE, 1
#define TAKT_L_i32 TAKT_SHAPE_ONE, 1
#define TAKT_L_i64 TAKT_SHAPE_ONE, 1
#define TAKT_L_u8 TAKT_SHAPE_ONE, 1
#define TAKT_L_u16 TAKT_SHAPE_ONE, 1
#define TAKT_L_u32 TAKT_SHAPE_ONE, 1
#define TAKT_L_u64 TAKT_SHAPE_ONE, 1
#define TAKT_L_f32 TAKT_SHAPE_ONE, 1
#define TAKT_L_f64 TAKT_SHAPE_ONE, 1
#define TAKT_L_enum(e) TAKT_SHAPE_ONE, 1
#define TAKT_L_struct(s) TAKT_SHAPE_ONE, 1
#define TAKT_L_text(n) TAKT_SHAPE_TEXT, (n)
#define TAKT_L_array(t, n) TAKT_SHAPE_ARRAY, (n)
#define TAKT_L_list(t, n) TAKT_SHAPE_LIST, (n)

/* nested type and enum names */
#define TAKT_R_bool NULL, NULL
#define TAKT_R__Bool NULL, NULL
#define TAKT_R_i8 NULL, NULL
#define TAKT_R_i16 NULL, NULL
#define TAKT_R_i32 NULL, NULL
#define TAKT_R_i64 NULL, NULL
#define TAKT_R_u8 NULL, NULL
#define TAKT_R_u16 NULL, NULL
#define TAKT_R_u32 NULL, NULL
#define TAKT_R_u64 NULL, NULL
#define TAKT_R_f32 NULL, NULL
#define TAKT_R_f64 NULL, NULL
#define TAKT_R_enum(e) NULL, &takt_enum_##e
#define TAKT_R_struct(s) &takt_type_##s, NULL
#define TAKT_R_text(n) NULL, NULL
#define TAKT_R_array(t, n) TAKT_R_##t
#define TAKT_R_list(t, n) TAKT_R_##t

#define TAKT_DECLARE_FIELD_(type, name, unit, doc) TAKT_C_##type name TAKT_X_##type;
#define TAKT_DESCRIBE_FIELD_(type, name, unit, doc) \
	{ #name, unit, doc, TAKT_S_##type, TAKT_L_##type, TAKT_R_##type },
#define TAKT_DECLARE_VALUE_(constant, value, name) constant = (value),
#define TAKT_DESCRIBE_VALUE_(constant, value, name) { name, value },

/* --- for users ------------------------------------------------------------------------------- */

/* TAKT_ENUM(name, "doc", LIST), LIST(V) a row of V(CONSTANT, value, "shown name"). */
#define TAKT_ENUM(name_, doc_, list_)                                                              \
	enum name_ { list_(TAKT_DECLARE_VALUE_) };                                                 \
	TAKT_STATIC_ASSERT(sizeof(enum name_) == 4, "an enum of takt has 4 bytes");                \
	TAKT_UNUSED_ static const struct takt_enum_value takt_values_##name_[] = {                 \
		list_(TAKT_DESCRIBE_VALUE_) };                                                     \
	TAKT_UNUSED_ static const struct takt_enum takt_enum_##name_ = {                           \
		#name_, doc_, takt_values_##name_,                                                 \
		(uint32_t)(sizeof(takt_values_##name_) / sizeof(takt_values_##name_[0])) };

/* TAKT_ENUM_NAME(fix_kind, value): the shown name, "?" for a value that the enum has not. */
#define TAKT_ENUM_NAME(enum_, value_) takt_enum_name_(&takt_enum_##enum_, (int32_t)(value_))

static inline const char *takt_enum_name_(const struct takt_enum *names, int32_t value)
{
	for (uint32_t i = 0; i < names->value_count; i++) {
		if (names->values[i].value == value) {
			return names->values[i].name;
		}
	}
	return "?";
}

/* TAKT_MESSAGE(name, "doc", LIST), LIST(F) rows of F(type, name, "unit", "doc"). */
#define TAKT_MESSAGE(name_, doc_, list_)                                                           \
	struct name_ { list_(TAKT_DECLARE_FIELD_) };                                               \
	TAKT_UNUSED_ static const struct takt_field takt_fields_##name_[] = {                      \
		list_(TAKT_DESCRIBE_FIELD_) };                                                     \
	TAKT_UNUSED_ static const struct takt_type takt_type_##name_ = {                           \
		#name_, doc_, takt_fields_##name_,                                                 \
		(uint32_t)(sizeof(takt_fields_##name_) / sizeof(takt_fields_##name_[0])),          \
		(uint32_t)sizeof(struct name_), (uint32_t)TAKT_ALIGNOF(struct name_) };

#endif
