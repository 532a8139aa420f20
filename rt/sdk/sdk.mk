# The installed headers. Add each by name:  takt_headers += %D%/takt/task.h
takt_headers = \
	%D%/takt/task.h %D%/takt/text.h %D%/takt/text_site.h %D%/takt/type.h
taktinclude_HEADERS = $(takt_headers)

pkgconfig_DATA += %D%/takt.pc
