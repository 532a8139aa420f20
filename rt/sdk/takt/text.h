/* SPDX-License-Identifier: Apache-2.0 */
/* The text log: takt_info(ctx, "fix %d, %.2f m", kind, hdop).
 *
 * The call stores the site's number and the raw arguments; nothing is formatted on the calling
 * thread. Format and arguments are checked by the compiler like printf's. Arguments: integers,
 * bool, float and double, C strings (at most TAKT_TEXT_STRING_BYTES are kept), pointers; at most
 * TAKT_TEXT_ARGS of them. A disabled level costs one comparison. Not inside C++ templates or inline
 * functions that several files share. */
#ifndef TAKT_TEXT_H
#define TAKT_TEXT_H

#include <stdint.h>
#include <string.h>

#define TAKT_TEXT_ARGS 16
#define TAKT_TEXT_STRING_BYTES 255

enum takt_level { TAKT_DEBUG = 0, TAKT_INFO, TAKT_WARNING, TAKT_ERROR, TAKT_CRITICAL };

/* One call in the source. The section `takt_text` of a plug-in is an array of these; the engine
 * numbers them when it loads the plug-in. 64 bytes, so that the linker leaves no holes. */
struct takt_text_site {
	const char *format;
	const char *file;
	uint32_t line;
	uint32_t id;			/* written by the engine before the first cycle */
	uint8_t level;			/* enum takt_level */
	uint8_t arg_count;
	uint8_t reserved[6];
	char tags[TAKT_TEXT_ARGS + 1];	/* per argument: i signed, u unsigned, f double, s string, p pointer */
	char padding[15];
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
	static_assert(std::is_arithmetic<type>::value || std::is_enum<type>::value ||
		      std::is_pointer<type>::value, "takt's text log takes numbers, strings and pointers");
	static constexpr bool text = std::is_same<type, char *>::value ||
		std::is_same<type, const char *>::value;
	static constexpr bool is_signed = std::is_signed<type>::value || std::is_enum<type>::value;
	static constexpr char tag = text ? 's' : std::is_pointer<type>::value ? 'p' :
		std::is_floating_point<type>::value ? 'f' : is_signed ? 'i' : 'u';
};

template <class T> static inline uint64_t takt_text_word_(T value)
{
	if constexpr (std::is_pointer<T>::value) {
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

static inline uint64_t takt_text_word_p_(const void *value)
{
	return (uint64_t)(uintptr_t)value;
}

#define TAKT_TEXT_GENERIC_(x, i, u, f, s, p)                                                       \
	_Generic((x), _Bool: u, char: i, signed char: i, short: i, int: i, long: i, long long: i,  \
		 unsigned char: u, unsigned short: u, unsigned int: u, unsigned long: u,           \
		 unsigned long long: u, float: f, double: f, char *: s, const char *: s,           \
		 void *: p, const void *: p)
#define TAKT_TEXT_TAG_(x) TAKT_TEXT_GENERIC_(x, 'i', 'u', 'f', 's', 'p')
#define TAKT_TEXT_WORD_(x)                                                                         \
	TAKT_TEXT_GENERIC_(x, takt_text_word_i_, takt_text_word_u_, takt_text_word_f_,             \
			   takt_text_word_p_, takt_text_word_p_)(x)
#endif

/* (ctx, level, format, arguments…) */
#define TAKT_TEXT_(ctx_, level_, ...)                                                              \
	do {                                                                                       \
		if (0) {                                                                           \
			takt_text_check_(__VA_ARGS__);                                             \
		}                                                                                  \
		__attribute__((section("takt_text"), used)) static struct takt_text_site           \
			takt_site_ = { TAKT_FIRST_(__VA_ARGS__), __FILE__, __LINE__, 0, level_,    \
				       TAKT_COUNT_(__VA_ARGS__), { 0, 0, 0, 0, 0, 0 },             \
				       { TAKT_REST_(TAKT_TEXT_TAG_, __VA_ARGS__) 0 }, { 0 } };  \
		if ((uint32_t)(level_) >= (ctx_)->text_level) {                                    \
			const uint64_t takt_args_[] = {                                            \
				TAKT_REST_(TAKT_TEXT_WORD_, __VA_ARGS__) 0 };                      \
			(ctx_)->host->text((ctx_), &takt_site_, takt_args_);                       \
		}                                                                                  \
	} while (0)

#define takt_debug(ctx, ...) TAKT_TEXT_(ctx, TAKT_DEBUG, __VA_ARGS__)
#define takt_info(ctx, ...) TAKT_TEXT_(ctx, TAKT_INFO, __VA_ARGS__)
#define takt_warning(ctx, ...) TAKT_TEXT_(ctx, TAKT_WARNING, __VA_ARGS__)
#define takt_error(ctx, ...) TAKT_TEXT_(ctx, TAKT_ERROR, __VA_ARGS__)
#define takt_critical(ctx, ...) TAKT_TEXT_(ctx, TAKT_CRITICAL, __VA_ARGS__)

#endif
