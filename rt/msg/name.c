/* SPDX-License-Identifier: Apache-2.0 */
#include "rt/msg/name.h"

#include <string.h>

#include "rt/msg/layout.h"

bool takt_name_valid(const char *name)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	size_t length;

	if (!name || !name[0] || (name[0] >= '0' && name[0] <= '9')) {
		return false;
	}
	length = strspn(name, letters);
	return name[length] == '\0' && length <= TAKT_TYPE_NAME_MAX;
}
