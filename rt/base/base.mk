noinst_LTLIBRARIES += libbase.la
libbase_la_SOURCES = \
	%D%/err.c %D%/err.h %D%/tags.h \
	%D%/version.c %D%/version.h
