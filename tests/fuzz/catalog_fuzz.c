/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are a catalog or have a message. What was decoded can be encoded, and comes back the same; the
 * reader's tables can be made of it. */
#include <stdlib.h>
#include <string.h>

#include "logs/read/tables.h"
#include "rt/base/tags.h"
#include "rt/msg/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Encode @catalog, decode that and encode it again: the two must be the same. */
static void go_round(const struct takt_catalog *catalog)
{
	struct takt_catalog *again = NULL;
	struct takt_err err = { 0 };
	uint32_t first_bytes, second_bytes;
	void *first, *second;

	TAKT_CHECK(takt_catalog_encode(catalog, &first, &first_bytes, &err) == 0);
	TAKT_CHECK(takt_catalog_decode(first, first_bytes, &again, &err) == 0);
	TAKT_CHECK(takt_catalog_encode(again, &second, &second_bytes, &err) == 0);
	TAKT_CHECK(first_bytes == second_bytes && memcmp(first, second, first_bytes) == 0);
	takt_catalog_destroy(again);
	free(second);
	free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct takt_catalog *catalog = NULL;
	struct takt_log_tables tables = { 0 };
	struct takt_err err = { 0 };
	int r;

	if (size > TAKT_CATALOG_BYTES_MAX) {
		return 0;
	}
	r = takt_catalog_decode(data, (uint32_t)size, &catalog, &err);
	TAKT_CHECK(r == 0 ? catalog != NULL
			  : !catalog && err.code == r && err.text[0] && !strchr(err.text, '\n'));
	if (r == 0) {
		go_round(catalog);
		takt_catalog_destroy(catalog);
	}
	TAKT_CHECK((takt_log_tables_init(&tables, data, (uint32_t)size, "fuzz", NULL) == 0) == (r == 0));
	takt_log_tables_fini(&tables);
	return 0;
}
