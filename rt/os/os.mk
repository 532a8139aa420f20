noinst_LTLIBRARIES += libos.la
libos_la_SOURCES = \
	%D%/cpus.c %D%/cpus.h \
	%D%/limits.c %D%/limits.h \
	%D%/memory.c %D%/memory.h \
	%D%/thread.c %D%/thread.h
