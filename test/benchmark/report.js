// How the bench says what it found.

/** Rows of a name, and a median, a smallest and a largest value. */
export function table(title, rows) {
  const width = 68;
  console.log(`\n${title.padEnd(width)}${['median', 'min', 'max'].map(cell).join('')}`);
  for (const [name, { median, min, max }] of rows) {
    console.log(name.padEnd(width) + [median, min, max].map(number).map(cell).join(''));
  }
}

/** Targets: what is promised, the median that it is about, and whether that keeps the promise. */
export function verdict(targets) {
  if (targets.length > 0) console.log('\nTargets');
  for (const { promise, median, isReached } of targets) {
    console.log(`${isReached ? 'reached' : 'missed '}  ${promise}: ${number(median)}`);
  }
}

export function atLeast(limit, { median }, promise) {
  return { promise, median, isReached: median >= limit };
}

export function atMost(limit, { median }, promise) {
  return { promise, median, isReached: median <= limit };
}

function cell(text) {
  return text.padStart(10);
}

function number(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}
