# Empty until the first source; add one as  %D%/clock.c %D%/clock.h  below.
noinst_LTLIBRARIES += libclock.la
libclock_la_SOURCES =
