noinst_LTLIBRARIES += libbase.la
libbase_la_SOURCES = \
	%D%/version.c %D%/version.h
