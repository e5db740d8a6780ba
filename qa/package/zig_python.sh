#!/bin/sh
# The Python that runs `-m ziglang` for maturin. To record a profile, rustc passes the linker
# `-u SYMBOL`, which zig takes for a file: it wants -Wl,-u,SYMBOL. For Windows, maturin writes a file
# of the exported symbols, and names PyInit_PACKAGE.MODULE there instead of PyInit_MODULE.
before=
for argument do
  shift
  case $argument in
    */maturin/*.def) sed -i 's/PyInit_.*\./PyInit_/' "$argument" ;;
  esac
  if [ "$argument" = -u ]; then
    before=-Wl,-u,
  else
    set -- "$@" "$before$argument"
    before=
  fi
done
exec python3 "$@"
