#!/bin/sh
# The Python that runs `-m ziglang` for maturin. To record a profile, rustc passes the linker
# `-u SYMBOL`, which zig takes for a file: it wants -Wl,-u,SYMBOL.
before=
for argument do
  shift
  if [ "$argument" = -u ]; then
    before=-Wl,-u,
  else
    set -- "$@" "$before$argument"
    before=
  fi
done
exec python3 "$@"
