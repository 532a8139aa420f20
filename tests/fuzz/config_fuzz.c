/* Any bytes are a graph file or have a message with a place. */
#include <stdlib.h>
#include <string.h>

#include "rt/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct takt_config *config = NULL;
	struct takt_err err = { 0 };
	const int rc = takt_config_parse("fuzz.yaml", data, size, &config, &err);

	if (rc == 0) {
		takt_config_destroy(config);
	} else if (config || err.code != rc || !err.text[0] || strchr(err.text, '\n')) {
		abort();
	}
	return 0;
}
