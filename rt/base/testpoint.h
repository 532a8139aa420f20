/* SPDX-License-Identifier: Apache-2.0 */
/* Places where a test may end the process as kill -9 would. Built in with
 * --enable-test-points only.
 *
 * With TAKT_KILL_AT=name in the environment the process gets SIGKILL when it comes to
 * TAKT_TEST_POINT("name") for the first time, with TAKT_KILL_AT=name:3 for the third time.
 * TAKT_STOP_AT likewise, SIGSTOP, once. Names are unique in the tree. */
#ifndef TAKT_BASE_TESTPOINT_H
#define TAKT_BASE_TESTPOINT_H

#ifdef TAKT_TEST_POINTS
#define TAKT_TEST_POINT(name) takt_test_point(name)
#else
#define TAKT_TEST_POINT(name) ((void)0)
#endif

/* Use the macro. Makes no system call and takes no lock unless it is the end.  [any] */
void takt_test_point(const char *name);

#endif
