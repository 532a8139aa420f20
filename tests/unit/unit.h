/* What a unit test needs from cmocka, whose header wants four others before it. */
#ifndef TAKT_TESTS_UNIT_H
#define TAKT_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
