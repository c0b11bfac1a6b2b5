// How the bench says what it found.

const WIDTH = 76;

/** @param tables - by title: by name, a median, a smallest and a largest value */
export function printTables(tables) {
  for (const [title, rows] of Object.entries(tables)) {
    console.log(`\n${title.padEnd(WIDTH)}${['median', 'min', 'max'].map(cell).join('')}`);
    for (const [name, { median, min, max }] of Object.entries(rows)) {
      console.log(name.padEnd(WIDTH) + [median, min, max].map(number).map(cell).join(''));
    }
  }
}

/** Targets: what is measured, its median, the limit, and whether the median keeps it. */
export function printTargets(targets) {
  if (targets.length > 0) console.log('\nTargets');
  for (const { about, median, limit, isReached } of targets) {
    console.log(`${isReached ? 'reached' : 'missed '}  ${about}: ${number(median)} (${limit})`);
  }
}

export function atLeast(limit, { median }, about) {
  return { about, limit: `at least ${limit}`, median, isReached: median >= limit };
}

export function atMost(limit, { median }, about) {
  return { about, limit: `at most ${limit}`, median, isReached: median <= limit };
}

/** A number with three digits that count. */
export function rounded(value) {
  return Number(value.toPrecision(3));
}

function cell(text) {
  return text.padStart(11);
}

function number(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}
