#!/bin/bash
# A short soak in each tier, with few live blocks and with many.
set -u
for tier in light standard full paranoid; do
  for live in 1 32 20000; do
    said=$(OSMEM_OPTIONS=tier=$tier "$1" --operations=100000 "--live=$live" 2>&1 | tail -n 1)
    if [[ $said != "soak: 100000 operations, $live live blocks, seed 1: no alarm" ]]; then
      echo "tier $tier, $live live blocks: $said"
      exit 1
    fi
  done
done
"$1" --live=none 2>/dev/null
(($? == 2))
