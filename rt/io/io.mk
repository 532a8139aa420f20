# Ready-made tasks for devices. Plug-ins are build/plugins/NAME.so, their message types
# <takt/io/NAME.h>.
io_CPPFLAGS = $(plugin_CPPFLAGS) -D_GNU_SOURCE -I$(top_srcdir)
io_link = %D%/link.c %D%/link.h
io_drops = %D%/drops.c %D%/drops.h

plugins_PROGRAMS += plugins/serial.so
plugins_serial_so_SOURCES = $(io_link) \
	%D%/framing.c %D%/framing.h \
	%D%/serial_framing.h %D%/serial_in.c %D%/serial_out.c %D%/serial_plugin.c \
	%D%/serial_port.c %D%/serial_port.h
plugins_serial_so_CPPFLAGS = $(io_CPPFLAGS)
plugins_serial_so_CFLAGS = $(plugin_CFLAGS)
plugins_serial_so_LINK = $(plugin_LINK)
plugins_serial_so_LDADD =

plugins_PROGRAMS += plugins/udp.so
plugins_udp_so_SOURCES = $(io_link) $(io_drops) \
	%D%/address.c %D%/address.h %D%/udp_in.c %D%/udp_out.c %D%/udp_plugin.c
plugins_udp_so_CPPFLAGS = $(io_CPPFLAGS)
plugins_udp_so_CFLAGS = $(plugin_CFLAGS)
plugins_udp_so_LINK = $(plugin_LINK)
plugins_udp_so_LDADD =

plugins_PROGRAMS += plugins/can.so
plugins_can_so_SOURCES = $(io_link) $(io_drops) \
	%D%/can_frame.c %D%/can_frame.h %D%/can_in.c %D%/can_link.c %D%/can_link.h %D%/can_out.c \
	%D%/can_plugin.c
plugins_can_so_CPPFLAGS = $(io_CPPFLAGS)
plugins_can_so_CFLAGS = $(plugin_CFLAGS)
plugins_can_so_LINK = $(plugin_LINK)
plugins_can_so_LDADD =

plugins_PROGRAMS += plugins/evdev.so
plugins_evdev_so_SOURCES = $(io_link) %D%/evdev.c
plugins_evdev_so_CPPFLAGS = $(io_CPPFLAGS)
plugins_evdev_so_CFLAGS = $(plugin_CFLAGS)
plugins_evdev_so_LINK = $(plugin_LINK)
plugins_evdev_so_LDADD =

# Rows of a file.
plugins_PROGRAMS += plugins/csv.so
csv_files = %D%/csv_columns.c %D%/csv_columns.h %D%/csv_rows.c %D%/csv_rows.h %D%/csv_line.c %D%/csv_line.h
plugins_csv_so_SOURCES = $(csv_files) \
	%D%/csv_header.c %D%/csv_header.h %D%/csv_judge.c %D%/csv_judge.h \
	%D%/csv_plugin.c %D%/csv_sink.c %D%/csv_source.c
plugins_csv_so_CPPFLAGS = $(plugin_CPPFLAGS) -I$(top_srcdir)
plugins_csv_so_CFLAGS = $(plugin_CFLAGS)
plugins_csv_so_LINK = $(plugin_LINK)
plugins_csv_so_LDADD = -lm
