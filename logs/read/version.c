#include <takt/log.h>

#include "rt/base/version.h"

const char *takt_log_version(void)
{
	return takt_version();
}
