# awk -v name=test -f readme.awk README.md: the commands of the one ```sh block whose first line is "# test".
BEGIN { fence = "^```" }
$0 == "```sh" { if ((getline line) > 0 && line == "# " name) { inside = 1; blocks++ } next }
$0 ~ fence { inside = 0 }
inside { print }
END {
	if (blocks != 1) {
		printf "README has %d blocks marked \"# %s\", not one\n", blocks, name > "/dev/stderr"
		exit 1
	}
}
