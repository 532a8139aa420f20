# Python tasks: the host in taktd, and what runs in the child.
noinst_LTLIBRARIES += libpyhost.la
libpyhost_la_LIBADD = $(CBOR_LIBS)
libpyhost_la_CFLAGS = $(AM_CFLAGS) $(CBOR_CFLAGS)
libpyhost_la_SOURCES = \
	%D%/frame/cbor_write.c %D%/frame/cbor_write.h \
	%D%/frame/codec.c %D%/frame/codec.h \
	%D%/frame/frame.c %D%/frame/frame.h
EXTRA_DIST += %D%/frame/frame.cddl
