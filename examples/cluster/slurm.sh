#!/bin/bash
# 16 shards as a Slurm array. From a login node:
#
#   rareflow index "$PWD/corpus.jsonl" -o shared.bm25
#   CORPUS=corpus.jsonl INDEX=shared.bm25 OUT=out sbatch examples/cluster/slurm.sh --model NAME --base-url URL
#   rareflow status out          # exit code 0 when all are done
#   rareflow merge out -o all.jsonl
#
# It needs a folder that all nodes share: the corpus, the index and out/ are in it. A task that is killed or requeued goes on
# where it was, and one that is done has nothing to do, so the same line may be submitted again as often as you like.
# Only some of them again: sbatch --array=3,7 examples/cluster/slurm.sh --shards 16 --model NAME --base-url URL
#SBATCH --job-name=rareflow
#SBATCH --array=0-15
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%a.log
# A minute before its time is up, the shard gets SIGTERM, finishes what is in flight, and stops.
#SBATCH --signal=B:TERM@60

# exec, so that the signal reaches rareflow and not the shell.
exec ${RAREFLOW:-rareflow} run "${CORPUS:?the corpus}" --index "${INDEX:?the index}" -o "${OUT:?the folder of shards}" \
  --shard auto "$@"
