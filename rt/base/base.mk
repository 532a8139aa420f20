noinst_LTLIBRARIES += libbase.la
libbase_la_SOURCES = \
	%D%/cpulist.c %D%/cpulist.h \
	%D%/crc32c.c %D%/crc32c.h \
	%D%/err.c %D%/err.h \
	%D%/file.c %D%/file.h \
	%D%/json.c %D%/json.h \
	%D%/pool.c %D%/pool.h \
	%D%/quantity.c %D%/quantity.h \
	%D%/round.h \
	%D%/suggest.c %D%/suggest.h \
	%D%/tags.h %D%/testpoint.c %D%/testpoint.h \
	%D%/text_buffer.c %D%/text_buffer.h \
	%D%/utf8.c %D%/utf8.h \
	%D%/version.c %D%/version.h
