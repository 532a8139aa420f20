/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/main/new_name.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "rt/main/sibling.h"

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char inner[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* Of C11 and C++17; those that begin with _ are no names anyway. */
static const char *const language_words[] = {
	"alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case",
	"catch", "char", "char16_t", "char32_t", "class", "compl", "const", "const_cast", "constexpr",
	"continue", "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
	"explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int",
	"long", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or",
	"or_eq", "private", "protected", "public", "register", "reinterpret_cast", "restrict", "return",
	"short", "signed", "sizeof", "static", "static_assert", "static_cast", "struct", "switch",
	"template", "this", "thread_local", "throw", "true", "try", "typedef", "typeid", "typename",
	"union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
};

static bool is_identifier(const char *name)
{
	return name[0] && strchr(letters, name[0]) && name[strspn(name, inner)] == '\0';
}

static bool is_language_word(const char *name)
{
	for (size_t i = 0; i < sizeof(language_words) / sizeof(language_words[0]); i++) {
		if (strcmp(language_words[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_ours(const char *name)
{
	return strcasecmp(name, "takt") == 0 || strncasecmp(name, "takt_", 5) == 0;
}

/* "my-robot" may have been meant as "my_robot". */
static int refuse_letters(const char *name, struct takt_err *err)
{
	char near[TAKT_NEW_NAME_BYTES_MAX + 1];

	snprintf(near, sizeof(near), "%s", name);
	for (char *c = near; *c; c++) {
		*c = strchr(inner, *c) ? *c : '_';
	}
	if (is_identifier(near) && strcmp(near, name) != 0) {
		return takt_err_set(err, -EINVAL, "'%s' is not a name of C, as tasks need it; did you mean %s?",
				    name, near);
	}
	return takt_err_set(err, -EINVAL, "'%s' is not a name: it begins with a letter, and letters, digits and _ "
			    "follow", name);
}

int takt_new_name_check(const char *name, struct takt_err *err)
{
	char plugin[TAKT_NEW_NAME_BYTES_MAX + 8], path[PATH_MAX];

	if (strlen(name) > TAKT_NEW_NAME_BYTES_MAX) {
		return takt_err_set(err, -EINVAL, "'%.60s' has %zu letters; %d are possible", name, strlen(name),
				    TAKT_NEW_NAME_BYTES_MAX);
	}
	if (!is_identifier(name)) {
		return refuse_letters(name, err);
	}
	if (is_language_word(name)) {
		return takt_err_set(err, -EINVAL, "'%s' is a word of C or C++: choose another name, like my_%s", name,
				    name);
	}
	if (is_ours(name)) {
		return takt_err_set(err, -EINVAL, "takt and what begins with takt_ are names of takt itself: choose "
				    "another, like my_%s", name);
	}
	snprintf(plugin, sizeof(plugin), "%s.so", name);
	if (takt_sibling_plugin(plugin, path, sizeof(path)) == 0) {
		return takt_err_set(err, -EEXIST, "takt has a plug-in %s of its own (%s), which the project's would "
				    "hide: choose another name, like my_%s", plugin, path, name);
	}
	return 0;
}
