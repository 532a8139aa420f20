noinst_LTLIBRARIES += libmsg.la
libmsg_la_LIBADD = $(CBOR_LIBS)
libmsg_la_CFLAGS = $(AM_CFLAGS) $(CBOR_CFLAGS)
libmsg_la_SOURCES = \
	%D%/catalog.h \
	%D%/catalog_check.c \
	%D%/catalog_decode.c \
	%D%/catalog_encode.c \
	%D%/catalog_wire.c %D%/catalog_wire.h \
	%D%/cbor_read.c %D%/cbor_read.h \
	%D%/layout.c %D%/layout.h \
	%D%/name.c %D%/name.h \
	%D%/payload.c %D%/payload.h \
	%D%/python_description.c %D%/python_description.h \
	%D%/value.c %D%/value.h
