/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/base/suggest.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define LETTERS_MAX 64u		/* longer words have no near name */

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static int lower(char letter)
{
	return tolower((unsigned char)letter);
}

/* Edits (change, leave out, put in, swap neighbours) that make @b of @a, three rows at a time. */
static uint32_t edit_distance(const char *a, uint32_t a_letters, const char *b, uint32_t b_letters)
{
	uint32_t rows[3][LETTERS_MAX + 1];
	uint32_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (uint32_t j = 0; j <= b_letters; j++) {
		above[j] = j;
		before[j] = j;
	}
	for (uint32_t i = 1; i <= a_letters; i++) {
		uint32_t *const oldest = before;

		row[0] = i;
		for (uint32_t j = 1; j <= b_letters; j++) {
			const uint32_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;

			row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + change);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1])) {
				row[j] = least(row[j], before[j - 2] + 1);
			}
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_letters];
}

void takt_suggest_init(struct takt_suggest *suggest, const char *word)
{
	const size_t letters = strlen(word);

	suggest->word = word;
	suggest->name = NULL;
	suggest->distance = letters < 3 ? 2 : (uint32_t)(letters / 3) + 1;
}

void takt_suggest_put(struct takt_suggest *suggest, const char *name)
{
	const size_t word_letters = strlen(suggest->word), name_letters = strlen(name);
	uint32_t distance;

	if (word_letters > LETTERS_MAX || name_letters > LETTERS_MAX || word_letters == 0) {
		return;
	}
	distance = edit_distance(suggest->word, (uint32_t)word_letters, name, (uint32_t)name_letters);
	if (distance < suggest->distance && distance < name_letters) {
		suggest->distance = distance;
		suggest->name = name;
	}
}

const char *takt_suggest_find(const char *word, const char *const *names, uint32_t count)
{
	struct takt_suggest suggest;

	takt_suggest_init(&suggest, word);
	for (uint32_t i = 0; i < count; i++) {
		takt_suggest_put(&suggest, names[i]);
	}
	return suggest.name;
}
