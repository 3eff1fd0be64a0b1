#!/usr/bin/env bash
# A folder of images judged by a Slurm array, and merged once all parts are done. See docs/scale.md.
#   RUN=runs/first IMAGES=photos bash examples/slurm.sh
# RUN, IMAGES and the current folder lie where every node sees them.
set -euo pipefail
: "${RUN:?the folder of a trained run}" "${IMAGES:?a folder of images}"
PARTS=${PARTS:-8} FOLDER=${FOLDER:-parts} WGAD=${WGAD:-npx wgad}

# Numbered from 0, as --shard with the number of parts alone expects. Exit 3 says that some images could not be read. A part that
# failed is run again where it is, up to twice; one whose node failed, by Slurm. GRES=none: without a GPU.
part="for try in 1 2 3; do
  $WGAD predict '$RUN' '$IMAGES' --shard $PARTS --parts '$FOLDER' --quiet >/dev/null
  code=\$?
  if [ \$code -eq 0 ] || [ \$code -eq 3 ]; then exit 0; fi
done
exit \$code"
array=$(sbatch --parsable --requeue --array="0-$((PARTS - 1))" --gres="${GRES:-gpu:1}" --cpus-per-task="${CPUS:-4}" \
  --job-name=wgad-part --wrap="$part")
sbatch --dependency="afterok:$array" --kill-on-invalid-dep=yes --job-name=wgad-merge --output=wgad-merge-%j.log \
  --wrap="$WGAD merge '$FOLDER' --out rows.jsonl || [ \$? -eq 3 ]"
