# Empty until the first source; add one as  %D%/engine.c %D%/engine.h  below.
noinst_LTLIBRARIES += libengine.la
libengine_la_SOURCES =
