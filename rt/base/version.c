#include "rt/base/version.h"

const char *takt_version(void)
{
	return PACKAGE_VERSION;
}
