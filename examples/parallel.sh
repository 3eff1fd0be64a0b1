#!/usr/bin/env bash
# A folder of images judged in parts by GNU parallel, and merged to stdout. See docs/scale.md.
#   RUN=runs/first IMAGES=photos PARTS=8 JOBS=2 bash examples/parallel.sh > rows.jsonl
set -euo pipefail
: "${RUN:?the folder of a trained run}" "${IMAGES:?a folder of images}"
PARTS=${PARTS:-8} JOBS=${JOBS:-2} FOLDER=${FOLDER:-parts} WGAD=${WGAD:-npx wgad}

part() {
  # 3: done, but some images could not be read, and their rows say so.
  $WGAD predict "$RUN" "$IMAGES" --shard "$1/$PARTS" --parts "$FOLDER" --quiet >/dev/null || [ $? -eq 3 ]
}
export -f part
export RUN IMAGES PARTS FOLDER WGAD

seq "$PARTS" | parallel --jobs "$JOBS" --retries 3 --halt soon,fail=1 part {}
$WGAD merge "$FOLDER"
