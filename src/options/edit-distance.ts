/** How many letters must be put in, left out or exchanged to make one word of the other (Levenshtein). */
export function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let index = 0; index < one.length; index++)
    row = nextRow(row, one.charAt(index), other, index + 1);
  return row[other.length] as number;
}

function nextRow(above: readonly number[], letter: string, other: string, start: number): number[] {
  const row = [start];
  for (let column = 0; column < other.length; column++) {
    const exchange = (above[column] as number) + (other[column] === letter ? 0 : 1);
    const leaveOut = (above[column + 1] as number) + 1;
    const putIn = (row[column] as number) + 1;
    row.push(Math.min(exchange, leaveOut, putIn));
  }
  return row;
}
