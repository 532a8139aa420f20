# Whole programs, as a user runs them:  script_tests += %D%/hello.sh
