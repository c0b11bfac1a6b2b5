// What many noisy measurements have to say.

/** The median, the smallest and the largest of some values. */
export function summarize(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1
      ? sorted[Math.floor(middle)]
      : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}

/** Seconds of processor time that some work takes in this process: less noisy than the clock on the wall. */
async function cpuSecondsOf(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/**
 * Lets contenders take turns, in rounds short enough that the machine treats all of them alike, and gives the cost of
 * one call of each in each round. Each round begins with another of them, since what one leaves behind, such as garbage,
 * is the next one's to pay for.
 *
 * @param contenders - name to `{ calls, run }`, where `run` makes that many calls
 * @param rounds - how many of them count, after how many `warmUps`
 * @param prepare - before each round; it does not count
 */
export async function takeTurns(contenders, { rounds, warmUps, prepare = () => undefined }) {
  const costs = mapValues(contenders, () => []);
  const names = Object.keys(contenders);
  for (let round = 0; round < warmUps + rounds; round += 1) {
    await prepare();
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const { calls, run } = contenders[name];
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

/** An object of the same names, with what `valueOf` makes of each value. */
export function mapValues(object, valueOf) {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, valueOf(value, name)]),
  );
}
