# SPDX-License-Identifier: Apache-2.0
# A program outside the tree reads a log: it sees <takt/log.h> and -ltaktlog, nothing else of ours.
set -u
if [ "${sanitizer:-no}" != no ]; then
	echo '1..0 # SKIP a sanitizer wants to be first in every program'
	exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/count.c" <<'END'
#include <stdio.h>
#include <takt/log.h>

int main(int argc, char **argv)
{
	struct takt_log_error error = { 0, { 0 } };
	struct takt_log_filter filter = TAKT_LOG_FILTER_ALL;
	const struct takt_log_record *record;
	struct takt_log_cursor *cursor;
	struct takt_log *log;
	unsigned count = 0;

	if (argc != 2 || takt_log_open(argv[1], NULL, &log, &error) < 0 ||
	    takt_log_cursor_create(log, &filter, &cursor, &error) < 0) {
		puts(error.text);
		return 1;
	}
	while (takt_log_next(cursor, &record, &error) > 0) {
		count++;
	}
	printf("%s %u\n", takt_log_info_of(log)->graph, count);
	takt_log_cursor_destroy(cursor);
	takt_log_close(log);
	return 0;
}
END
cp "$dir/count.c" "$dir/count.cc"
n=0

# try WHAT COMPILER... : builds and runs, and counts the golden log's records
try()
{
	what=$1
	shift
	n=$((n + 1))
	if said=$("$@" -Wall -Wextra -Werror -I"$top_srcdir/rt/sdk" -I"$top_srcdir/logs/read" -o "$dir/count" \
		-L"$top_builddir/.libs" -Wl,-rpath,"$(cd "$top_builddir" && pwd)/.libs" -ltaktlog 2>&1) &&
		said=$("$dir/count" "$top_srcdir/tests/golden/format-1" 2>&1) &&
		[ "$said" = "test 60" ]; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		echo "$said" | sed 's/^/# /'
	fi
}

try 'a C11 program reads a log' ${CC:-cc} -std=c11 "$dir/count.c"
try 'a C++17 program reads a log' ${CXX:-c++} -std=c++17 "$dir/count.cc"
n=$((n + 1))
names=$(nm -D --defined-only "$top_builddir/.libs/libtaktlog.so" | awk '{ print $3 }')
if echo "$names" | grep -q '^takt_log_next' && ! echo "$names" | grep -qv '^takt_log_\|^TAKT_'; then
	echo "ok $n - the library shows takt_log_ names only"
else
	echo "not ok $n - the library shows takt_log_ names only"
	echo "$names" | grep -v '^takt_log_' | sed 's/^/# /'
fi
echo "1..$n"
