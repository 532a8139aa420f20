noinst_LTLIBRARIES += libclock.la
libclock_la_SOURCES = \
	%D%/clock.c %D%/clock.h
