/* Read the logs that takt writes. */
#ifndef TAKT_LOG_H
#define TAKT_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

#define TAKT_LOG_API __attribute__((visibility("default")))

/* The library's version, "0.1.0"; a constant string.  [any thread] */
TAKT_LOG_API const char *takt_log_version(void);

#ifdef __cplusplus
}
#endif

#endif
