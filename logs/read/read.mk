# The reader: libread.la for our programs, libtaktlog.so of the same objects for everybody else.
noinst_LTLIBRARIES += libread.la
libread_la_SOURCES = \
	%D%/carried.c %D%/carried.h \
	%D%/copperlist.c \
	%D%/cursor.c \
	%D%/damage.c %D%/damage.h \
	%D%/ending.c \
	%D%/error.c %D%/error.h \
	%D%/file_list.c \
	%D%/files.c %D%/files.h \
	%D%/handle.h \
	%D%/index.c %D%/index.h \
	%D%/io.c %D%/io.h \
	%D%/lifecycle_text.c %D%/lifecycle_text.h \
	%D%/live.c %D%/live.h \
	%D%/log.c \
	%D%/range.c %D%/range.h \
	%D%/removed.c \
	%D%/resolve.c \
	%D%/run.c %D%/run.h \
	%D%/segment.c %D%/segment.h \
	%D%/segment_index.c %D%/segment_index.h \
	%D%/source.c %D%/source.h \
	%D%/stats.h %D%/stats_build.c %D%/stats_file.c \
	%D%/stats_query.c %D%/stats_row.c %D%/stats_series.c \
	%D%/tables.c %D%/tables.h \
	%D%/text_format.c %D%/text_sink.h \
	%D%/version.c \
	%D%/view.c %D%/view.h

lib_LTLIBRARIES += libtaktlog.la
libtaktlog_la_SOURCES =
libtaktlog_la_LIBADD = libread.la $(base_libs)
libtaktlog_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 \
	-Wl,--version-script=$(top_srcdir)/%D%/takt-log.map
EXTRA_libtaktlog_la_DEPENDENCIES = %D%/takt-log.map

taktinclude_HEADERS += %D%/takt/log.h
pkgconfig_DATA += %D%/takt-log.pc
EXTRA_DIST += %D%/takt-log.map
