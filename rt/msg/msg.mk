noinst_LTLIBRARIES += libmsg.la
libmsg_la_LIBADD = $(CBOR_LIBS)
libmsg_la_CFLAGS = $(AM_CFLAGS) $(CBOR_CFLAGS)
libmsg_la_SOURCES = \
	%D%/catalog.h \
	%D%/layout.c %D%/layout.h \
	%D%/name.c %D%/name.h
