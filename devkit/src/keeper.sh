# Starts one program and outlives whoever asked for it just long enough to clean up.
#   $1 signal that ends the program in order
#   $2 signal that ends it when the asking process died without a word
#   $3 folder to remove in that second case, or nothing
#   $4 file that takes the program's output
#   then the program and its arguments
# Standard input is a pipe from the asking process: a line asks for an orderly end, its closing tells
# that the process is gone. Standard output is a pipe back: the program's process id, and then nothing
# until the program, which holds the pipe as descriptor 4, has ended.
orderly=$1 abandoned=$2 folder=$3 log=$4
shift 4
trap '' HUP INT TERM
exec 3<&0
(
    trap - HUP INT TERM
    exec "$@"
) </dev/null 3<&- 4>&1 >>"$log" 2>&1 &
program=$!
echo "$program"
exec >/dev/null 2>&1
if read -r _ <&3; then
    kill -s "$orderly" "$program"
    wait "$program"
    exit $?
fi
kill -s "$abandoned" "$program"
wait "$program"
if [ -n "$folder" ]; then
    rm -rf -- "$folder"
fi
