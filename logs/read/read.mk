# The reader: libread.la for our programs, libtaktlog.so of the same objects for everybody else.
noinst_LTLIBRARIES += libread.la
libread_la_SOURCES = \
	%D%/version.c

lib_LTLIBRARIES += libtaktlog.la
libtaktlog_la_SOURCES =
libtaktlog_la_LIBADD = libread.la $(base_libs)
libtaktlog_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 \
	-Wl,--version-script=$(top_srcdir)/%D%/takt-log.map
EXTRA_libtaktlog_la_DEPENDENCIES = %D%/takt-log.map

taktinclude_HEADERS += %D%/takt/log.h
pkgconfig_DATA += %D%/takt-log.pc
EXTRA_DIST += %D%/takt-log.map
