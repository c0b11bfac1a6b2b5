// Sums Jest's JSON output up in one line. A suite that did not even load counts as a failure.
import { readFileSync } from 'node:fs';

const text = readFileSync(process.argv[2], 'utf8');
if (text !== '') {
  const results = JSON.parse(text);
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  const tail = skipped > 0 ? `, ${skipped} skipped` : '';
  console.log(`${results.numPassedTests} passed, ${failed} failed${tail}`);
}
