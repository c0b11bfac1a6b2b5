// What many noisy measurements have to say.

/** The median, the smallest and the largest of some ratios. */
export function summarize(ratios) {
  const sorted = [...ratios].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1
      ? sorted[Math.floor(middle)]
      : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/** Seconds of processor time that some work takes in this process: less noisy than the clock on the wall. */
export async function cpuSecondsOf(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/**
 * Lets contenders take turns, in rounds short enough that the machine treats all of them alike, and gives the cost of
 * one call of each in each round.
 *
 * @param contenders - name to `{ calls, prepare?, run }`, where `run` makes that many calls; `prepare` does not count
 */
export async function takeTurns(contenders, rounds, warmUps = 3) {
  const costs = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < warmUps + rounds; round += 1) {
    for (const [name, { calls, prepare, run }] of Object.entries(contenders)) {
      prepare?.();
      const seconds = await cpuSecondsOf(run);
      if (round >= warmUps) costs[name].push(seconds / calls);
    }
  }
  return costs;
}

/** Round by round, how many times one costs (or yields) what the other does. */
export function ratios(one, other) {
  return summarize(one.map((value, round) => value / other[round]));
}
