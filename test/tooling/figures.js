// Prints how large and how connected the files of src are: `npm run figures`.
import { importEdges, readSources, singleImports } from './sources.js';

const SMALL_FILE_LINES = 25;

const sources = readSources();
const lines = sources.map((source) => source.lines).sort((a, b) => a - b);

console.table({
  files: sources.length,
  'lines in all': lines.reduce((sum, count) => sum + count, 0),
  'median lines of a file': quantile(0.5),
  '90th percentile': quantile(0.9),
  'lines of the longest file': lines.at(-1),
  [`files of ${SMALL_FILE_LINES} lines or fewer`]: lines.filter(
    (count) => count <= SMALL_FILE_LINES,
  ).length,
  'import edges': importEdges(sources).length,
  'files imported by one file only': singleImports(sources).length,
});

function quantile(share) {
  return lines[Math.floor((lines.length - 1) * share)];
}
