# No global name is defined twice where the linker keeps silent about it: it takes the first member of a library
# that has the name and never looks at the second one. So each name of our convenience libraries is in one object of
# one of them, and no object of a program has it too. (Two objects of one program are the linker's own error.)
set -u
nm=${NM:-nm}
n=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# result NAME OUTPUT: good when there is no output
result()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed 's/^/# /' <<<"$2"
	fi
}

# names FILE...: "NAME FILE" or "NAME LIBRARY:MEMBER" of each global that is neither weak nor a C++ inline
names()
{
	"$nm" -A -g --defined-only "$@" 2>/dev/null |
		awk 'NF > 2 && $(NF - 1) ~ /^[TDBRCGS]$/ { sub(/:[0-9a-f]*$/, "", $1); print $NF, $1 }'
}

# doubles LIBRARIES OBJECTS: files of what names() says; prints every name that is defined twice
doubles()
{
	awk '$1 in where { print $1 ": " where[$1] " and " $2; next } FILENAME == ARGV[1] { where[$1] = $2 }' "$1" "$2"
}

# Two libraries and an object, planted: what is to be found is found, and nothing else.
mkdir "$work/planted" && cd "$work/planted" || exit 1
echo 'int twice(void); int twice(void) { return 1; } static int own(void) { return 2; } int a = 1; int once_a(void);
	int once_a(void) { return own(); } __attribute__((weak)) int weak(void) { return 3; }' >a.c
echo 'int twice(void); int twice(void) { return 4; } static int own(void) { return 5; } int b; int once_b(void);
	int once_b(void) { return own(); } __attribute__((weak)) int weak(void) { return 6; }' >b.c
echo 'extern int a, b; int main(void) { return a + b; } int once_b(void); int once_b(void) { return 7; } int a = 9;' >c.c
for file in a b c; do
	"${CC%% *}" -c $file.c -o $file.o || exit 1
done
ar rc liba.a a.o && ar rc libb.a b.o
names liba.a libb.a >libraries
names c.o >objects
out=$(doubles libraries objects | sort)
expected='a: liba.a:a.o and c.o
once_b: libb.a:b.o and c.o
twice: liba.a:a.o and libb.a:b.o'
test "$out" = "$expected" && out= || out="found: $out"
result 'names that are planted twice are found, and no others' "$out"

cd "$top_builddir" || exit 1
names .libs/lib*.a >"$work/libraries"
find . -name '*.o' ! -path '*/.libs/*' ! -name 'plugins_*' >"$work/files"
mapfile -t files <"$work/files"
names "${files[@]}" >"$work/objects"
for library in .libs/lib*.a; do
	out=
	grep -q " $library:" "$work/libraries" || out='nothing was read'
	result "${library##*/} can be read" "$out"
done
: >"$work/none"
result 'no name is in two objects of our libraries' "$(doubles "$work/libraries" "$work/none")"
out=$(grep -c '^main ' "$work/objects")
test "$out" -ge 3 && out=
result 'the objects of the programs can be read' "${out:+only $out main()}"
result 'no object of a program has a name of our libraries' \
	"$(doubles "$work/libraries" "$work/objects" | grep -Fvx "$(doubles "$work/libraries" "$work/none")")"
echo "1..$n"
