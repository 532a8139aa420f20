# Every header of ours compiles alone, twice in a row. The installed ones do so as strict C11 and
# C++17, with every compiler at hand, seeing no other header of ours.
set -u
cd "$top_srcdir" || exit 1
n=0
strict='-Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wcast-qual -Wundef -Wshadow'

# compiles HEADER COMPILER FLAGS: a file with nothing but the header, included twice
compiles()
{
	printf '#include "%s"\n#include "%s"\nextern int unused_;\n' "$1" "$1" |
		$2 $3 -fsyntax-only - 2>&1
}

# check HEADER COMPILER FLAGS
check()
{
	n=$((n + 1))
	if out=$(compiles "$@"); then
		echo "ok $n - $1 ($2 ${3%% -x*})"
	else
		echo "not ok $n - $1 ($2 ${3%% -x*})"
		echo "$out" | sed 's/^/# /'
	fi
}

at_hand()
{
	for c in "$@"; do
		if command -v "${c%% *}" >/dev/null; then
			echo "$c"
		fi
	done
}

c_compilers=$(at_hand gcc clang clang-14)
cxx_compilers=$(at_hand g++ clang++ clang++-14)

for h in $(find rt/sdk/takt logs/read/takt -name '*.h' | sort); do
	h=takt/${h#*/takt/}
	for cc in $c_compilers; do
		check "$h" "$cc" "-std=c11 -x c -Irt/sdk -Ilogs/read -pedantic $strict"
	done
	for cxx in $cxx_compilers; do
		check "$h" "$cxx" "-std=c++17 -x c++ -Irt/sdk -Ilogs/read -pedantic $strict"
	done
done

for h in $(find rt logs web pyhost tests -name '*.h' ! -path 'rt/sdk/*' ! -path 'logs/read/takt/*' \
	2>/dev/null | sort); do
	check "$h" "${CC%% *}" "-std=gnu17 -x c -D_GNU_SOURCE -I. -Irt/sdk -Ilogs/read $strict"
done

# A test that cannot fail is none.
planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
printf 'static inline size_t planted(void) { return 0; }\n' >"$planted/planted.h"
n=$((n + 1))
if compiles "$planted/planted.h" "${CC%% *}" '-std=gnu17 -x c' >/dev/null; then
	echo "not ok $n - a header that lacks an include is found"
else
	echo "ok $n - a header that lacks an include is found"
fi
echo "1..$n"
