# The SDK as its users get it: the examples, and some small plug-ins, compile with nothing but the installed
# headers, as strict C11 and C++17, with every compiler at hand, and without a warning. Mistakes that the
# SDK promises to find are found.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/include"
cp -r "$top_srcdir"/rt/sdk/takt "$work/include/"
examples=$top_srcdir/rt/examples
n=0

strict='-O2 -fPIC -shared -fvisibility=hidden -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual
	-Wundef -Wformat=2 -Wwrite-strings -Wvla -Werror'

# result NAME STATUS OUTPUT
result()
{
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' <<<"$3"
	fi
}

at_hand()
{
	for c in "$@"; do
		if command -v "$c" >/dev/null; then
			echo "$c"
		fi
	done
}

# build COMPILER STANDARD OUT SOURCE...
build()
{
	# shellcheck disable=SC2086
	"$1" "-std=$2" $strict -I"$work/include" "${@:4}" -o "$3" -lm 2>&1
}

# What a plug-in shows to others.
exported()
{
	readelf --dyn-syms -W "$1" |
		awk '$5 != "LOCAL" && $6 == "DEFAULT" && $7 != "UND" && $8 != "" && $8 != "Name" { print $8 }'
}

# check COMPILER STANDARD NAME SOURCE...: builds without a word, and exports one symbol
check()
{
	out=$(build "$1" "$2" "$work/$3.so" "${@:4}")
	result "$3 compiles as $2 with $1" $? "$out"
	out=$(exported "$work/$3.so")
	test "$out" = takt_plugin_1
	result "$3 of $1 exports takt_plugin_1 and nothing else" $? "exports: $out"
}

# A plug-in with the statement $1 in its method.
plugin_with()
{
	cat <<END
#include <takt/task.h>
#define NUMBER(F) F(i32, value, "1", "a number")
TAKT_MESSAGE(number, "one number", NUMBER)
#define PORTS(IN, OUT) OUT(number, number, "a number")
#define PARAMS(P) P(f64, gain, "1", 1, , , "a parameter")
TAKT_INTERFACE(small, PORTS, PARAMS)
static int process(struct takt_ctx *ctx)
{
	TAKT_OUT(ctx, small, number)->value = 1;
	$1
	return 0;
}
TAKT_TASK(small, TAKT_SOURCE, struct takt_stateless, "small", TAKT_PROCESS(process))
TAKT_PLUGIN("small", "1", small)
END
}

# refuse WHAT STATEMENT: must not compile; the same plug-in with `takt_info(ctx, "%d", 1);` does
refuse()
{
	plugin_with "$2" >"$work/wrong.$suffix"
	build "$compiler" $standard "$work/wrong.so" "$work/wrong.$suffix" >/dev/null
	test $? -ne 0
	result "$compiler finds $1" $? 'it compiled'
}

for compiler in $(at_hand gcc clang clang-14 g++ clang++ clang++-14); do
	case $compiler in
	*++*) standard=c++17 suffix=cc ;;
	*) standard=c11 suffix=c ;;
	esac
	if [ $suffix = c ]; then
		check "$compiler" c11 hello "$examples/hello/hello.c"
		check "$compiler" c11 caterpillar "$examples/caterpillar/caterpillar.c"
		check "$compiler" c11 gnss "$examples"/gnss/*.c
	else
		check "$compiler" c++17 hello_cpp "$examples/hello/hello_cpp.cc"
		# All of a plug-in is there when dlopen returns: no constructor of C++ has to run first.
		out=$(readelf -sW "$work/hello_cpp.so" | grep -i 'GLOBAL__sub_I')
		test -z "$out"
		result "hello_cpp of $compiler has no constructors" $? "$out"
	fi
	plugin_with '' >"$work/silent.$suffix"
	check "$compiler" $standard silent "$work/silent.$suffix"
	plugin_with 'takt_info(ctx, "%d", 1);' >"$work/small.$suffix"
	check "$compiler" $standard small "$work/small.$suffix"
	plugin_with 'for (int i = 0; i < 3; i++) { takt_debug_once(ctx, "a"); takt_error_every_n(ctx, 2, "%d", i);
		if (i) takt_info_rate(ctx, 0.5, "%s %Lf %c", ctx->task_id, 1.0L, 65); else takt_info(ctx, "b"); }' \
		>"$work/limited.$suffix"
	check "$compiler" $standard limited "$work/limited.$suffix"

	refuse 'a wrong argument of a text' 'takt_info(ctx, "%d", 1.5);'
	refuse 'a missing argument of a text' 'takt_info(ctx, "%d %d", 1);'
	refuse 'a wrong argument of a limited text' 'takt_info_every_n(ctx, 3, "%d", "three");'
	refuse 'a limited text without its limit' 'takt_info_rate(ctx, "%d", 1);'
	refuse 'a struct as argument of a text' 'takt_info(ctx, "%p", *ctx);'
	refuse 'a text with 17 arguments' \
		'takt_info(ctx, "%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d", 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17);'
	refuse 'a misspelt port' 'TAKT_OUT(ctx, small, nmber)->value = 1;'
	refuse 'an output taken for an input' '(void)TAKT_IN(ctx, small, number);'
	refuse 'a misspelt parameter' '(void)TAKT_PARAMS(ctx, small)->gian;'
done

# strtod, scanf and isdigit mean something else where the decimal point is a comma.
"${CC%% *}" -std=c11 -O2 -c "$examples/gnss/nmea.c" -o "$work/nmea.o"
out=$(nm -u "$work/nmea.o" | grep -E 'strto|scanf|ato[fil]|ctype|locale|printf')
test -f "$work/nmea.o" -a -z "$out"
result 'the NMEA parser calls nothing that depends on the locale' $? "$out"
echo "1..$n"
