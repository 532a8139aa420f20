noinst_LTLIBRARIES += libgraph.la
libgraph_la_CPPFLAGS = $(AM_CPPFLAGS) $(dirs_CPPFLAGS)
libgraph_la_SOURCES = \
	%D%/load.c %D%/loader.h \
	%D%/load_connections.c \
	%D%/load_judge.c \
	%D%/load_plan.c \
	%D%/load_plugins.c \
	%D%/load_ports.c \
	%D%/load_python.c \
	%D%/load_tasks.c \
	%D%/order.c \
	%D%/param_value.c %D%/param_value.h \
	%D%/params.c %D%/params.h \
	%D%/plan.h \
	%D%/plugin.c %D%/plugin.h \
	%D%/plugin_check.c \
	%D%/plugin_print.c %D%/plugin_print.h \
	%D%/print.c %D%/print.h \
	%D%/render.c \
	%D%/size.c %D%/size.h \
	%D%/text_site.c %D%/text_site.h \
	%D%/type_difference.c \
	%D%/type_set.c %D%/type_set.h
