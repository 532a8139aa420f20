# The installed headers. Add each by name:  takt_headers += %D%/takt/task.h
takt_headers = \
	%D%/takt/random.h %D%/takt/task.h %D%/takt/text.h %D%/takt/text_site.h %D%/takt/type.h
taktinclude_HEADERS = $(takt_headers)

# Where the takt of the build directory finds them, as an installed one does: include/takt.
noinst_DATA = include/takt
CLEANFILES += include/takt
include/takt:
	$(AM_V_GEN)$(MKDIR_P) include && ln -sfn $(abs_top_srcdir)/%D%/takt $@

# Message types of takt's own plug-ins (rt/io).
taktioincludedir = $(taktincludedir)/io
taktioinclude_HEADERS = %D%/takt/io/can.h %D%/takt/io/evdev.h %D%/takt/io/serial.h %D%/takt/io/udp.h

pkgconfig_DATA += %D%/takt.pc
