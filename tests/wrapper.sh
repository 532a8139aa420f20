# The wrapper of all tests turns what is not a failure into a skip, and nothing else into anything.
set -u
wrapper=$top_srcdir/tests/cmocka-tap.sh
n=0

# expect NAME STATUS OUTPUT SCRIPT: what a test that does SCRIPT looks like through the wrapper
expect()
{
	n=$((n + 1))
	got=$(bash "$wrapper" bash -c "$4")
	status=$?
	if [ "$status" -eq "$2" ] && [ "$got" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "# status $status, output: $got"
	fi
}

echo 1..6
expect 'a pass stays a pass' 0 'ok 1 - a' 'echo "ok 1 - a"'
expect 'a failure stays a failure' 1 'not ok 1 - a' 'echo "not ok 1 - a"; exit 1'
expect 'the skip of cmocka becomes a skip' 0 'ok 1 - a # SKIP' 'echo "not ok 1 - a # SKIP"'
expect 'status 77 skips with the reason' 0 $'# no rights\n1..0 # SKIP no rights' 'echo "# no rights"; exit 77'
expect 'a plan that skips is kept' 0 '1..0 # SKIP no disk' 'echo "1..0 # SKIP no disk"; exit 77'
expect 'death by signal is a failure' 139 '' 'kill -SEGV $$'
