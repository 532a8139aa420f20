/* SPDX-License-Identifier: Apache-2.0 */
/* CPU lists, suggestions and files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt/base/cpulist.h"
#include "rt/base/file.h"
#include "rt/base/suggest.h"
#include "tests/unit/unit.h"

static void cpu_lists_come_back_in_their_shortest_form(void **state)
{
	static const struct { const char *text, *shortest; uint32_t count; } rows[] = {
		{ "0-3,7", "0-3,7", 5 }, { "", "", 0 }, { "\n", "", 0 }, { "3,2,1\n", "1-3", 3 },
		{ " 5 , 6 ", "5,6", 2 }, { "0-1023", "0-1023", 1024 }, { "1,1,1", "1", 1 },
		{ "62-66,1023", "62-66,1023", 6 },
	};
	struct takt_cpulist cpus;
	char text[TAKT_CPULIST_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(takt_cpulist_parse(rows[i].text, &cpus, NULL), 0);
		assert_int_equal(takt_cpulist_format(&cpus, text, sizeof(text)),
				 strlen(rows[i].shortest));
		assert_string_equal(text, rows[i].shortest);
		assert_int_equal(takt_cpulist_count(&cpus), rows[i].count);
	}
}

static void the_longest_cpu_list_fits_its_text(void **state)
{
	struct takt_cpulist cpus = { 0 };
	char text[TAKT_CPULIST_TEXT_BYTES];

	(void)state;
	for (uint32_t cpu = 0; cpu < TAKT_CPUS_MAX; cpu += 3) {
		takt_cpulist_add(&cpus, cpu);
		takt_cpulist_add(&cpus, cpu + 1 < TAKT_CPUS_MAX ? cpu + 1 : cpu);
	}
	assert_true(takt_cpulist_format(&cpus, text, sizeof(text)) > 0);
	assert_int_equal(takt_cpulist_format(&cpus, text, 20), -ENOSPC);
	assert_int_equal(takt_cpulist_next(&cpus, 2), 3);
}

static void junk_is_no_cpu_list(void **state)
{
	static const char *const junk[] = { "x", "1-", "-1", "3-1", "1,,2", "1,", ",1", "1 2", "0-3:2",
					    "1.5", "0x1" };
	struct takt_cpulist cpus = { { 99 } };
	struct takt_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
		if (takt_cpulist_parse(junk[i], &cpus, &err) != -EINVAL) {
			fail_msg("'%s' is taken", junk[i]);
		}
	}
	assert_non_null(strstr(err.text, "write it like 0-3,7"));
	assert_int_equal(takt_cpulist_parse("1024", &cpus, NULL), -ERANGE);
	assert_int_equal(takt_cpulist_parse("0-99999999999999", &cpus, NULL), -ERANGE);
	assert_int_equal(cpus.words[0], 99);
}

static void the_nearest_name_is_suggested(void **state)
{
	static const char *const names[] = { "rate", "cpus", "priority", "overrun", "wait" };

	(void)state;
	assert_string_equal(takt_suggest_find("ratte", names, 5), "rate");
	assert_string_equal(takt_suggest_find("RATE", names, 5), "rate");
	assert_string_equal(takt_suggest_find("prioirty", names, 5), "priority");
	assert_string_equal(takt_suggest_find("overun", names, 5), "overrun");
	assert_string_equal(takt_suggest_find("wiat", names, 5), "wait");
	assert_null(takt_suggest_find("frequency", names, 5));
	assert_null(takt_suggest_find("", names, 5));
	assert_null(takt_suggest_find("x", (const char *const[]){ "y" }, 1));
}

static void overlong_words_have_no_suggestion(void **state)
{
	char word[5000];
	const char *const name = word;

	(void)state;
	memset(word, 'a', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	assert_null(takt_suggest_find(word, &name, 1));
}

static void make_dir(void **state)
{
	static char path[64];

	snprintf(path, sizeof(path), "base_test.XXXXXX");
	assert_non_null(mkdtemp(path));
	*state = path;
}

static void replaced_file_reads_back_whole(void **state)
{
	char path[128], text[8];
	void *bytes = NULL;
	size_t size = 0;
	static char large[100000];

	make_dir(state);
	snprintf(path, sizeof(path), "%s/a/b//c", (char *)*state);
	assert_int_equal(takt_file_mkdirs(path, 0700), 0);
	assert_int_equal(takt_file_mkdirs(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/a/b/c/file", (char *)*state);
	memset(large, 'x', sizeof(large));
	assert_int_equal(takt_file_replace(path, large, sizeof(large), 0640), 0);
	assert_int_equal(takt_file_read(path, sizeof(large), &bytes, &size), 0);
	assert_int_equal(size, sizeof(large));
	assert_int_equal(((char *)bytes)[size], 0);
	assert_memory_equal(bytes, large, size);
	free(bytes);
	assert_int_equal(takt_file_read(path, sizeof(large) - 1, &bytes, &size), -EFBIG);
	assert_int_equal(takt_file_replace(path, "abc \n\n", 6, 0640), 0);
	assert_int_equal(takt_file_read_text(path, text, sizeof(text)), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(takt_file_read_text(path, text, 6), -EFBIG);
	assert_int_equal(takt_file_mkdirs(path, 0700), -ENOTDIR);
	unlink(path);
	snprintf(path, sizeof(path), "%s/a/b/c", (char *)*state);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(rmdir(path), 0);	/* no temporary file was left */
		*strrchr(path, '/') = '\0';
		if (!strchr(path, '/')) {
			assert_int_equal(rmdir(path), 0);
			break;
		}
	}
}

static void files_of_unknown_size_and_missing_ones_are_handled(void **state)
{
	void *bytes = NULL;
	size_t size = 0;
	char text[64];

	(void)state;
	assert_int_equal(takt_file_read("/proc/self/maps", 1 << 20, &bytes, &size), 0);
	assert_true(size > 100);
	free(bytes);
	assert_int_equal(takt_file_read("/nowhere/at/all", 10, &bytes, &size), -ENOENT);
	assert_int_equal(takt_file_read_text("/nowhere/at/all", text, sizeof(text)), -ENOENT);
	assert_int_equal(takt_file_read_text("/", text, sizeof(text)), -EISDIR);
	assert_int_equal(takt_file_replace("/nowhere/at/all", "", 0, 0600), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_lists_come_back_in_their_shortest_form),
		cmocka_unit_test(the_longest_cpu_list_fits_its_text),
		cmocka_unit_test(junk_is_no_cpu_list),
		cmocka_unit_test(the_nearest_name_is_suggested),
		cmocka_unit_test(overlong_words_have_no_suggestion),
		cmocka_unit_test(replaced_file_reads_back_whole),
		cmocka_unit_test(files_of_unknown_size_and_missing_ones_are_handled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
