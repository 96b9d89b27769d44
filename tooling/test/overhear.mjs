/**
 * Loaded first by every Node process of a test run: what it says on standard error goes into one file as well, which is searched at the end. Of the run's own
 * process also what it says on standard output; that of all others holds results, which are payloads.
 */
import { appendFileSync } from "node:fs";

const file = process.env.DISPATCH_TEST_OVERHEARD;
const isFirst = process.env.DISPATCH_TEST_OVERHEAR_OUTPUT === "1";
delete process.env.DISPATCH_TEST_OVERHEAR_OUTPUT;

if (file !== undefined)
  for (const stream of isFirst ? [process.stderr, process.stdout] : [process.stderr]) {
    const write = stream.write;
    stream.write = function (chunk, ...rest) {
      try {
        appendFileSync(file, chunk);
      } catch {
        // The run is over, and this process outlives it.
      }
      return write.call(this, chunk, ...rest);
    };
  }
