/* SPDX-License-Identifier: Apache-2.0 */
/* What <takt/text.h> is made of: a call's place in the plug-in, and its arguments as tags and
 * words. Nothing in here is called by name but by the macros there. */
#ifndef TAKT_TEXT_SITE_H
#define TAKT_TEXT_SITE_H

#include <stdint.h>
#include <string.h>

#define TAKT_TEXT_ARGS 16
#define TAKT_TEXT_STRING_BYTES 255

enum takt_level { TAKT_DEBUG = 0, TAKT_INFO, TAKT_WARNING, TAKT_ERROR, TAKT_CRITICAL };
enum takt_text_limit {
	TAKT_TEXT_ALWAYS = 0, TAKT_TEXT_ONCE, TAKT_TEXT_EVERY_N, TAKT_TEXT_RATE
};

/* In takt_text_site.bounds: this many bytes of the string, or one of these. */
#define TAKT_TEXT_BOUND_NONE 0		/* up to its NUL, TAKT_TEXT_STRING_BYTES at most */
#define TAKT_TEXT_BOUND_BEFORE 254	/* as many as the argument before says */
#define TAKT_TEXT_BOUND_NOTHING 255

/* One call in the source. The section `takt_text` of a plug-in is an array of these; the engine
 * numbers them when it loads the plug-in. 64 bytes, so that the linker leaves no holes. */
struct takt_text_site {
	const char *format;
	const char *file;
	uint32_t line;
	uint32_t id;			/* written by the engine before the first cycle */
	uint8_t level;			/* enum takt_level */
	uint8_t arg_count;
	uint8_t limit;			/* enum takt_text_limit */
	uint8_t reserved[5];
	char tags[TAKT_TEXT_ARGS + 1];	/* per argument: i signed, u unsigned, f double, s string, p pointer */
	uint8_t bounds[15];		/* of the first strings; written by the engine with the id */
} __attribute__((aligned(64)));

__attribute__((format(printf, 1, 2), unused))
static inline void takt_text_check_(const char *format, ...)
{
	(void)format;
}

/* Everything behind the format: how many arguments, and a macro over each. */
#define TAKT_PICK_(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, n, ...) n
#define TAKT_COUNT_(...) \
	TAKT_PICK_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0)
#define TAKT_FIRST_(...) TAKT_FIRST1_(__VA_ARGS__, 0)
#define TAKT_FIRST1_(first, ...) first
#define TAKT_JOIN_(a, b) TAKT_JOIN1_(a, b)
#define TAKT_JOIN1_(a, b) a##b
#define TAKT_REST_(m, ...) TAKT_JOIN_(TAKT_REST_, TAKT_COUNT_(__VA_ARGS__))(m, __VA_ARGS__)
#define TAKT_REST_0(m, f)
#define TAKT_REST_1(m, f, a) m(a),
#define TAKT_REST_2(m, f, a, ...) m(a), TAKT_REST_1(m, f, __VA_ARGS__)
#define TAKT_REST_3(m, f, a, ...) m(a), TAKT_REST_2(m, f, __VA_ARGS__)
#define TAKT_REST_4(m, f, a, ...) m(a), TAKT_REST_3(m, f, __VA_ARGS__)
#define TAKT_REST_5(m, f, a, ...) m(a), TAKT_REST_4(m, f, __VA_ARGS__)
#define TAKT_REST_6(m, f, a, ...) m(a), TAKT_REST_5(m, f, __VA_ARGS__)
#define TAKT_REST_7(m, f, a, ...) m(a), TAKT_REST_6(m, f, __VA_ARGS__)
#define TAKT_REST_8(m, f, a, ...) m(a), TAKT_REST_7(m, f, __VA_ARGS__)
#define TAKT_REST_9(m, f, a, ...) m(a), TAKT_REST_8(m, f, __VA_ARGS__)
#define TAKT_REST_10(m, f, a, ...) m(a), TAKT_REST_9(m, f, __VA_ARGS__)
#define TAKT_REST_11(m, f, a, ...) m(a), TAKT_REST_10(m, f, __VA_ARGS__)
#define TAKT_REST_12(m, f, a, ...) m(a), TAKT_REST_11(m, f, __VA_ARGS__)
#define TAKT_REST_13(m, f, a, ...) m(a), TAKT_REST_12(m, f, __VA_ARGS__)
#define TAKT_REST_14(m, f, a, ...) m(a), TAKT_REST_13(m, f, __VA_ARGS__)
#define TAKT_REST_15(m, f, a, ...) m(a), TAKT_REST_14(m, f, __VA_ARGS__)
#define TAKT_REST_16(m, f, a, ...) m(a), TAKT_REST_15(m, f, __VA_ARGS__)

