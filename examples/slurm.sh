#!/usr/bin/env bash
# A folder of images judged by a Slurm array, and merged once all parts are done. See docs/scale.md.
#   RUN=runs/first IMAGES=photos bash examples/slurm.sh
# RUN, IMAGES and the current folder lie where every node sees them.
set -euo pipefail
: "${RUN:?the folder of a trained run}" "${IMAGES:?a folder of images}"
PARTS=${PARTS:-8} FOLDER=${FOLDER:-parts} WGAD=${WGAD:-npx wgad}

# Numbered from 0, as --shard with the number of parts alone expects. Exit 3 says that some images could not be read.
array=$(sbatch --parsable --requeue --array="0-$((PARTS - 1))" --gres="${GRES:-gpu:1}" --cpus-per-task="${CPUS:-4}" \
  --job-name=wgad-part --wrap="$WGAD predict '$RUN' '$IMAGES' --shard $PARTS --parts '$FOLDER' --quiet || [ \$? -eq 3 ]")
sbatch --dependency="afterok:$array" --job-name=wgad-merge --output=wgad-merge-%j.log \
  --wrap="$WGAD merge '$FOLDER' --out rows.jsonl || [ \$? -eq 3 ]"
