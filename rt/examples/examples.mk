# Plug-ins are build/plugins/NAME.so, graphs are installed in share/takt/examples/NAME. For example:
#   plugins_PROGRAMS += plugins/hello.so
#   plugins_hello_so_SOURCES = %D%/hello/hello.c
#   plugins_hello_so_CPPFLAGS = $(plugin_CPPFLAGS)
#   plugins_hello_so_CFLAGS = $(plugin_CFLAGS)
#   plugins_hello_so_LINK = $(plugin_LINK)          (C++: _CXXFLAGS, $(plugin_CXXLINK))
#   examples_hellodir = $(examplesdir)/hello
#   dist_examples_hello_DATA = %D%/hello/hello.yaml
