#ifndef TAKT_BASE_VERSION_H
#define TAKT_BASE_VERSION_H

/* The version of this build, "0.1.0"; a constant string.  [any thread] */
const char *takt_version(void);

#endif