#ifdef __cplusplus
#include <type_traits>

template <class T> struct takt_text_arg_ {
	typedef typename std::decay<T>::type type;
	static_assert((std::is_arithmetic<type>::value && sizeof(type) <= sizeof(long double)) ||
		      std::is_enum<type>::value || std::is_pointer<type>::value ||
		      std::is_null_pointer<type>::value,
		      "takt's text log takes numbers, strings and pointers");
	static constexpr bool text = std::is_same<type, char *>::value ||
		std::is_same<type, const char *>::value;
	static constexpr bool is_signed = std::is_signed<type>::value || std::is_enum<type>::value;
	static constexpr bool address = std::is_pointer<type>::value ||
		std::is_null_pointer<type>::value;
	static constexpr char tag = text ? 's' : address ? 'p' :
		std::is_floating_point<type>::value ? 'f' : is_signed ? 'i' : 'u';
};

template <class T> static inline uint64_t takt_text_word_(T value)
{
	if constexpr (std::is_null_pointer<T>::value) {
		return 0;
	} else if constexpr (std::is_pointer<T>::value) {
		return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(value));
	} else if constexpr (std::is_floating_point<T>::value) {
		const double wide = static_cast<double>(value);
		uint64_t word;
		memcpy(&word, &wide, sizeof(word));
		return word;
	} else {
		return static_cast<uint64_t>(value);
	}
}

#define TAKT_TEXT_TAG_(x) takt_text_arg_<decltype(x)>::tag
#define TAKT_TEXT_WORD_(x) takt_text_word_(x)
#else
static inline uint64_t takt_text_word_i_(int64_t value)
{
	return (uint64_t)value;
}

static inline uint64_t takt_text_word_u_(uint64_t value)
{
	return value;
}

static inline uint64_t takt_text_word_f_(double value)
{
	uint64_t word;
	memcpy(&word, &value, sizeof(word));
	return word;
}

static inline uint64_t takt_text_word_l_(long double value)
{
	return takt_text_word_f_((double)value);
}

static inline uint64_t takt_text_word_p_(const volatile void *value)
{
	return (uint64_t)(uintptr_t)value;
}

/* To gcc a bit-field has a type of its own, until the arithmetic of ?: makes it an int. */
#define TAKT_TEXT_GENERIC_(x, i, u, f, l, s, p)                                                    \
	_Generic((x), _Bool: u, char: i, signed char: i, short: i, int: i, long: i, long long: i,  \
		 unsigned char: u, unsigned short: u, unsigned int: u, unsigned long: u,           \
		 unsigned long long: u, float: f, double: f, long double: l, char *: s,            \
		 const char *: s, default: _Generic(1 ? (x) : (x), int: i, unsigned int: u, default: p))
#define TAKT_TEXT_TAG_(x) TAKT_TEXT_GENERIC_(x, 'i', 'u', 'f', 'f', 's', 'p')
#define TAKT_TEXT_WORD_(x)                                                                         \
	TAKT_TEXT_GENERIC_(x, takt_text_word_i_, takt_text_word_u_, takt_text_word_f_,             \
			   takt_text_word_l_, takt_text_word_p_, takt_text_word_p_)(x)
#endif

#endif
