# Empty until the first source; add one as  %D%/graph.c %D%/graph.h  below.
noinst_LTLIBRARIES += libgraph.la
libgraph_la_SOURCES =
