# Python tasks: the host in taktd, and what runs in the child.
noinst_LTLIBRARIES += libpyhost.la
libpyhost_la_LIBADD = $(CBOR_LIBS)
libpyhost_la_CFLAGS = $(AM_CFLAGS) $(CBOR_CFLAGS)
libpyhost_la_SOURCES = \
	%D%/frame/cbor_write.c %D%/frame/cbor_write.h \
	%D%/frame/codec.c %D%/frame/codec.h \
	%D%/frame/frame.c %D%/frame/frame.h \
	%D%/proc/budget.c %D%/proc/budget.h \
	%D%/proc/channel.c %D%/proc/channel.h \
	%D%/proc/child.c %D%/proc/child.h \
	%D%/proc/events.c %D%/proc/events.h \
	%D%/proc/host.c %D%/proc/host.h %D%/proc/host_inner.h \
	%D%/proc/host_call.c %D%/proc/host_child.c
EXTRA_DIST += %D%/frame/frame.cddl

# Beside the programs that find it: see rt/main/main.mk.
taktlibexec_PROGRAMS += takt-spawn
takt_spawn_SOURCES = %D%/proc/takt_spawn.c
takt_spawn_LDADD = libbase.la

# Python of the child. In the build directory `python` leads to it.
all-local: python
python:
	$(AM_V_GEN)$(LN_S) $(abs_srcdir)/%D%/py $@
CLEANFILES += python

dist_taktpython_DATA = \
	%D%/py/takt/__init__.py \
	%D%/py/takt/bootstrap.py \
	%D%/py/takt/context.py \
	%D%/py/takt/message.py \
	%D%/py/takt/rng.py \
	%D%/py/takt/views.py

# Examples, as in rt/examples/examples.mk.
plugins_PROGRAMS += plugins/python_demo.so
plugins_python_demo_so_SOURCES = %D%/examples/demo/demo.c
plugins_python_demo_so_CPPFLAGS = $(plugin_CPPFLAGS)
plugins_python_demo_so_CFLAGS = $(plugin_CFLAGS)
plugins_python_demo_so_LINK = $(plugin_LINK)
plugins_python_demo_so_LDADD =

examples_python_demodir = $(examplesdir)/python_demo
dist_examples_python_demo_DATA = \
	%D%/examples/demo/demo.yaml %D%/examples/demo/demo.py %D%/examples/demo/demo.c
